import Foundation
import Glibc
import TestSupport
import Testing

extension BinaryTests {
    @Suite("Operations", .serialized)
    struct OperationsCommandTests {
        @Test("A backup below a running server comes back in a new data folder; damage and full places are refused")
        func backup() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            let place = folder.path("backups")
            let entry = try await TestService.with(data: data) { service in
                let assistant = try await service.makeAssistant("kept")
                _ = try await service.uploadAndWait("harbour.md", "# Harbour\n\nThe ferry leaves at noon.", to: assistant)
                try await checkKilledBackup(service)
                let made = try await run(["backup", "create", "--to", place, "--json"], data)
                #expect(try await service.get("/readyz").status == 200)
                return try made.json()
            }
            let path = try #require(entry["path"] as? String)
            #expect(entry["files"] as? Int == 1 && entry["missing_files"] as? Int == 0)

            // With no server the private PostgreSQL is started for the command alone.
            let second = try await run(["backup", "create", "--to", place, "--json"], data).json()
            #expect(second["rows"] as? Int == entry["rows"] as? Int)
            let listed = try await run(["backup", "list", "--to", place], data).output
            #expect(listed.split(separator: "\n").count == 2, "\(listed)")
            let name = try #require(entry["name"] as? String)
            let verified = try await run(["backup", "verify", name, "--to", place, "--restore"], data)
            #expect(verified.output.contains("restored on trial"))

            let full = try await BunkoProcess.run(["restore", path, "--data", data])
            #expect(full.code == 2 && full.errors.contains("not empty"), "\(full.errors)")
            let restored = folder.path("restored")
            _ = try await run(["restore", path], restored)
            try await TestService.with(data: restored) { service in
                let assistant = try await service.get("/v1/assistants/kept").string("id")
                let found = try await service.post("/v1/search", #"{"assistant":"\#(assistant)","query":"ferry noon"}"#)
                #expect(found.text.contains("ferry leaves"), "\(found.text)")
            }
            try await checkForeign(path, folder)
            try await checkDamaged(path, folder)
            try await checkIncomplete(folder)
            let nothing = try await BunkoProcess.run(["backup", "create", "--data", folder.path("nowhere")])
            #expect(nothing.code == 3 && !FileManager.default.fileExists(atPath: folder.path("nowhere")))
        }

