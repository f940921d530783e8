import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Embeddings

/// The remote model beside a real HTTP server that misbehaves.
@Suite struct RemoteEmbedderTests {
    private struct Asked: Decodable {
        let model: String
        let input: [String]
        let encoding_format: String?
        let dimensions: Int?
    }

    /// What a server saw, and what it says to each request in turn; the last goes on.
    private final class Provider: Sendable {
        typealias Answer = @Sendable ([String]) -> StubServer.Response

        struct Seen: Sendable {
            var texts: [[String]] = []
            var formats: [String?] = []
            var dimensions: [Int?] = []
            var keys: [String] = []
            var times: [ContinuousClock.Instant] = []
        }

        private let answers: [Answer]
        private let state = Mutex(Seen())

        init(_ answers: [Answer]) {
            self.answers = answers
        }

        var seen: Seen { state.withLock { $0 } }

        func answer(_ request: StubServer.Request) -> StubServer.Response {
            guard request.path == "/v1/embeddings", let asked = try? JSONDecoder().decode(Asked.self, from: Data(request.body)) else {
                return StubServer.Response(status: .notFound)
            }
            let number = state.withLock { seen in
                seen.texts.append(asked.input)
                seen.formats.append(asked.encoding_format)
                seen.dimensions.append(asked.dimensions)
                seen.keys.append(request.headers.first(name: "Authorization") ?? "")
                seen.times.append(.now)
                return seen.texts.count - 1
            }
            return answers[min(number, answers.count - 1)](asked.input)
        }
    }

    /// The vector the provider has for a text: its length in bytes and ones.
    private static func vector(_ text: String, dimensions: Int = 1_536) -> [Float] {
        [Float(text.utf8.count)] + [Float](repeating: 1, count: dimensions - 1)
    }

