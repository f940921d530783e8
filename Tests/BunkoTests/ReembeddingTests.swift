import Foundation
import Synchronization
import TestSupport
import Testing

extension BinaryTests {
    /// `bunko reembed` beside servers and without: filling, dying, switching and going back.
    @Suite("Reembedding", .serialized)
    struct ReembeddingTests {
        /// An OpenAI-compatible endpoint whose vectors are of words, each word an axis: they mean nothing to another model's.
        private final class Endpoint: Sendable {
            private struct Asked: Decodable {
                let model: String
                let input: [String]
            }

            private struct State {
                var texts = 0
                var calls = 0
                var isDown = false
                var refusedWord: String?
                /// Calls that are answered at once; those behind them take as long as the process is to be killed in.
                var quickCalls = Int.max
            }

            private let state = Mutex(State())

            /// Texts that vectors were given for.
            var texts: Int { state.withLock(\.texts) }

            func be(isDown: Bool = false, quickCalls: Int = .max, refusing word: String? = nil) {
                state.withLock { ($0.isDown, $0.quickCalls, $0.calls, $0.refusedWord) = (isDown, quickCalls, 0, word) }
            }

            func answer(_ request: StubServer.Request) -> StubServer.Response {
                guard request.path == "/v1/embeddings", let asked = try? JSONDecoder().decode(Asked.self, from: Data(request.body)) else {
                    return StubServer.Response(status: .notFound)
                }
                let (isDown, isSlow, refused) = state.withLock { state in
                    state.calls += 1
                    let refuses = state.refusedWord.map { word in asked.input.contains { $0.contains(word) } } ?? false
                    if !state.isDown, !refuses { state.texts += asked.input.count }
                    return (state.isDown, state.calls > state.quickCalls, refuses)
                }
                if isDown || refused { return StubServer.Response(status: .badRequest, body: #"{"error":{"message":"closed"}}"#) }
                let rows = asked.input.enumerated().map { #"{"index":\#($0),"embedding":\#(Self.vector($1))}"# }
                let body = #"{"data":[\#(rows.joined(separator: ","))],"usage":{"total_tokens":\#(7 * rows.count)}}"#
                return StubServer.Response(body: body, delay: isSlow ? .seconds(60) : .zero)
            }

            private static func vector(_ text: String) -> String {
                var vector = [Double](repeating: 0, count: 1_536)
                for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
                    // FNV-1a.
                    let axis = word.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % 1_536
                    vector[Int(axis)] += 1
                }
                return "[" + vector.map { $0 == 0 ? "0" : "\($0)" }.joined(separator: ",") + "]"
            }
        }

        private final class Flag: Sendable {
            private let value = Atomic(false)

            var isSet: Bool { value.load(ordering: .relaxed) }

            func set() { value.store(true, ordering: .relaxed) }
        }

        private static let rows = 70

        private static func text(_ number: Int) -> String {
            "# Ship \(number)\n\nThe ship named vessel\(number) has berth\(number) in the harbour.\n"
        }

        /// A data folder with so many passages of the model `hash`, and the settings of the other one.
        private func withFolder(
            _ body: (_ data: String, _ remote: [String: String], _ endpoint: Endpoint) async throws -> Void
        ) async throws {
            let endpoint = Endpoint()
            let server = try await StubServer { endpoint.answer($0) }
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            for number in 0..<Self.rows { try folder.write("docs/\(number).md", Self.text(number)) }
            let imported = try await BunkoProcess.run(["import", folder.path("docs"), "--assistant", "harbour", "--data", data])
            try #require(imported.code == 0, "\(imported.errors)")
            try await body(
                data, ["BUNKO_EMBEDDING_MODEL": "axes", "BUNKO_EMBEDDING_URL": "\(server.address)/v1", "BUNKO_EMBEDDING_COST": "2"],
                endpoint)
            try await server.stop()
        }

        private func reembed(_ arguments: String..., data: String, _ environment: [String: String] = [:]) async throws
            -> BunkoProcess.Outcome
        {
            try await BunkoProcess.run(["reembed", "--data", data] + arguments, environment: environment)
        }

        /// The generation beside the live one: its model, and how many rows have its vector and lack it.
        private func shadow(_ data: String) async throws -> (model: String?, rows: Int, missing: Int) {
            let told = try await reembed("--status", "--json", data: data).json()
            let shadow = told["shadow"] as? [String: Any]
            return (shadow?["model"] as? String, shadow?["rows"] as? Int ?? 0, shadow?["missing"] as? Int ?? 0)
        }

        /// Asks by vectors alone and expects the one passage with the words of the question: a vector held against another model's finds any.
        private func ask(_ number: Int, _ service: TestService) async throws {
            let found = try await service.post(
                "/v1/search", #"{"assistant":"harbour","query":"vessel\#(number) berth\#(number)","ranking":"dense","k":3}"#)
            #expect(found.status == 200, "\(found.text)")
            let first = try found.list("results").first
            let content = first?["content"] as? String ?? ""
            #expect(content.contains("vessel\(number) "), "\(number): \(found.text.prefix(400))")
        }

        /// Asks again and again until the body has ended, and for a while after.
        private func asking<R: Sendable>(_ service: TestService, _ body: () async throws -> R) async throws -> (result: R, questions: Int) {
            let isOver = Flag()
            async let questions = withThrowingTaskGroup(of: Int.self) { group in
                for lane in 0..<3 {
                    group.addTask {
                        var asked = 0
                        while !isOver.isSet {
                            try await ask((lane * 31 + asked * 7) % Self.rows, service)
                            asked += 1
                        }
                        return asked
                    }
                }
                return try await group.reduce(0, +)
            }
            let result: R
            do {
                result = try await body()
                try await Task.sleep(for: .milliseconds(500))
                isOver.set()
            } catch {
                isOver.set()
                _ = try await questions
                throw error
            }
            return (result, try await questions)
        }

        @Test("Killed while it fills it goes on where it was, pays nothing twice, and switches while questions are asked")
        func life() async throws {
            try await withFolder { data, remote, endpoint in
                try await TestService.with(data: data, environment: remote) { service in
                    let estimate = try await reembed("--model", "axes", "--estimate", "--json", data: data, remote).json()
                    #expect(estimate["rows"] as? Int == Self.rows && estimate["model"] as? String == "axes")
                    #expect(try await shadow(data).model == nil, "an estimate changes nothing")

                    // The estimate's call and two more are answered; the process dies while it waits for the third.
                    endpoint.be(quickCalls: 3)
                    let killed = try BunkoProcess.start(["reembed", "--model", "axes", "--data", data], environment: remote)
                    try await eventually("some rows") { try await shadow(data).rows > 0 }
                    killed.send(SIGKILL)
                    _ = try await killed.exitCode(within: .seconds(10))
                    let open = try await shadow(data).missing
                    let early = try await reembed("--switch", data: data)
                    #expect(early.code == 2 && early.errors.contains("\(open) rows have no vector of axes"), "\(early.errors)")
                    endpoint.be()
                    let before = endpoint.texts
                    let rest = try await reembed("--model", "axes", "--json", data: data, remote).json()
                    #expect((1..<Self.rows).contains(open) && rest["filled"] as? Int == open)
                    #expect(endpoint.texts - before <= max(16, open), "the trial's are kept, and of those that were done none is asked for")

                    let assistant = try await service.get("/v1/assistants/harbour").string("id")
                    let added = try await service.post(
                        "/v1/knowledge", #"{"assistant":"\#(assistant)","content":"vessel900 is at berth900"}"#)
                    #expect(added.status == 201, "\(added.text)")
                    let late = try await shadow(data)
                    #expect(late.missing == 1 && late.rows == Self.rows)
                    let (switched, questions) = try await asking(service) {
                        try await reembed("--model", "axes", "--switch", data: data, remote)
                    }
                    #expect(switched.code == 0 && questions > 10, "\(switched.errors)")
                    try await eventually("the server's model") { try await service.get("/v1/limits").text.contains(#""model":"axes""#) }
                    let models = try await service.sql("SELECT DISTINCT embedding_model, embedding_shadow_model FROM knowledge_base")
                    #expect(models == ["axes|bunko-hash-1536-v1"])
                    try await eventually("the index") { try await service.get("/v1/index").text.contains(#""state":"following""#) }
                    let memory = try await service.post("/v1/search", #"{"assistant":"harbour","query":"vessel3 berth3"}"#)
                    #expect(memory.text.contains(#""backend":"memory""#) && memory.text.contains(#""arms":["dense","lexical"]"#))

                    let done = try await service.uploadAndWait("new.md", Self.text(901), to: assistant)
                    #expect(try done.string("state") == "done", "\(done.text)")
                    let refused = try await reembed("--rollback", data: data)
                    #expect(
                        refused.code == 2 && refused.errors.contains("1 row has no vector of bunko-hash-1536-v1"), "\(refused.errors)")
                    #expect(refused.errors.contains("bunko reembed --model bunko-hash-1536-v1"))
                    let filled = try await reembed("--model", "hash", data: data)
                    #expect(filled.code == 0, "\(filled.errors)")
                    let (back, _) = try await asking(service) { try await reembed("--rollback", data: data) }
                    #expect(back.code == 0, "\(back.errors)")
                    try await eventually("the former model") {
                        try await service.get("/v1/limits").text.contains(#""model":"bunko-hash-1536-v1""#)
                    }
                    try await ask(901, service)
                    let dropped = try await reembed("--drop", data: data)
                    #expect(dropped.code == 0, "\(dropped.errors)")
                    let left = try await service.sql("SELECT count(embedding_shadow), count(*) FROM knowledge_base")
                    #expect(left == ["0|\(Self.rows + 2)"])
                    let verified = try await BunkoProcess.run(["verify", "--data", data])
                    #expect(verified.code == 0, "\(verified.output)\(verified.errors)")
                    try await eventually("usage", within: .seconds(30)) {
                        try await service.sql(
                            """
                            SELECT count(*) > 2 AND sum(cost) = sum(tokens_used) * 2 / 1000000.0 FROM api_usage
                            WHERE model = 'axes' AND success AND secretary_id IS NOT NULL
                            """) == ["t"]
                    }
                }
            }
        }

        @Test("Both generations are asked the same questions: a file's, a folder's with answers, and those of conversations")
        func comparison() async throws {
            try await withFolder { data, remote, _ in
                let folder = try TemporaryFolder()
                let none = try await reembed("--compare", data: data, remote)
                #expect(none.code == 2 && none.errors.contains("no generation beside"), "\(none.errors)")
                let filled = try await reembed("--model", "axes", data: data, remote)
                #expect(filled.code == 0, "\(filled.errors)")
                let silent = try await reembed("--compare", data: data, remote)
                #expect(silent.code == 2 && silent.errors.contains("--questions"), "\(silent.errors)")
                try folder.write("asked.txt", "vessel1 berth1\n\nvessel2 berth2\n")
                let file = try await reembed(
                    "--compare", "--questions", folder.path("asked.txt"), "--assistant", "harbour", "--k", "1", "--json", data: data, remote
                ).json()
                #expect(file["questions"] as? Int == 2 && file["overlap"] as? Double == 1, "both find the ship that was asked for: \(file)")
                try folder.write("set/corpus.jsonl", (0..<3).map { #"{"id":"\#($0)","text":"x"}"# }.joined(separator: "\n"))
                try folder.write(
                    "set/queries.jsonl", (0..<3).map { #"{"id":"q\#($0)","text":"vessel\#($0) berth\#($0)"}"# }.joined(separator: "\n"))
                try folder.write("set/qrels.tsv", (0..<3).map { "q\($0)\t\($0)\t1" }.joined(separator: "\n"))
                let golden = try await reembed("--compare", "--questions", folder.path("set"), "--json", data: data, remote).json()
                for side in ["live", "shadow"] {
                    #expect((golden[side] as? [String: Any])?["ndcg@10"] as? Double == 1, "\(golden)")
                }
                try await TestService.with(data: data, environment: remote) { service in
                    try await service.sql(
                        """
                        WITH talk AS (
                            INSERT INTO conversations (user_id, assistant_id) SELECT user_id, id FROM assistants WHERE name = 'harbour' RETURNING user_id, id)
                        INSERT INTO messages (user_id, conversation_id, role, content) SELECT user_id, id, 'user', 'Where is vessel7 berth7?' FROM talk
                        """)
                    let table = try await reembed("--compare", data: data, remote)
                    #expect(
                        table.code == 0 && table.output.contains("1 question") && table.output.contains("nDCG@10"),
                        "\(table.output)\(table.errors)")
                }
            }
        }

        @Test("A server whose settings do not tell how to ask the new model answers by words until it is restarted with such")
        func unknownModel() async throws {
            try await withFolder { data, remote, _ in
                try await TestService.with(data: data) { service in
                    let switched = try await reembed("--model", "axes", "--switch", data: data, remote)
                    #expect(switched.code == 0, "\(switched.errors)")
                    try await eventually("words alone") {
                        try await service.post("/v1/search", #"{"assistant":"harbour","query":"vessel4"}"#).text
                            .contains(#""degraded":"embedding_unavailable""#)
                    }
                    try await eventually("the index") { try await service.get("/v1/index").text.contains(#""state":"following""#) }
                    let words = try await service.post("/v1/search", #"{"assistant":"harbour","query":"vessel4"}"#)
                    #expect(words.text.contains(#""arms":["lexical"]"#) && words.text.contains("vessel4 "), "\(words.text)")
                    #expect(service.process.errors.contains("restart with settings that name it"), "\(service.process.errors)")
                }
                try await TestService.with(data: data, environment: remote) { try await ask(5, $0) }
                // Without a server, too; the next one has the former model again.
                let back = try await reembed("--rollback", data: data)
                #expect(back.code == 0, "\(back.errors)")
                try await TestService.with(data: data) { try await ask(6, $0) }
            }
        }

        @Test("A provider that is down ends the work with its reason and costs nothing; a text that it refuses is named")
        func failures() async throws {
            try await withFolder { data, remote, endpoint in
                endpoint.be(isDown: true)
                let down = try await reembed("--model", "axes", data: data, remote)
                #expect(down.code == 3 && down.errors.contains("axes"), "\(down.errors)")
                #expect(try await shadow(data).model == nil)
                endpoint.be(refusing: "vessel69")
                let some = try await reembed("--model", "axes", data: data, remote)
                #expect(some.code == 1 && some.errors.contains("refuses the text of the passage"), "\(some.errors)")
                let rest = try await shadow(data)
                #expect(rest.rows == Self.rows - 1 && rest.missing == 1)
                let other = try await reembed("--model", "other", data: data, remote)
                #expect(other.code == 2 && other.errors.contains("generation of axes"), "\(other.errors)")
                let same = try await reembed("--model", "hash", data: data)
                #expect(same.code == 2 && same.errors.contains("already"), "\(same.errors)")
                for arguments in [
                    [], ["--status", "--drop"], ["--estimate"], ["--model", "x"], ["--model", "axes", "--dimensions", "0"],
                ] {
                    let ended = try await BunkoProcess.run(["reembed", "--data", data] + arguments)
                    #expect(ended.code == 2, "\(arguments): \(ended.errors)")
                }
                let nowhere = try await BunkoProcess.run(["reembed", "--status", "--data", data + "-none"])
                #expect(nowhere.code == 3 && !FileManager.default.fileExists(atPath: data + "-none"), "\(nowhere.errors)")
            }
        }
    }
}
