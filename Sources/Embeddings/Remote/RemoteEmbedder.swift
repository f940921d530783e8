import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TextAnalysis

/// A model behind an OpenAI-compatible endpoint.
///
/// Texts are sent in batches, some of them at a time and no faster than the provider allows, as its answers tell. What fails for a while
/// is tried again; when the provider is down it is left alone for a while, and callers are told at once.
public final class RemoteEmbedder: EmbeddingProvider {
    public let model: EmbeddingModel

    /// The length of stored vectors.
    private static let dimensions = 1_536

    private let remote: RemoteModel
    private let schedule: RetrySchedule
    private let limiter: RateLimiter
    private let breaker: CircuitBreaker
    private let slots: Slots
    private let estimator = TokenEstimator()
    private let client: HTTPClient

    /// The model; nothing is asked yet.
    public convenience init(_ remote: RemoteModel) {
        self.init(remote, schedule: RetrySchedule(), breaker: CircuitBreaker())
    }

    init(_ remote: RemoteModel, schedule: RetrySchedule, breaker: CircuitBreaker) {
        self.remote = remote
        self.schedule = schedule
        self.breaker = breaker
        model = EmbeddingModel(id: remote.id, dimensions: Self.dimensions, costPerMillionTokens: remote.costPerMillionTokens)
        limiter = RateLimiter(requestsPerMinute: remote.requestsPerMinute, tokensPerMinute: remote.tokensPerMinute)
        slots = Slots(max(1, remote.concurrency))
        // A key goes nowhere but where it was told to, and a server that is not there is known at once.
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        client.shutdown { _ in }
    }

    public var isCostly: Bool { true }