    private static func expected(_ text: String, dimensions: Int = 1_536) -> [Float] {
        let vector = vector(text, dimensions: dimensions)
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length } + [Float](repeating: 0, count: 1_536 - dimensions)
    }

    private static func json(_ vector: [Float], base64: Bool) -> String {
        guard base64 else { return "[\(vector.map { "\($0)" }.joined(separator: ","))]" }
        var data = Data()
        for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        return "\"\(data.base64EncodedString())\""
    }

    private static func good(base64: Bool = true, dimensions: Int = 1_536, headers: [(String, String)] = []) -> Provider.Answer {
        { texts in
            // In reverse order: the index tells which is whose.
            let items = texts.enumerated().reversed().map { index, text in
                #"{"object":"embedding","index":\#(index),"embedding":\#(json(vector(text, dimensions: dimensions), base64: base64))}"#
            }
            let tokens = texts.reduce(0) { $0 + $1.utf8.count }
            return StubServer.Response(
                headers: headers,
                body:
                    #"{"object":"list","data":[\#(items.joined(separator: ","))],"usage":{"prompt_tokens":\#(tokens),"total_tokens":\#(tokens)}}"#
            )
        }
    }

    private static func status(_ status: Int, _ headers: [(String, String)] = [], body: String = #"{"error":{"message":"no"}}"#)
        -> Provider.Answer
    {
        { _ in StubServer.Response(status: .init(statusCode: status), headers: headers, body: body) }
    }

    private func withEmbedder<Result>(
        _ answers: [Provider.Answer], schedule: RetrySchedule = RetrySchedule(base: .milliseconds(1), longest: .seconds(2)),
        breaker: CircuitBreaker = CircuitBreaker(failuresAllowed: 100), change: (inout RemoteModel) -> Void = { _ in },
        _ body: (RemoteEmbedder, Provider) async throws -> Result
    ) async throws -> Result {
        let provider = Provider(answers)
        let server = try await StubServer { provider.answer($0) }
        var remote = RemoteModel(baseURL: try #require(URL(string: "\(server.address)/v1")), name: "words-1", key: "secret-key")
        change(&remote)
        let result: Result
        do {
            result = try await body(RemoteEmbedder(remote, schedule: schedule, breaker: breaker), provider)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
        return result
    }

    private func close(_ one: [[Float]], _ other: [[Float]]) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { $0.count == $1.count && zip($0, $1).allSatisfy { abs($0 - $1) < 1e-6 } }
    }

    private func failure(of embedder: RemoteEmbedder, purpose: EmbeddingPurpose = .passage) async throws -> EmbeddingError {
        do {
            _ = try await embedder.embed(["ferry"], purpose: purpose)
        } catch let error as EmbeddingError {
            return error
        }
        Issue.record("it gave vectors")
        throw CancellationError()
    }

    // MARK: - What is asked and answered

    @Test(arguments: [true, false]) func vectorsComeInBothForms(base64: Bool) async throws {
        try await withEmbedder([Self.good(base64: base64)], change: { $0.asksForBase64 = base64 }) { embedder, provider in
            let texts = ["a", "ferry", "항구"]
            let answer = try await embedder.embedCounted(texts, purpose: .passage)
            #expect(close(answer.vectors, texts.map { Self.expected($0) }))
            #expect(answer.tokens == 12)
            #expect(provider.seen.keys == ["Bearer secret-key"])
            #expect(provider.seen.formats == [base64 ? "base64" : nil])
            #expect(provider.seen.dimensions == [nil])
            #expect(embedder.model == EmbeddingModel(id: "words-1", dimensions: 1_536))
        }
    }

    @Test func shorterVectorsArePadded() async throws {
        try await withEmbedder([Self.good(dimensions: 384)]) { embedder, _ in
            let vectors = try await embedder.embed(["ferry"], purpose: .query)
            #expect(close(vectors, [Self.expected("ferry", dimensions: 384)]))
        }
    }

    @Test func aModelThatShortensIsAskedTo() async throws {
        try await withEmbedder([Self.good()], change: { $0.shortensTo = 1_536 }) { embedder, provider in
            _ = try await embedder.embed(["ferry"], purpose: .query)
            #expect(provider.seen.dimensions == [1_536])
            #expect(embedder.model.id == "words-1@1536")
        }
    }

    @Test func batchesAreBoundedByCountAndTokens() async throws {
        let texts = (0..<10).map { "text \($0)" } + [String(repeating: "many words ", count: 100), "end"]
        try await withEmbedder(
            [Self.good()],
            change: {
                $0.mostTexts = 4
                $0.mostTokens = 50
            }
        ) { embedder, provider in
            let vectors = try await embedder.embed(texts, purpose: .passage)
            #expect(close(vectors, texts.map { Self.expected($0) }))
            #expect(provider.seen.texts.map(\.count).sorted() == [1, 1, 2, 4, 4])
        }
    }

    @Test func nothingIsAskedForNothing() async throws {
        try await withEmbedder([Self.good()]) { embedder, provider in
            let vectors = try await embedder.embed([], purpose: .passage)
            #expect(vectors.isEmpty && provider.seen.texts.isEmpty)
        }
    }

    // MARK: - A provider that misbehaves

    @Test(arguments: [429, 500, 502, 503, 408]) func whatFailsForAWhileIsTriedAgain(status: Int) async throws {
        try await withEmbedder([Self.status(status), Self.status(status), Self.good()]) { embedder, provider in
            let vectors = try await embedder.embed(["ferry"], purpose: .passage)
            #expect(close(vectors, [Self.expected("ferry")]))
            #expect(provider.seen.texts.count == 3)
        }
    }

    @Test func whatKeepsFailingIsToldWithItsReason() async throws {
        let error = try await withEmbedder(
            [Self.status(503, body: #"{"error":{"message":"overloaded","code":503}}"#)],
            schedule: RetrySchedule(tries: 3, base: .milliseconds(1))
        ) { embedder, provider in
            let error = try await failure(of: embedder)
            #expect(provider.seen.texts.count == 3)
            return error
        }
        guard case .unavailable(_, let reason, _) = error else { return #expect(Bool(false), "\(error)") }
        #expect(reason.contains("503") && reason.contains("overloaded") && !reason.contains("secret-key"))
    }

    @Test func whatIsRefusedIsNotTriedAgain() async throws {
        for (status, body) in [
            (401, #"{"error":{"message":"bad key"}}"#), (400, "not json"),
            (404, #"{"error":{"message":"no such model","code":"model_not_found"}}"#),
            (429, #"{"error":{"message":"pay first","code":"insufficient_quota"}}"#),
        ] {
            let error = try await withEmbedder([Self.status(status, body: body), Self.good()]) { embedder, provider in
                let error = try await failure(of: embedder)
                #expect(provider.seen.texts.count == 1)
                return error
            }
            guard case .rejected(_, let reason) = error else { return #expect(Bool(false), "\(status): \(error)") }
            #expect(reason.contains("\(status)"))
        }
    }

    @Test func retryAfterIsHonoured() async throws {
        for headers in [[("Retry-After", "1")], [("retry-after-ms", "1000")]] {
            try await withEmbedder([Self.status(429, headers), Self.good()]) { embedder, provider in
                _ = try await embedder.embed(["ferry"], purpose: .passage)
                let times = provider.seen.times
                #expect(times.count == 2 && times[1] - times[0] >= .milliseconds(950))
            }
        }
    }

    /// A wait that is too long is the caller's.
    @Test func aLongWaitIsPassedOn() async throws {
        let error = try await withEmbedder([Self.status(429, [("Retry-After", "3600")]), Self.good()]) { embedder, provider in
            let error = try await failure(of: embedder)
            #expect(provider.seen.texts.count == 1)
            return error
        }
        guard case .unavailable(_, _, let seconds) = error else { return #expect(Bool(false), "\(error)") }
        #expect(seconds == 3_600)
    }

    @Test func answersThatAreCutAreAskedForAgain() async throws {
        let whole = Self.good()(["ferry"])
        let faults: [StubServer.Response] = [
            .init(cuts: true), .init(headers: [], body: whole.body, cutsAfter: 1_000), .init(body: String(whole.body.prefix(1_000))),
            .init(body: ""),
        ]
        for fault in faults {
            try await withEmbedder([{ _ in fault }, Self.good()]) { embedder, provider in
                let vectors = try await embedder.embed(["ferry"], purpose: .passage)
                #expect(close(vectors, [Self.expected("ferry")]))
                #expect(provider.seen.texts.count == 2)
            }
        }
    }

    @Test func answersOfOtherThingsThanVectorsAreRefused() async throws {
        func item(_ index: Int, _ vector: String) -> String { #"{"index":\#(index),"embedding":\#(vector)}"# }
        let one = Self.json([Float](repeating: 1, count: 1_536), base64: true)
        let faults: [(String, String)] = [
            ("", "0 vectors for 2 texts"), (item(0, one), "1 vectors for 2 texts"),
            ([item(0, one), item(0, one)].joined(separator: ","), "a vector for text 0"),
            ([item(0, one), item(7, one)].joined(separator: ","), "a vector for text 7"),
            (
                [item(0, one), item(1, Self.json([Float](repeating: 1, count: 3_072), base64: true))].joined(separator: ","),
                "3072 components"
            ),
            (
                [item(0, one), item(1, Self.json([.nan] + [Float](repeating: 1, count: 1_535), base64: true))].joined(separator: ","),
                "no numbers"
            ),
            ([item(0, one), item(1, Self.json([Float](repeating: 0, count: 1_536), base64: true))].joined(separator: ","), "no direction"),
            ([item(0, one), item(1, "\"AAA=\"")].joined(separator: ","), "not base64 of float32"),
            ([item(0, one), item(1, "[]")].joined(separator: ","), "no direction"),
        ]
        for (data, reason) in faults {
            try await withEmbedder([{ _ in StubServer.Response(body: #"{"data":[\#(data)]}"#) }]) { embedder, provider in
                do {
                    _ = try await embedder.embed(["ferry", "harbour"], purpose: .passage)
                    Issue.record("it took \(reason)")
                } catch EmbeddingError.invalidAnswer(_, let told) {
                    #expect(told.contains(reason), "\(told)")
                }
                #expect(provider.seen.texts.count == 1)
            }
        }
    }

    @Test func aSlowAnswerIsGivenUp() async throws {
        let slow: Provider.Answer = { _ in StubServer.Response(body: "{}", delay: .seconds(30)) }
        let hanging: Provider.Answer = { _ in StubServer.Response(body: "{", staysOpen: true) }
        for fault in [slow, hanging] {
            let clock = ContinuousClock()
            let taken = try await clock.measure {
                try await withEmbedder([fault, Self.good()], change: { $0.timeout = .seconds(1) }) { embedder, _ in
                    let vectors = try await embedder.embed(["ferry"], purpose: .passage)
                    #expect(close(vectors, [Self.expected("ferry")]))
                }
            }
            #expect(taken < .seconds(20))
        }
    }

    /// A person waits for a question's vector.
    @Test func aQuestionIsGivenUpSooner() async throws {
        let error = try await withEmbedder(
            [{ _ in StubServer.Response(body: "{}", delay: .seconds(30)) }], change: { $0.queryTimeout = .milliseconds(300) }
        ) { embedder, _ in try await failure(of: embedder, purpose: .query) }
        guard case .unavailable = error else { return #expect(Bool(false), "\(error)") }
    }

    @Test func aProviderThatIsDownIsLeftAlone() async throws {
        let breaker = CircuitBreaker(failuresAllowed: 3, pauses: Duration.seconds(3)...Duration.seconds(10))
        try await withEmbedder(
            [Self.status(500), Self.status(500), Self.status(500), Self.good()], schedule: RetrySchedule(tries: 1), breaker: breaker
        ) { embedder, provider in
            for _ in 0..<6 { _ = try await failure(of: embedder) }
            #expect(provider.seen.texts.count == 3, "what came after the third failure was not sent")
            let error = try await failure(of: embedder)
            guard case .unavailable(_, let reason, let seconds) = error else { return #expect(Bool(false), "\(error)") }
            #expect(reason.contains("left alone") && seconds == 3 || seconds == 2)
            try await Task.sleep(for: .milliseconds(3_100))
            let vectors = try await embedder.embed(["ferry"], purpose: .passage)
            #expect(close(vectors, [Self.expected("ferry")]))
        }
    }

    /// A connection that is refused is a failed try as much as a bad status is.
    @Test func aProviderThatStaysDownIsLeftAloneForLonger() async throws {
        let remote = RemoteModel(baseURL: try #require(URL(string: "http://127.0.0.1:1/v1")), name: "words-1", key: nil)
        let breaker = CircuitBreaker(failuresAllowed: 1, pauses: Duration.seconds(2)...Duration.seconds(60))
        let embedder = RemoteEmbedder(remote, schedule: RetrySchedule(tries: 1), breaker: breaker)
        _ = try await failure(of: embedder)
        try await Task.sleep(for: .milliseconds(2_100))
        _ = try await failure(of: embedder)
        guard case .unavailable(_, _, let seconds?) = try await failure(of: embedder) else { return #expect(Bool(false), "it was asked") }
        #expect(seconds > 2, "the second pause is twice as long")
    }

    @Test func aServerThatIsNotThereIsUnavailable() async throws {
        let remote = RemoteModel(baseURL: try #require(URL(string: "http://127.0.0.1:1/v1")), name: "words-1", key: nil)
        let embedder = RemoteEmbedder(remote, schedule: RetrySchedule(tries: 2, base: .milliseconds(1)), breaker: CircuitBreaker())
        guard case .unavailable = try await failure(of: embedder) else { return #expect(Bool(false)) }
    }

    // MARK: - Pace

    @Test func noMoreRequestsAreUnderWayThanAllowed() async throws {
        let underWay = Mutex((now: 0, most: 0))
        let answer = Self.good()
        let provider = try await StubServer { request in
            guard let asked = try? JSONDecoder().decode(Asked.self, from: Data(request.body)) else { return .init(status: .badRequest) }
            underWay.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            Thread.sleep(forTimeInterval: 0.02)
            underWay.withLock { $0.now -= 1 }
            return answer(asked.input)
        }
        var remote = RemoteModel(baseURL: try #require(URL(string: "\(provider.address)/v1")), name: "words-1", key: nil)
        remote.mostTexts = 1
        remote.concurrency = 2
        let embedder = RemoteEmbedder(remote)
        async let one = embedder.embed((0..<10).map { "one \($0)" }, purpose: .passage)
        async let two = embedder.embed((0..<10).map { "two \($0)" }, purpose: .passage)
        let counts = try await (one.count, two.count)
        #expect(counts == (10, 10))
        #expect(underWay.withLock(\.most) <= 2)
        try await provider.stop()
    }

    /// 600 requests a minute, all of them at once at the start, then ten a second: what is over is waited for.
    @Test func theLimitOfRequestsIsKept() async throws {
        let limiter = RateLimiter(requestsPerMinute: 600, tokensPerMinute: nil)
        let taken = try await ContinuousClock().measure {
            for _ in 0..<575 { try await limiter.admit(tokens: 1) }
        }
        // 570 at once, five more at 9.5 a second.
        #expect(taken >= .milliseconds(480))
    }

    @Test func theLimitOfTokensIsLearntFromAnswers() async throws {
        let limiter = RateLimiter(requestsPerMinute: nil, tokensPerMinute: nil)
        // Nothing is known yet: at any limit these would take hours.
        for _ in 0..<100 { try await limiter.admit(tokens: 1_000_000_000) }
        await limiter.learn(RateLimits { ["x-ratelimit-limit-tokens": "60000", "x-ratelimit-remaining-tokens": "1000"][$0] })
        // 1,000 are left; 500 more come at 950 a second.
        let taken = try await ContinuousClock().measure { try await limiter.admit(tokens: 1_500) }
        #expect(taken >= .milliseconds(450))
    }

    @Test func headersThatSayNonsenseAreNotBelieved() {
        let limits = RateLimits { ["x-ratelimit-limit-tokens": "-5", "x-ratelimit-limit-requests": "many"][$0] }
        #expect(limits == RateLimits { _ in nil })
    }

    @Test(
        arguments: [
            ("retry-after", "7", 7.0), ("retry-after", "0.5", 0.5), ("retry-after-ms", "250", 0.25), ("retry-after", "-1", nil),
            ("retry-after", "soon", nil), ("retry-after", "inf", nil), ("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT", 30),
            ("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT", 0), ("retry-after", "1e300", 86_400),
        ] as [(String, String, Double?)])
    func waitsThatHeadersAskFor(name: String, value: String, seconds: Double?) throws {
        let now = try #require(ISO8601DateFormatter().date(from: "2026-11-22T12:00:00Z"))
        let wait = RetrySchedule.wait(askedBy: { $0 == name ? value : nil }, now: now)
        #expect(wait.map { ($0 / .seconds(1) * 1_000).rounded() / 1_000 } == seconds)
    }

    @Test func waitsHaveFullJitter() {
        let schedule = RetrySchedule(base: .milliseconds(100), longest: .seconds(1))
        for tries in 1...40 {
            let waits = (0..<50).map { _ in schedule.wait(after: tries) }
            let most = min(Duration.seconds(1), .milliseconds(100) * (1 << min(tries - 1, 16)))
            #expect(waits.allSatisfy { $0 >= .zero && $0 <= most })
            #expect((waits.max() ?? .zero) > most * 0.5 && (waits.min() ?? .zero) < most * 0.5)
        }
    }

    @Test func aCancelledCallEndsAndFreesItsPlace() async throws {
        let slow: Provider.Answer = { _ in StubServer.Response(body: "{}", delay: .seconds(30)) }
        try await withEmbedder([slow, Self.good()], change: { $0.concurrency = 1 }) { embedder, provider in
            let task = Task { try await embedder.embed(["ferry"], purpose: .passage) }
            while provider.seen.texts.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let waiting = Task { try await embedder.embed(["waits"], purpose: .passage) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let vectors = try await waiting.value
            #expect(close(vectors, [Self.expected("waits")]))
        }
    }
}
