import Foundation
import Glibc
import Testing

extension BinaryTests {
    @Suite("Synchronisation", .serialized)
    struct SyncTests {
        private func run(
            _ service: TestService, _ folder: TemporaryFolder, _ arguments: [String] = ["--sync"], path: String = "docs", code: Int32 = 0
        ) async throws -> ImportTold {
            let outcome = try await BunkoProcess.run(
                ["import", folder.path(path), "--assistant", "a", "--json", "--data", service.data] + arguments)
            #expect(outcome.code == code, "\(outcome.output) \(outcome.errors)")
            return try ImportTold(outcome.output)
        }

        private func paths(_ service: TestService) async throws -> [String] {
            try await service.sql("SELECT regexp_replace(source_path, '^/tmp/[^/]*/', '') FROM files ORDER BY 1")
        }

        @Test("The knowledge becomes equal to the folder, and nothing beside the folder is touched")
        func equality() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                for name in ["docs/a.md", "docs/b.md", "docs/sub/c.md", "docs-old/d.md"] { try folder.write(name, "This is \(name).") }
                _ = try await run(service, folder)
                _ = try await run(service, folder, [], path: "docs-old")
                _ = try await service.uploadAndWait("attached.txt", "Not of any folder.", to: "a")

                try folder.write("docs/b.md", "Changed.")
                try FileManager.default.removeItem(atPath: folder.path("docs/a.md"))
                try FileManager.default.moveItem(atPath: folder.path("docs/sub/c.md"), toPath: folder.path("docs/sub/renamed.md"))
                let before = try await counts(service)
                let plan = try await run(service, folder, ["--sync", "--dry-run"])
                #expect(plan.states == ["a.md": "remove", "b.md": "replace", "c.md": "remove", "renamed.md": "add"])
                #expect(try await counts(service) == before, "a dry run changes nothing")

                let told = try await run(service, folder)
                #expect(told.states == ["a.md": "removed", "b.md": "done", "c.md": "removed", "renamed.md": "done"])
                #expect(try await paths(service) == ["attached.txt", "docs-old/d.md", "docs/b.md", "docs/sub/renamed.md"])
                let orphans = try await service.sql(
                    "SELECT count(*) FROM knowledge_base k LEFT JOIN files f ON f.id = k.file_id WHERE f.id IS NULL")
                #expect(orphans == ["0"])
                #expect(try await run(service, folder).totals["unchanged"] == 2)
                #expect(try await run(service, folder, ["--dry-run"]).states.values.allSatisfy { $0 == "unchanged" })
            }
        }

        @Test("What is attached to conversations is no part of the folder: never unchanged, and never removed")
        func attachments() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let assistant = try await service.makeAssistant("a")
                let talk = try await service.post("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#).string("id")
                for name in ["a.md", "gone.md"] {
                    let path = folder.path("docs/\(name)")
                    let attached = try await service.send(
                        .POST, "/v1/files?conversation=\(talk)&name=\(name)&source_path=\(path)",
                        .bytes(Array("One.".utf8), type: "application/octet-stream"))
                    #expect(attached.status == 202, "\(attached.text)")
                    #expect(try await service.get("/v1/files/\(try attached.string("id"))?wait=60").string("state") == "done")
                }
                try folder.write("docs/a.md", "One.")
                for archived in [false, true] {
                    if archived {
                        #expect(try await service.post("/v1/conversations/\(talk)/archive", "{}").status == 200)
                        _ = try await service.sql("DELETE FROM files WHERE archived_conversation_id IS NULL")
                    }
                    #expect(try await run(service, folder, ["--sync", "--dry-run"]).states == ["a.md": "add"])
                    #expect(try await run(service, folder).states == ["a.md": "done"])
                    #expect(try await paths(service) == ["docs/a.md", "docs/a.md", "docs/gone.md"])
                }
            }
        }

        /// What a dry run must not change.
        private func counts(_ service: TestService) async throws -> [String] {
            try await service.sql(
                """
                SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM knowledge_base), (SELECT count(*) FROM assistants),
                    (SELECT max(updated_at) FROM files), (SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) FROM files)
                """)
        }

        @Test("A folder that is empty, missing or not wholly readable removes nothing")
        func caution() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try folder.write("docs/a.md", "One.")
                try folder.write("docs/b.md", "Two.")
                _ = try await run(service, folder)

                try FileManager.default.removeItem(atPath: folder.path("docs/b.md"))
                try #require(symlink("nowhere", folder.path("docs/broken.md")) == 0)
                let unreadable = try await run(service, folder, code: 1)
                #expect(unreadable.states == ["a.md": "unchanged", "broken.md": "failed"])
                #expect(unreadable.object["kept"] as? Int == 1)

                try FileManager.default.moveItem(atPath: folder.path("docs"), toPath: folder.path("away"))
                let missing = try await run(service, folder, code: 1)
                #expect(missing.files["docs"]?["code"] as? String == "not_found")
                try FileManager.default.createDirectory(atPath: folder.path("docs"), withIntermediateDirectories: false)
                let empty = try await run(service, folder, code: 1)
                #expect(empty.files["docs"]?["code"] as? String == "root_empty")
                #expect((empty.files["docs"]?["remedy"] as? String)?.contains("--allow-empty") == true)
                #expect(try await paths(service) == ["docs/a.md", "docs/b.md"])

                let meant = try await run(service, folder, ["--sync", "--allow-empty"])
                #expect(meant.states == ["a.md": "removed", "b.md": "removed"])
                #expect(try await paths(service) == [])
            }
        }

        @Test("A dry run tells passages and tokens, makes no assistant, and names what would fail")
        func dryRun() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try folder.write("docs/a.md", "# A\n\n" + String(repeating: "Words and more words. ", count: 200))
                try folder.write("docs/b.md", "Short.")
                try folder.write("docs/blank.md", " \n\n")
                try folder.write("docs/picture.png", "x")
                let plan = try await run(service, folder, ["--dry-run"], code: 1)
                #expect(plan.states == ["a.md": "add", "b.md": "add", "blank.md": "fail", "picture.png": "fail"])
                let planned = try #require((plan.object["totals"] as? [String: Any])?["chunks"] as? Int)
                #expect(try await service.get("/v1/assistants").list("data").isEmpty)
                let told = try await run(service, folder, [], code: 1)
                #expect(told.totals["chunks"] == planned, "the plan is what happens")
                #expect(told.files["blank.md"]?["code"] as? String == "no_text")
            }
        }
    }
}