    public func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        try await embedCounted(texts, purpose: purpose).vectors
    }

    /// The vectors, and the tokens that the provider counted; nil when it does not tell.
    ///
    /// Throws `EmbeddingError` when a batch has no vectors after all tries, for a question after `queryTimeout` at the latest, and
    /// `CancellationError`. Batches that are under way then are given up.
    public func embedCounted(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddedTexts {
        guard purpose == .query else { return try await inBatches(texts, timeout: remote.timeout) }
        // One request ends before the question does, so that a provider that hangs is seen to.
        let timeout = min(remote.timeout, remote.queryTimeout * 0.8)
        let answer = try await withTimeLimit(remote.queryTimeout) { try await self.inBatches(texts, timeout: timeout) }
        guard let answer else {
            throw EmbeddingError.unavailable(model, reason: "there was no answer within \(remote.queryTimeout)")
        }
        return answer
    }

    // MARK: - Batches

    private struct Batch: Sendable {
        /// The number of its first text.
        var start: Int
        var texts: [String] = []
        var tokens = 0
    }

    private func inBatches(_ texts: [String], timeout: Duration) async throws -> EmbeddedTexts {
        try await withThrowingTaskGroup(of: (Int, EmbeddedTexts).self) { group in
            for batch in batches(of: texts) {
                group.addTask { (batch.start, try await self.embed(batch, timeout)) }
            }
            var all = EmbeddedTexts(vectors: [[Float]](repeating: [], count: texts.count), tokens: 0)
            for try await (start, part) in group {
                all.vectors.replaceSubrange(start..<start + part.vectors.count, with: part.vectors)
                all.tokens = part.tokens.flatMap { tokens in all.tokens.map { $0 + tokens } }
            }
            return all
        }
    }

    private func batches(of texts: [String]) -> [Batch] {
        var batches: [Batch] = []
        var batch = Batch(start: 0)
        for (index, text) in texts.enumerated() {
            let tokens = estimator.count(text)
            if !batch.texts.isEmpty, batch.texts.count >= remote.mostTexts || batch.tokens + tokens > remote.mostTokens {
                batches.append(batch)
                batch = Batch(start: index)
            }
            batch.texts.append(text)
            batch.tokens += tokens
        }
        if !batch.texts.isEmpty { batches.append(batch) }
        return batches
    }

    // MARK: - Tries

    /// Why a request has no vectors, and whether another try may have.
    private struct Failure: Error {
        let error: EmbeddingError
        /// Nil: it would fail again.
        var retry: Retry?
        /// Whether the provider did not answer, or that it cannot; a refusal is an answer.
        var isOutage = false

        enum Retry {
            case soon
            case after(Duration)
        }
    }

    private func embed(_ batch: Batch, _ timeout: Duration) async throws -> EmbeddedTexts {
        var tries = 0
        while true {
            do {
                return try await slots.with { try await self.tryOnce(batch, timeout) }
            } catch let failure as Failure {
                tries += 1
                guard let retry = failure.retry, tries < schedule.tries else { throw failure.error }
                switch retry {
                case .soon: try await Task.sleep(for: schedule.wait(after: tries))
                case .after(let wait):
                    guard wait <= schedule.longest else { throw failure.error }
                    // What is asked for, and a little more, so that those who were told the same do not come back together.
                    try await Task.sleep(for: wait + schedule.wait(after: 1))
                }
            }
        }
    }

    private func tryOnce(_ batch: Batch, _ timeout: Duration) async throws -> EmbeddedTexts {
        if let pause = breaker.pause() {
            let seconds = Int((pause / .seconds(1)).rounded(.up))
            throw Failure(error: .unavailable(model, reason: "it failed several times in a row and is left alone", retryAfter: seconds))
        }
        do {
            try await limiter.admit(tokens: batch.tokens)
            let response = try await withTimeLimit(timeout) { try await self.send(batch, timeout) }
            try Task.checkCancellation()
            guard let response else { throw unavailable("there was no whole answer within \(timeout)") }
            await limiter.learn(RateLimits(response.header))
            let answer = try await vectors(in: response, for: batch)
            breaker.succeeded()
            return answer
        } catch let failure as Failure {
            if failure.isOutage { breaker.failed() } else { breaker.succeeded() }
            throw failure
        } catch {
            guard !Task.isCancelled else {
                breaker.gaveUp()
                throw CancellationError()
            }
            breaker.failed()
            throw unavailable("\(error)")
        }
    }

    private func unavailable(_ reason: String, after wait: Duration? = nil, isOutage: Bool = true) -> Failure {
        let seconds = wait.map { Int(($0 / .seconds(1)).rounded(.up)) }
        return Failure(
            error: .unavailable(model, reason: reason, retryAfter: seconds), retry: wait.map { .after($0) } ?? .soon, isOutage: isOutage)
    }

    // MARK: - Requests and answers

    private struct Body: Encodable {
        let model: String
        let input: [String]
        let encoding_format: String?
        let dimensions: Int?
    }

    private struct Response: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: Data

        func header(_ name: String) -> String? {
            headers.first(name: name)
        }
    }

    private func send(_ batch: Batch, _ timeout: Duration) async throws -> Response {
        var request = HTTPClientRequest(url: remote.baseURL.appending(path: "embeddings").absoluteString)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "bunko")
        if let key = remote.key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        let body = Body(
            model: remote.name, input: batch.texts, encoding_format: remote.asksForBase64 ? "base64" : nil, dimensions: remote.shortensTo)
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        let response = try await client.execute(request, deadline: .now() + .nanoseconds(timeout.nanoseconds))
        // A component takes 25 characters at most, and models have up to some 8,192.
        let most = batch.texts.count * 8_192 * 32 + 1 << 20
        let bytes = try await response.body.collect(upTo: most)
        return Response(status: Int(response.status.code), headers: response.headers, body: Data(bytes.readableBytesView))
    }

    private func vectors(in response: Response, for batch: Batch) async throws -> EmbeddedTexts {
        guard (200..<300).contains(response.status) else { throw await refusal(response) }
        let answer: RemoteAnswer
        do {
            answer = try JSONDecoder().decode(RemoteAnswer.self, from: response.body)
        } catch {
            // Perhaps an answer that was cut.
            throw unavailable("its answer of \(response.body.count) bytes is not JSON of vectors (\(error))")
        }
        do {
            return EmbeddedTexts(vectors: try answer.vectors(count: batch.texts.count, dimensions: Self.dimensions), tokens: answer.tokens)
        } catch {
            throw Failure(error: .invalidAnswer(model, reason: error.reason))
        }
    }

    private func refusal(_ response: Response) async -> Failure {
        let told = (try? JSONDecoder().decode(RemoteRefusal.self, from: response.body))?.error
        let words = told?.message ?? String(decoding: response.body.prefix(300), as: UTF8.self)
        let reason = "status \(response.status): \(words.prefix(300))"
        let wait = RetrySchedule.wait(askedBy: response.header)
        switch response.status {
        // An account without money says "too many requests" as well.
        case 429 where told?.code == "insufficient_quota": return Failure(error: .rejected(model, reason: reason))
        case 429:
            // It is there and wants to be asked less.
            if let wait { await limiter.block(for: min(wait, schedule.longest)) }
            return unavailable(reason, after: wait, isOutage: false)
        case 408, 409, 425, 500...: return unavailable(reason, after: wait)
        default: return Failure(error: .rejected(model, reason: reason))
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}

/// Gives something up that takes longer than it may; nil then.
private func withTimeLimit<Result: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
