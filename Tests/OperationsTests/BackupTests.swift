import Domain
import Foundation
@testable import Operations
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct BackupTests {
    @Test func `What was backed up comes back row for row and byte for byte, after everything is gone`() async throws {
        try await withBackups { backups in
            let rows = try await Backups.hashes(backups.database.superuser)
            let files = try Backups.files(below: backups.contents)
            let entry = try await backups.writer.write()
            #expect(entry.manifest.files.count == 2 && files.count == 2, "one content once")
            #expect(entry.manifest.missing_files.isEmpty)
            #expect(entry.manifest.tables["files"] == 3 && entry.manifest.tables["users"] == 4)
            #expect(entry.manifest.tables["embedding_cache"] == 1, "what was paid for is saved, too")
            #expect(entry.manifest.migrations.map(\.number) == Migration.all.map(\.number))

            try await backups.database.administrate("DELETE FROM users WHERE username IN ('alice', 'bob')")
            try FileManager.default.removeItem(atPath: backups.contents)

            let restored = try await backups.restore(entry.path)
            let back = try await Backups.hashes(restored)
            #expect(rows.count > 20)
            expectSame(rows, back)
            let kept = try await withConnection(restored) {
                try await $0.query("SELECT text_sha256 = sha256('a passage') AND vector_dims(embedding) = 1536 FROM embedding_cache")
                    .map { try $0.decode(Bool.self) }
            }
            #expect(kept == [true])
            let changes = try await withConnection(restored) { try await $0.query("SELECT FROM knowledge_changes").count }
            #expect(changes == 0, "the outbox speaks of another server's transactions")
            #expect(Set(back.keys) == Set(rows.keys))
            #expect(try Backups.files(below: "\(backups.folder)/restored") == files)
        }
    }

    @Test func `A restored file knows no transaction of the old server, and is no newer for that`() async throws {
        try await withBackups { backups in
            try await backups.database.administrate("UPDATE files SET done_xid = pg_current_xact_id()")
            let times: SQL = "SELECT string_agg(id || ' ' || updated_at, ',' ORDER BY user_id, id) FROM files"
            let before = try await withConnection(backups.database.superuser) { try await $0.query(times).first?.decode(String.self) }
            let restored = try await backups.restore(try await backups.writer.write().path)
            let after = try await withConnection(restored) { try await $0.query(times).first?.decode(String.self) }
            let known = try await withConnection(restored) { try await $0.query("SELECT FROM files WHERE done_xid IS NOT NULL").count }
            #expect(known == 0 && before == after)
            let forced = try await withConnection(restored) {
                try await $0.query("SELECT FROM pg_class WHERE relname = 'files' AND relforcerowsecurity").count
            }
            #expect(forced == 1)
        }
    }

    @Test func `A restored schema is the same, with its policies, and its owner may migrate it`() async throws {
        try await withBackups { backups in
            let entry = try await backups.writer.write()
            let owner = try await TestDatabase.makeEmpty()
            try await backups.restore(entry.path, into: owner)
            let policies: SQL = """
                SELECT string_agg(concat_ws(' ', tablename, policyname, roles, cmd, qual, with_check), E'\\n' ORDER BY tablename, policyname)
                FROM pg_policies WHERE schemaname = 'public'
                """
            let before = try await withConnection(backups.database.superuser) { try await $0.query(policies).first?.decode(String.self) }
            let after = try await withConnection(owner) { try await $0.query(policies).first?.decode(String.self) }
            #expect(before == after && before != nil)
            let forced = try await withConnection(owner) {
                try await $0.query("SELECT count(*) FROM pg_class WHERE relforcerowsecurity AND relrowsecurity").first?.decode(Int.self)
            }
            #expect((forced ?? 0) > 10)
            let steps = try await MigrationEngine(configuration: owner, migrations: Migration.all, logger: .silent).up()
            #expect(steps.isEmpty)
            let app = DatabaseLogins(owner: owner).app
            let seen = try await withConnection(app) { connection in
                try await connection.executeScript("SET app.user_id = '\(backups.database.bob.id)'")
                return try await connection.query("SELECT content FROM knowledge_base").map { try $0.decode(String.self) }
            }
            #expect(seen == ["another's"])
        }
    }

    @Test func `A backup is restored by an owner of another name, on another server, and belongs to them`() async throws {
        try await withBackups { backups in
            let entry = try await backups.writer.write()
            let server = try await TestCluster.start()
            try await server.execute(
                "CREATE ROLE customer LOGIN CREATEROLE PASSWORD 'secret'", "CREATE DATABASE theirs OWNER customer",
                "CREATE ROLE bunko_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data PASSWORD 'secret'")
            try await server.execute("CREATE EXTENSION vector", "CREATE EXTENSION pgcrypto", database: "theirs")
            var owner = server.superuser.on("theirs")
            (owner.user, owner.password) = ("customer", "secret")
            let logins = try await Provisioning(logger: .silent).prepare(owner: owner)
            let target = RestoreTarget(
                owner: owner, reader: try await Provisioning(logger: .silent).backupLogin(logins), logger: .silent)
            try await BackupReader.open(entry.path).restore(
                into: target, contents: "\(backups.folder)/elsewhere", programs: Backups.programs)

            let (rows, back) = (
                try await Backups.hashes(backups.database.superuser), try await Backups.hashes(server.superuser.on("theirs"))
            )
            expectSame(rows, back)
            let owned = try await withConnection(owner) { connection in
                #expect(try await connection.query("SELECT FROM pg_roles WHERE rolname = 'bunko_owner'").isEmpty)
                // A step down and up again takes away what only an owner may.
                let engine = MigrationEngine(configuration: owner, migrations: Migration.all, logger: .silent)
                try await engine.down(to: 12)
                try await engine.up()
                return try await connection.query("SELECT FROM pg_policies WHERE roles = ARRAY['customer'::name]").count
            }
            #expect(owned > 10)
            // The functions that answer before a principal exists see what they need, through the policies of their owner.
            let standing = try await withConnection(logins.app) { connection in
                try await connection.query("SELECT is_active FROM account_standing(\(backups.database.bob.id), gen_random_uuid())").count
            }
            #expect(standing == 1)
            try await server.remove()
        }
    }

    @Test func `One changed byte in any part is found before anything is restored`() async throws {
        try await withBackups { backups in
            let entry = try await backups.writer.write()
            let parts = try FileManager.default.subpathsOfDirectory(atPath: entry.path).filter {
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(entry.path)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
            }
            #expect(parts.count == 5, "manifest, its checksum, the dump, two files")
            let owner = try await TestDatabase.makeEmpty()
            for part in parts {
                let url = URL(filePath: "\(entry.path)/\(part)")
                let whole = try Data(contentsOf: url)
                for place in [0, whole.count / 2, whole.count - 1] {
                    var damaged = whole
                    damaged[place] ^= 1
                    try damaged.write(to: url)
                    let problem = await failure(Problem.self) { try await backups.restore(entry.path, into: owner) }
                    #expect(problem?.code == "backup_damaged", "\(part) at \(place): \(String(describing: problem))")
                }
                try whole.dropLast().write(to: url)
                let short = await failure(Problem.self) { try await backups.restore(entry.path, into: owner) }
                #expect(short?.code == "backup_damaged", "\(part) cut short")
                try whole.write(to: url)
            }
            #expect(try await isEmpty(owner))
            #expect(!FileManager.default.fileExists(atPath: "\(backups.folder)/restored"))
            try await backups.restore(entry.path, into: owner)
        }
    }

    @Test func `A part that is gone is named`() async throws {
        try await withBackups { backups in
            let entry = try await backups.writer.write()
            try FileManager.default.removeItem(atPath: "\(entry.path)/database.dump")
            let problem = await failure(Problem.self) { _ = try await BackupReader.open(entry.path) }
            #expect(problem?.code == "backup_damaged" && problem?.detail.contains("database.dump is missing") == true)
            let none = await failure(Problem.self) { _ = try await BackupReader.open("\(backups.folder)/nothing") }
            #expect(none?.code == "backup_not_found")
        }
    }

    @Test func `A database or folder that holds something is refused, and stays as it is`() async throws {
        try await withBackups { backups in
            let entry = try await backups.writer.write()
            let before = try await Backups.hashes(backups.database.superuser)
            let full = await failure(Problem.self) { try await backups.restore(entry.path, into: backups.database.logins.owner) }
            #expect(full?.code == "target_not_empty" && full?.kind == .conflict)
            #expect(try await Backups.hashes(backups.database.superuser) == before)
            #expect(!FileManager.default.fileExists(atPath: "\(backups.folder)/restored"))

            let owner = try await TestDatabase.makeEmpty()
            let files = try Backups.files(below: backups.contents)
            let occupied = await failure(Problem.self) { try await backups.restore(entry.path, into: owner, files: "files") }
            #expect(occupied?.code == "target_not_empty")
            #expect(try await isEmpty(owner))
            #expect(try Backups.files(below: backups.contents) == files)
        }
    }

    @Test func `A restore that fails halfway leaves neither rows nor files`() async throws {
        try await withBackups { backups in
            let entry = try await backups.writer.write()
            let owner = try await TestDatabase.makeEmpty()
            // An empty schema without the extension: the first table with a vector fails.
            try await withConnection(backups.database.superuser.on(owner.database)) { try await $0.execute("DROP EXTENSION vector") }
            let problem = await failure(Problem.self) { try await backups.restore(entry.path, into: owner) }
            #expect(
                problem?.code == "database_program_failed" && problem?.detail.contains("vector") == true, "\(String(describing: problem))")
            #expect(try await isEmpty(owner))
            #expect(try Backups.files(below: "\(backups.folder)/restored").isEmpty)
        }
    }

    @Test func `Counts that differ are told with their table`() {
        let problem = #expect(throws: Problem.self) { try BackupReader.compare(["a": 1, "b": 2], ["a": 1, "b": 3]) }
        #expect(problem?.detail.contains("\"b\": 3 and not 2") == true)
        #expect(throws: Problem.self) { try BackupReader.compare(["a": 1], [:]) }
        #expect(throws: Problem.self) { try BackupReader.compare([:], ["a": 0]) }
        #expect(throws: Never.self) { try BackupReader.compare(["a": 1], ["a": 1]) }
    }

    @Test func `While a backup is under way rows may go, but the bytes of its moment stay until it is done`() async throws {
        try await withBackups { backups in
            let database = backups.database
            let kept = try await backups.source.withSnapshot { snapshot in
                try await database.administrate("DELETE FROM files")
                try await database.administrate("UPDATE file_contents SET released_at = now() - interval '2 hours'")
                let taken = try await database.database.write(database.system) { try await $0.takeReleasedContents(limit: 100) }
                #expect(taken.isEmpty)
                return snapshot
            }
            #expect(kept.rowCounts["files"] == 3 && kept.contents.count == 2)
            // The backup's lock goes with its connection, which the server notices to be closed in its own time.
            let areTaken = try await eventually {
                try await database.database.write(database.system) { try await $0.takeReleasedContents(limit: 100) }.count == 2
            }
            #expect(areTaken)
        }
    }

    @Test func `Changes made while it is written are not part of it`() async throws {
        try await withBackups { backups in
            let database = backups.database
            let noise = Task {
                var count = 0
                while !Task.isCancelled {
                    try await database.insertPassage("noise \(count)", for: database.alice)
                    try await database.administrate("DELETE FROM files WHERE source_path = 'two.md'")
                    count += 1
                }
            }
            let entry = try await backups.writer.write()
            noise.cancel()
            _ = await noise.result
            // The counts are compared with those of the manifest by the restore itself.
            let restored = try await backups.restore(entry.path)
            let stored = try await withConnection(restored) {
                try await $0.query("SELECT count(DISTINCT sha256) FROM files").first?.decode(Int.self)
            }
            #expect(stored == entry.manifest.files.count)
        }
    }

    @Test func `A stored file that is gone or damaged already is told, and the rest is saved`() async throws {
        try await withBackups { backups in
            let (first, second) = (ContentStore.digest(of: Array("the first".utf8)), ContentStore.digest(of: Array("the second".utf8)))
            try FileManager.default.removeItem(atPath: "\(backups.contents)/\(ContentStore.path(of: first))")
            try Data("other bytes".utf8).write(to: URL(filePath: "\(backups.contents)/\(ContentStore.path(of: second))"))
            let entry = try await backups.writer.write()
            #expect(entry.manifest.files.isEmpty)
            #expect(Set(entry.manifest.missing_files.map { "\($0.sha256) \($0.reason)" }) == ["\(first) missing", "\(second) damaged"])
            _ = try await backups.restore(entry.path)
        }
    }

    @Test func `A failure leaves nothing behind`() async throws {
        try await withBackups { backups in
            let broken = BackupWriter(
                source: backups.source, contents: backups.contents, shelf: backups.shelf, version: "test"
            ) { _ in throw TestFailure("no programs") }
            await #expect(throws: TestFailure.self) { try await broken.write() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: backups.shelf.directory).isEmpty)
            let noDatabase = BackupSource(login: try await TestDatabase.makeEmpty(), logger: .silent)
            let empty = BackupWriter(
                source: noDatabase, contents: backups.contents, shelf: backups.shelf, version: "test", programs: Backups.programs)
            let problem = await failure(Problem.self) { _ = try await empty.write() }
            #expect(problem?.code == "nothing_to_back_up")
        }
    }

    @Test func `A backup that is called off ends pg_dump and leaves nothing behind`() async throws {
        try await withBackups { backups in
            let holder = try await PostgresConnection.connect(backups.database.superuser, logger: .silent)
            // pg_dump waits for the parent of the partitions, whose rows are not counted.
            try await holder.executeScript("BEGIN; LOCK TABLE ONLY messages IN ACCESS EXCLUSIVE MODE")
            let (writer, database) = (backups.writer, backups.database)
            let backup = Task { try await writer.write() }
            let sessions: SQL = """
                SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bunko backup'
                """
            #expect(try await eventually { try await !database.administrate("\(sessions) AND wait_event_type = 'Lock'").isEmpty })
            backup.cancel()
            await #expect(throws: CancellationError.self) { try await backup.value }
            #expect(try FileManager.default.contentsOfDirectory(atPath: backups.shelf.directory).isEmpty)
            #expect(try await eventually { try await database.administrate(sessions).isEmpty })
            await holder.close()
        }
    }

    @Test func `A schema this program does not know is refused`() async throws {
        try await withBackups { backups in
            let reader = try await BackupReader.open(try await backups.writer.write().path)
            let known = Migration.all.map { ($0.number, $0.checksum) }
            #expect(throws: Never.self) { try reader.requireKnown(known) }
            #expect(throws: Never.self) { try reader.requireKnown(known + [(99, "of a newer program")]) }
            let older = #expect(throws: Problem.self) { try reader.requireKnown(known.dropLast()) }
            #expect(older?.code == "backup_too_new")
            #expect(throws: Problem.self) { try reader.requireKnown(known.map { ($0.0, "changed") }) }
        }
    }

    @Test func `Backups past their days go, the others and foreign folders stay`() async throws {
        try await withBackups { backups in
            let old = try await backups.writer.write()
            let fresh = try await backups.writer.write()
            let foreign = "\(backups.shelf.directory)/bunko-mine"
            try FileManager.default.createDirectory(atPath: foreign, withIntermediateDirectories: false)
            // A killed one's remains, which the next backup clears away, and one that another process is at.
            let leftover = "\(backups.shelf.directory)/.partial-abc"
            try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: false)
            let (underWay, hold) = try backups.shelf.begin()
            defer { hold.release() }
            #expect(Set(try await backups.shelf.list().map(\.name)) == [old.name, fresh.name])

            let now = old.manifest.createdAt
            #expect(try await backups.shelf.prune(olderThanDays: 30, now: now.addingTimeInterval(29 * 86_400)).isEmpty)
            let third = try await backups.writer.write()
            #expect(!FileManager.default.fileExists(atPath: leftover))
            #expect(FileManager.default.fileExists(atPath: underWay.path))
            let removed = try await backups.shelf.prune(
                olderThanDays: 30, now: third.manifest.createdAt.addingTimeInterval(30 * 86_400 - 0.5))
            #expect(removed.count == Set([old, fresh].filter { $0.manifest.created_at < third.manifest.created_at }.map(\.name)).count)
            _ = try await backups.shelf.prune(olderThanDays: 30, now: third.manifest.createdAt.addingTimeInterval(31 * 86_400))
            #expect(try await backups.shelf.list().isEmpty)
            #expect(FileManager.default.fileExists(atPath: foreign))
        }
    }

    @Test func `A damaged backup stands in the list with its reason, and goes by the time in its name`() async throws {
        try await withBackups { backups in
            let (whole, damaged) = (try await backups.writer.write(), try await backups.writer.write())
            let (time, tarred) = (damaged.manifest.createdAt, "\(damaged.path).tar")
            try Data("{}".utf8).write(to: URL(filePath: "\(damaged.path)/manifest.json"))
            try Data().write(to: URL(filePath: tarred))
            let items = try await backups.shelf.list()
            #expect(Set(items.map(\.name)) == [whole.name, damaged.name])
            for item in items {
                let problem = await failure(Problem.self) { _ = try item.manifest.get() }
                #expect(problem?.code == (item.name == damaged.name ? "backup_damaged" : nil))
                #expect(item.createdAt == (item.name == damaged.name ? time : whole.manifest.createdAt))
            }
            #expect(try await backups.shelf.prune(olderThanDays: 30, now: time.addingTimeInterval(29 * 86_400)).isEmpty)
            let removed = try await backups.shelf.prune(olderThanDays: 30, now: time.addingTimeInterval(31 * 86_400))
            #expect(Set(removed) == [whole.name, damaged.name])
            #expect(FileManager.default.fileExists(atPath: tarred), "it only has a similar name")
        }
    }

    @Test func `Where row-level security binds every login, the backup says what to do`() async throws {
        let server = try await TestCluster.start()
        try await server.execute("CREATE ROLE customer LOGIN CREATEROLE PASSWORD 'secret'", "CREATE DATABASE theirs OWNER customer")
        var owner = server.superuser.on("theirs")
        (owner.user, owner.password) = ("customer", "secret")
        let provisioning = Provisioning(logger: .silent)
        let logins = DatabaseLogins(owner: owner)
        let problem = await failure(Problem.self) { _ = try await provisioning.backupLogin(logins) }
        #expect(problem?.code == "backup_role_missing" && problem?.remedy?.contains("CREATE ROLE bunko_backup LOGIN BYPASSRLS") == true)
        #expect(problem?.description.contains("secret") == false)
        try await server.execute("CREATE ROLE bunko_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data PASSWORD 'secret'")
        #expect(try await provisioning.backupLogin(logins).user == "bunko_backup")
        try await server.execute("ALTER ROLE customer BYPASSRLS")
        #expect(try await provisioning.backupLogin(logins).user == "customer")
        try await server.remove()
    }

    /// The same rows in every table, but for the outbox, which a restore empties.
    private func expectSame(_ rows: [String: String], _ back: [String: String]) {
        let outbox = "knowledge_changes"
        #expect(rows[outbox] != nil && rows[outbox] != back[outbox])
        for (table, hash) in rows where table != outbox { #expect(back[table] == hash, "\(table)") }
    }

    private func isEmpty(_ owner: PostgresConfiguration) async throws -> Bool {
        try await withConnection(owner) { connection in
            try await connection.query(
                """
                SELECT FROM pg_class c WHERE relnamespace = 'public'::regnamespace
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
                """
            ).isEmpty
        }
    }
}