        @Test("Archive, partitions and figures, with a server and without")
        func upkeep() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            let id = try await TestService.with(data: data) { service in
                let id = UUID().uuidString.lowercased()
                // Off first: the service archives by itself at its next start.
                try await service.sql("UPDATE system_settings SET value = '0' WHERE key = 'archive_after_days'")
                try await service.sql(
                    """
                    INSERT INTO conversations (id, user_id, persona_id, started_at, created_at, updated_at)
                    SELECT '\(id)', '00000000-0000-0000-0000-000000000002', 'business-assistant', t, t, t
                    FROM (SELECT now() - interval '400 days') AS s (t)
                    """)
                try await service.sql(
                    """
                    INSERT INTO messages (user_id, conversation_id, role, content, created_at)
                    SELECT user_id, id, 'user', 'long ago', created_at FROM conversations
                    """)
                let dry = try await run(["archive", "--dry-run", "--json", "--inactive", "6months"], data).json()
                #expect(dry["conversations"] as? Int == 1 && dry["messages_of_conversations"] as? Int == 1)
                #expect(try await service.sql("SELECT count(*) FROM conversations") == ["1"])
                let key = try await service.post("/v1/keys", #"{"name":"reader","scopes":["read"]}"#).string("key")
                #expect(try await service.get("/v1/admin/stats", key: key).problemCode() == "permission_missing")
                for (path, body, status) in [
                    ("archive", "{}", 400), ("archive", #"{"inactive":"soon"}"#, 400), ("archive", #"{"inactive":"0days"}"#, 400),
                    ("archive", #"{"inactive":6}"#, 400), ("archive/restore", #"{"ids":[]}"#, 400),
                    ("archive/restore", #"{"ids":["x"]}"#, 404), ("partitions", #"{"months":0}"#, 400),
                    ("partitions", #"{"months":241}"#, 400), ("partitions", #"{"months":1,"from":"2026-13"}"#, 400),
                    ("partitions", #"{"months":1,"from":"'; DROP"}"#, 400),
                ] {
                    let refused = try await service.post("/v1/admin/\(path)", body)
                    #expect(refused.status == status, "\(path) \(body): \(refused.text)")
                }
                #expect(try await service.sql("SELECT count(*) FROM conversations") == ["1"])
                return id
            }
            #expect(try await run(["archive"], data).output == "Archived 1 messages, and 1 conversations with 0 messages.\n")
            let listed = try await run(["archive", "list"], data).output
            #expect(listed.hasPrefix("\(id)  20") && listed.hasSuffix("  long ago  (1 messages)\n"), "\(listed)")
            let page = try await run(["archive", "list", "--json"], data).json()
            #expect((page["data"] as? [[String: Any]])?.compactMap { $0["id"] as? String } == [id])
            let back = try await run(["archive", "restore", id, "--json"], data).json()
            #expect(back["conversations"] as? Int == 1 && back["messages"] as? Int == 1)
            #expect(try await run(["archive", "list"], data).output.isEmpty)
            let none = try await BunkoProcess.run(["archive", "restore", UUID().uuidString, "--data", data])
            #expect(none.code == 2)
            let wrong = try await BunkoProcess.run(["archive", "--inactive", "soon", "--data", data])
            #expect(wrong.code == 2 && wrong.errors.contains("soon"), "\(wrong.errors)")

            let made = try await run(["partitions", "--ensure", "2", "--from", "2020-01"], data).output
            #expect(made.contains("Made 2 partitions.") && made.contains("messages_y2020m02"), "\(made)")
            let table = try await run(["db", "stats"], data).output
            #expect(table.contains("system_settings") && table.contains("messages_y2020m01") && table.contains("timed out"), "\(table)")
            let figures = try await run(["db", "stats", "--json"], data).json()
            #expect((figures["unused_indexes"] as? [String])?.isEmpty == false)
        }

        private func run(_ arguments: [String], _ data: String) async throws -> BunkoProcess.Outcome {
            let outcome = try await BunkoProcess.run(arguments + ["--data", data])
            try #require(outcome.code == 0, "\(arguments): \(outcome.errors)")
            return outcome
        }

        /// Kills a backup in the middle: a lock on a table holds it there, until its session is ended.
        private func checkKilledBackup(_ service: TestService) async throws {
            let holder = try service.startSQL("BEGIN; LOCK TABLE users; SELECT pg_sleep(600)")
            let locks = "FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'users'::regclass AND granted"
            try await eventually("the lock") {
                try #require(holder.isRunning, "\(holder.errors)")
                return try await service.sql("SELECT count(*) \(locks)") == ["1"]
            }
            let process = try BunkoProcess.start(["backup", "create", "--data", service.data])
            try await eventually("the backup to wait") {
                try #require(process.isRunning, "\(process.errors)")
                return try await service.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") != ["0"]
            }
            let backups = "\(service.data)/backups"
            #expect(try FileManager.default.contentsOfDirectory(atPath: backups).count == 1)
            process.send(SIGKILL)
            #expect(try await process.exitCode(within: .seconds(30)) == -SIGKILL)
            #expect(try await run(["backup", "list"], service.data).output == "There is no backup in \(backups).\n")
            #expect(try await service.sql("SELECT pg_terminate_backend(pid) \(locks)") == ["t"])
            #expect(try await holder.exitCode(within: .seconds(30)) != 0)
            _ = try await run(["backup", "create"], service.data)
            #expect(try FileManager.default.contentsOfDirectory(atPath: backups).count == 1, "the killed one's remains are gone")
        }

        /// The same into a database that somebody else runs, and out of it again.
        private func checkForeign(_ path: String, _ folder: TemporaryFolder) async throws {
            let owner = try await TestDatabase.makeEmpty()
            let url = "postgresql://\(owner.user):\(owner.password ?? "")@/\(owner.database)?host=\(owner.host)&port=\(owner.port)"
            let data = folder.path("foreign")
            _ = try await run(["restore", path, "--to-database", url], data)
            let stored = try FileManager.default.subpathsOfDirectory(atPath: "\(data)/files").filter { $0.utf8.count == 67 }
            #expect(stored.count == 1)
            let again = try await BunkoProcess.run(["restore", path, "--to-database", url, "--data", folder.path("other")])
            #expect(again.code == 2 && again.errors.contains("not empty"), "\(again.errors)")
            let made = try await run(["backup", "create", "--json", "--database-url", url], data).json()
            #expect(made["files"] as? Int == 1 && made["missing_files"] as? Int == 0)
            let findings = try await run(["doctor", "--json", "--database-url", url], data).output
            #expect(findings.contains(#""bunko_backup\" may read all rows"#), "\(findings)")
        }

        /// A stored file that is gone is told with an exit code by whoever makes or reads the backup; a damaged manifest by the list.
        private func checkIncomplete(_ folder: TemporaryFolder) async throws {
            let (data, place) = (folder.path("data"), folder.path("incomplete"))
            let stored = try FileManager.default.subpathsOfDirectory(atPath: "\(data)/files").filter { $0.contains("/") }
            for file in stored { try FileManager.default.removeItem(atPath: "\(data)/files/\(file)") }
            let made = try await BunkoProcess.run(["backup", "create", "--to", place, "--json", "--data", data])
            #expect(made.code == 1, "\(made.errors)")
            let name = try #require(try made.json()["name"] as? String)
            for json in [[], ["--json"]] {
                let verified = try await BunkoProcess.run(["backup", "verify", name, "--to", place, "--data", data] + json)
                #expect(verified.code == 1 && verified.errors.contains("was missing"), "\(verified.errors)")
                #expect(!verified.output.isEmpty && !verified.output.contains("is whole"), "\(verified.output)")
            }
            try Data("{}".utf8).write(to: URL(filePath: "\(place)/\(name)/manifest.json"))
            let listed = try await run(["backup", "list", "--to", place], data).output
            #expect(listed.hasPrefix("\(name)  damaged: "), "\(listed)")
            #expect(try await run(["backup", "list", "--to", place, "--json"], data).output.contains(#""damaged":"#))
        }

        private func checkDamaged(_ path: String, _ folder: TemporaryFolder) async throws {
            let dump = URL(filePath: "\(path)/database.dump")
            var bytes = try Data(contentsOf: dump)
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: dump)
            let verified = try await BunkoProcess.run(["backup", "verify", path, "--data", folder.path("data")])
            #expect(verified.code == 3 && verified.errors.contains("database.dump"), "\(verified.errors)")
            let target = folder.path("untouched")
            let refused = try await BunkoProcess.run(["restore", path, "--data", target])
            #expect(refused.code == 3)
            #expect(!FileManager.default.fileExists(atPath: target))
        }
    }
}
