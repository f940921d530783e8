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
        url = try reader.string(forKey: "embedding.url").map { text throws(Problem) in
            guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil else {
                throw Self.invalid("embedding.url", "\"\(text)\"", "an address such as https://api.example.org/v1")
            }
            return url
        }
        dimensions = reader.int(forKey: "embedding.dimensions")
        if let dimensions, !(1...1_536).contains(dimensions) {
            throw Self.invalid("embedding.dimensions", "\(dimensions)", "between 1 and 1536")
        }
        let price = reader.string(forKey: "embedding.cost") ?? "0"
        guard let cost = Decimal(string: price), cost >= 0, cost <= 1_000_000 else {
            throw Self.invalid("embedding.cost", "\"\(price)\"", "what a million tokens cost, such as 0.02")
        }
        self.cost = cost
        requestsPerMinute = try Self.positive("embedding.requests.per.minute", reader)
        tokensPerMinute = try Self.positive("embedding.tokens.per.minute", reader)
        concurrency = try Self.positive("embedding.concurrency", reader) ?? 4
        guard concurrency <= 64 else { throw Self.invalid("embedding.concurrency", "\(concurrency)", "between 1 and 64") }
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
