import Foundation
import Testing

extension BinaryTests {
    @Suite("Settings of passages", .serialized)
    struct ChunkingSettingTests {
        /// A vocabulary in which every byte is a token.
        private static let bytes = (0...255).map { "\(Data([UInt8($0)]).base64EncodedString()) \($0)\n" }.joined()
        private static let text = (1...120).map { "The ferry number \($0) leaves the harbour at noon." }.joined(separator: "\n\n")

        @Test("A vocabulary cuts what the server reads itself and what it has read, and a dry run beside it")
        func vocabulary() async throws {
            let folder = try TemporaryFolder()
            let tokenizer = try folder.write("bytes-cl100k.tiktoken", Self.bytes)
            // Beyond 1 MiB a process of its own reads.
            let large = String(repeating: Self.text + "\n\n", count: 180)
            try #require(large.utf8.count > 1 << 20)
            try folder.write("docs/small.txt", Self.text)
            try folder.write("docs/large.txt", large)
            let data = folder.path("data")
            let command = ["import", folder.path("docs"), "--assistant", "a", "--json", "--data", data]
            try await TestService.with(data: data, environment: ["BUNKO_CHUNKING_TOKENIZER": tokenizer]) { service in
                let plan = try ImportTold(try await BunkoProcess.run(command + ["--dry-run"]).output)
                #expect(plan.object["is_estimated"] as? Bool == false, "the data folder has the vocabulary")
                let told = try ImportTold(try await BunkoProcess.run(command).output)
                #expect(told.states == ["small.txt": "done", "large.txt": "done"])
                #expect(told.totals["chunks"] == plan.totals["chunks"])
                let passages = try await service.sql(
                    """
                    SELECT f.file_name, bool_and(k.token_count = octet_length(k.content)), max(k.token_count) <= 450, count(*) > 10
                    FROM knowledge_base k JOIN files f ON f.user_id = k.user_id AND f.id = k.file_id GROUP BY 1 ORDER BY 1
                    """)
                #expect(passages == ["large.txt|t|t|t", "small.txt|t|t|t"])
                let added = try await service.post("/v1/knowledge", #"{"assistant":"a","content":"twelve bytes"}"#)
                #expect(added.status == 201, "\(added.text)")
                #expect(try await service.sql("SELECT token_count FROM knowledge_base WHERE content = 'twelve bytes'") == ["12"])
                let reading = try await service.get("/v1/limits").object()["reading"] as? [String: Any]
                let name = try #require(reading?["vocabulary"] as? String)
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(data)/vocabularies") == [name])
            }
            // A damaged prepared form is laid down anew.
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(data)/vocabularies")
            let prepared = "\(data)/vocabularies/\(try #require(names.first))"
            let whole = try Data(contentsOf: URL(filePath: prepared))
            try whole.prefix(1_000).write(to: URL(filePath: prepared))
            let environment = ["BUNKO_CHUNKING_TOKENIZER": tokenizer, "BUNKO_CHUNKING_TARGET": "1400"]
            try await TestService.with(data: data, environment: environment) { service in
                #expect(try Data(contentsOf: URL(filePath: prepared)) == whole)
                _ = try await service.uploadAndWait("next.txt", Self.text, to: "a")
                let sizes = try await service.sql(
                    """
                    SELECT max(k.token_count) > 1000, max(k.token_count) <= 1800 FROM knowledge_base k JOIN files f ON f.user_id = k.user_id
                    AND f.id = k.file_id WHERE f.file_name = 'next.txt'
                    """)
                #expect(sizes == ["t|t"])
            }
        }

        @Test("A server without the setting estimates, and a configuration file may hold it")
        func configurationFile() async throws {
            let folder = try TemporaryFolder()
            let config = try folder.write("bunko.yaml", "chunking:\n  target: 64\n")
            let process = try await BunkoProcess.run(["serve", "--config", config, "--data", folder.path("data"), "--port", "70000"])
            #expect(process.code == 2 && process.errors.contains("70000"), "\(process.errors)")
            try folder.write("docs/a.txt", Self.text)
            let command = ["import", folder.path("docs"), "--assistant", "a", "--json", "--dry-run", "--data", folder.path("data")]
            let usual = try ImportTold(try await BunkoProcess.run(command).output)
            let small = try ImportTold(try await BunkoProcess.run(command + ["--config", config]).output)
            #expect(try #require(small.totals["chunks"]) > 3 * #require(usual.totals["chunks"]))
        }

        @Test("A setting that cannot be obeyed ends the start, and is named")
        func refusals() async throws {
            let folder = try TemporaryFolder()
            let damaged = try folder.write("cl100k.tiktoken", "IQ== 0\nno tokens here\n")
            let unknown = try folder.write("mine.tiktoken", "IQ== 0\n")
            let notJSON = try folder.write("tokenizer.json", "{")
            let cases: [(String, String, [String])] = [
                ("TOKENIZER", folder.path("missing.tiktoken"), ["chunking.tokenizer", "missing.tiktoken", "cannot be read"]),
                ("TOKENIZER", folder.path, ["chunking.tokenizer", "cannot be read"]),
                ("TOKENIZER", damaged, ["chunking.tokenizer", "cl100k.tiktoken", "line 2"]),
                ("TOKENIZER", unknown, ["chunking.tokenizer", "mine.tiktoken", "cl100k_base.tiktoken"]),
                ("TOKENIZER", notJSON, ["chunking.tokenizer", "tokenizer.json", "not the JSON"]),
                ("TARGET", "63", ["chunking.target", "63", "64", "1500"]), ("TARGET", "1501", ["chunking.target", "1501"]),
            ]
            for (name, value, words) in cases {
                let ended = try await BunkoProcess.run(
                    ["serve", "--port", "0", "--data", folder.path("data")], environment: ["BUNKO_CHUNKING_\(name)": value])
                #expect(ended.code == 2, "\(value): \(ended.errors)")
                for word in words { #expect(ended.errors.contains(word), "\(word): \(ended.errors)") }
            }
            #expect(FileManager.default.fileExists(atPath: folder.path("data/postgres")) == false, "the database was not even started")
        }
    }
}
