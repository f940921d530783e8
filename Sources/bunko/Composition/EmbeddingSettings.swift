import Configuration
import Domain
import Embeddings
import Foundation

/// Which model a new installation begins with, and how a remote one is asked.
struct EmbeddingSettings: Sendable {
    /// `local`, `hash`, or the name of a model at `url`; nil: `local` where its files are, else `hash`.
    var model: String?
    /// What `/embeddings` is put behind.
    var url: URL?
    var key: String?
    /// The length the endpoint is asked to shorten vectors to.
    var dimensions: Int?
    /// Of a million tokens.
    var cost: Decimal
    var requestsPerMinute: Int?
    var tokensPerMinute: Int?
    /// Requests that are under way at a time.
    var concurrency: Int

    /// - Throws: `configuration` for a value out of range, and for an address that is none.
    init(_ reader: ConfigReader) throws(Problem) {
        model = reader.string(forKey: "embedding.model").flatMap { $0.isEmpty ? nil : $0 }
        key = reader.string(forKey: "embedding.key", isSecret: true)
        url = try reader.string(forKey: "embedding.url").map(Self.address)
        dimensions = try reader.int(forKey: "embedding.dimensions").map(Self.checked)
        cost = try Self.price(reader.string(forKey: "embedding.cost") ?? "0")
        requestsPerMinute = try Self.positive("embedding.requests.per.minute", reader)
        tokensPerMinute = try Self.positive("embedding.tokens.per.minute", reader)
        concurrency = try Self.positive("embedding.concurrency", reader) ?? 4
        guard concurrency <= 64 else { throw Self.invalid("embedding.concurrency", "\(concurrency)", "between 1 and 64") }
    }

    /// These settings for another model; what is not given stays as it is.
    /// - Throws: `configuration` as ``init(_:)``.
    func with(model: String, url: String?, key: String?, dimensions: Int?, cost: String?) throws(Problem) -> EmbeddingSettings {
        var other = self
        other.model = model
        if let url { other.url = try Self.address(url) }
        if let key { other.key = key }
        if let dimensions { other.dimensions = try Self.checked(dimensions) }
        if let cost { other.cost = try Self.price(cost) }
        return other
    }

    private static func address(_ text: String) throws(Problem) -> URL {
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil else {
            throw invalid("embedding.url", "\"\(text)\"", "an address such as https://api.example.org/v1")
        }
        return url
    }

    private static func checked(_ dimensions: Int) throws(Problem) -> Int {
        guard (1...1_536).contains(dimensions) else { throw invalid("embedding.dimensions", "\(dimensions)", "between 1 and 1536") }
        return dimensions
    }

    private static func price(_ text: String) throws(Problem) -> Decimal {
        guard let cost = Decimal(string: text), cost >= 0, cost <= 1_000_000 else {
            throw invalid("embedding.cost", "\"\(text)\"", "what a million tokens cost, such as 0.02")
        }
        return cost
    }

    private static func positive(_ name: ConfigKey, _ reader: ConfigReader) throws(Problem) -> Int? {
        guard let value = reader.int(forKey: name) else { return nil }
        guard value > 0 else { throw invalid("\(name)", "\(value)", "1 or more") }
        return value
    }

    private static func invalid(_ name: String, _ value: String, _ expected: String) -> Problem {
        Problem(.configuration, code: "invalid_embedding", "\(name) is \(value); it must be \(expected).", parameter: name)
    }
}
