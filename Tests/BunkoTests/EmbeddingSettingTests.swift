import Foundation
import Synchronization
import TestSupport
import Testing

extension BinaryTests {
    /// Whose vectors a database has, and what happens when the settings say otherwise.
    @Suite struct EmbeddingSettingTests {
        private struct Asked: Decodable {
            let model: String
            let input: [String]
        }

        /// An OpenAI-compatible endpoint: each text's vector points where its length says, and counts seven tokens.
        private final class Endpoint: Sendable {
            private let state = Mutex((models: Set<String>(), isDown: false))

            var models: Set<String> { state.withLock { $0.models } }

            func goDown() { state.withLock { $0.isDown = true } }

            func answer(_ request: StubServer.Request) -> StubServer.Response {
                guard request.headers.first(name: "Authorization") == "Bearer s3cret", request.path == "/v1/embeddings",
                    let asked = try? JSONDecoder().decode(Asked.self, from: Data(request.body))
                else { return StubServer.Response(status: .unauthorized) }
                let isDown = state.withLock { state in
                    state.models.insert(asked.model)
                    return state.isDown
                }
                if isDown { return StubServer.Response(status: .badRequest, body: #"{"error":{"message":"closed"}}"#) }
                let rows = asked.input.enumerated().map { index, text in
                    let vector = (0..<1_536).map { $0 == text.utf8.count % 1_536 ? "1" : "0" }.joined(separator: ",")
                    return #"{"index":\#(index),"embedding":[\#(vector)]}"#
                }
                return StubServer.Response(
                    body: #"{"data":[\#(rows.joined(separator: ","))],"usage":{"total_tokens":\#(7 * rows.count)}}"#)
            }
        }

        @Test("A remote model embeds, is accounted as it counts, and stays the database's; when it is down, words answer")
        func remote() async throws {
            let endpoint = Endpoint()
            let server = try await StubServer { endpoint.answer($0) }
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            let environment = [
                "BUNKO_EMBEDDING_MODEL": "staged-model", "BUNKO_EMBEDDING_URL": "\(server.address)/v1", "BUNKO_EMBEDDING_KEY": "s3cret",
                "BUNKO_EMBEDDING_COST": "2",
            ]
            try await TestService.with(data: data, environment: environment) { service in
                let assistant = try await service.makeAssistant("harbour")
                let done = try await service.uploadAndWait("a.md", "# Ferry\n\nThe ferry leaves at nine.\n", to: assistant)
                #expect(try done.string("state") == "done", "\(done.text)")
                let found = try await service.post("/v1/search", #"{"assistant":"harbour","query":"when does the ferry leave?"}"#)
                #expect(found.text.contains(#""arms":["dense","lexical"]"#) && found.text.contains("leaves at nine"), "\(found.text)")
                #expect(endpoint.models == ["staged-model"])
                let models = try await service.sql("SELECT DISTINCT embedding_model FROM knowledge_base")
                #expect(models == ["staged-model"])
                try await eventually("usage", within: .seconds(30)) {
                    try await service.sql("SELECT tokens_used || ' ' || cost::float8 FROM api_usage WHERE success") == [
                        "7 1.4e-05", "7 1.4e-05",
                    ]
                }
                #expect(!service.process.errors.contains("s3cret"), "the key stands in no log")
                endpoint.goDown()
                let words = try await service.post("/v1/search", #"{"assistant":"harbour","query":"leaves at nine"}"#)
                #expect(words.status == 200 && words.text.contains(#""degraded":"embedding_rejected""#), "\(words.text)")
                #expect(words.text.contains("The ferry leaves at nine."))
            }
            // The settings name another model: the database's is asked for, cannot be had, and words answer.
            try await TestService.with(data: data, environment: ["BUNKO_EMBEDDING_MODEL": "hash"]) { service in
                #expect(service.process.errors.contains("vectors of another model"), "\(service.process.errors)")
                let words = try await service.post("/v1/search", #"{"assistant":"harbour","query":"the ferry"}"#)
                #expect(
                    words.text.contains(#""degraded":"embedding_unavailable""#) && words.text.contains("leaves at nine"), "\(words.text)")
                let models = try await service.sql("SELECT value FROM system_settings WHERE key = 'embedding_model'")
                #expect(models == [#""staged-model""#])
            }
            try await server.stop()
        }

        @Test("A setting that cannot be obeyed ends the start, and is named")
        func refusals() async throws {
            let folder = try TemporaryFolder()
            let cases: [([String: String], [String])] = [
                (["MODEL": "some-model"], ["embedding.url", "some-model", "BUNKO_EMBEDDING_URL"]),
                (["URL": "not an address"], ["embedding.url", "not an address"]),
                (["URL": "ftp://example.org"], ["embedding.url", "ftp://example.org"]),
                (["DIMENSIONS": "1537"], ["embedding.dimensions", "1537", "1536"]), (["DIMENSIONS": "0"], ["embedding.dimensions"]),
                (["COST": "-1"], ["embedding.cost"]), (["COST": "much"], ["embedding.cost", "much"]),
                (["REQUESTS_PER_MINUTE": "0"], ["embedding.requests.per.minute"]),
                (["CONCURRENCY": "65"], ["embedding.concurrency", "64"]),
            ]
            for (settings, words) in cases {
                let environment = Dictionary(uniqueKeysWithValues: settings.map { ("BUNKO_EMBEDDING_\($0.key)", $0.value) })
                let ended = try await BunkoProcess.run(["serve", "--port", "0", "--data", folder.path("data")], environment: environment)
                #expect(ended.code == 2, "\(settings): \(ended.errors)")
                for word in words { #expect(ended.errors.contains(word), "\(word): \(ended.errors)") }
            }
            #expect(FileManager.default.fileExists(atPath: folder.path("data/postgres")) == false, "the database was not even started")
        }

        @Test("doctor tells the model, and what to do without its files")
        func doctor() async throws {
            let folder = try TemporaryFolder()
            let command = ["doctor", "--json", "--data", folder.path("data")]
            let words = try await BunkoProcess.run(command, environment: ["BUNKO_EMBEDDING_MODEL": "hash"])
            #expect(words.output.contains("bunko-hash-1536-v1"), "\(words.output)")
            let missing = try await BunkoProcess.run(command, environment: ["BUNKO_EMBEDDING_MODEL": "far", "BUNKO_EMBEDDING_URL": ""])
            #expect(missing.code == 2 || missing.output.contains("embedding.url"), "\(missing.output)\(missing.errors)")
        }
    }
}
