import Domain
import Postgres
import Storage
import TestSupport
import Testing

/// Walks every table that says whose its rows are, as it stands in the catalogue.
@Suite struct RowSecurityTests {
    @Test func `A user sees and changes nothing of another's in any table`() async throws {
        try await withTestDatabase { db in
            let tables = try await OwnedTable.all(db)
            #expect(Set(tables.map(\.name)) == Set(OwnedTable.samples.keys), "give each table with a user_id a sample row")
            for user in [db.alice, db.bob] {
                for table in tables { try await table.insertSample(for: user, db) }
            }
            for table in tables {
                guard !Self.closed.contains(table.name) else {
                    try await expectClosed(table, db)
                    continue
                }
                #expect(try await table.count(ownedBy: db.alice, asSeenBy: db.alice, db) > 0, "\(table.name)")
                #expect(try await table.count(ownedBy: db.alice, asSeenBy: db.bob, db) == 0, "\(table.name)")
                #expect(try await table.count(ownedBy: db.alice, asSeenBy: nil, db) == 0, "\(table.name)")
                try await expectUntouchable(table, db)
                try await expectNoForeignOwner(table, db)
                try await expectNoForeignReference(table, db)
            }
            print("row security: \(tables.count) tables walked for select, insert, update, delete and references")
        }
    }

    /// What not even its owner reads: the functions that answer before a principal exists look into them.
    private static let closed: Set<String> = ["account_tokens", "refresh_tokens"]

    /// What not even its owner deletes: usage stays as it was written, preferences are changed, kept answers and vectors end by themselves,
    /// jobs with their file.
    private static let undeletable: Set<String> = ["api_usage", "user_preferences", "idempotency_keys", "embedding_cache", "jobs"]

    private func expectClosed(_ table: OwnedTable, _ db: TestDatabase) async throws {
        for statement: SQL in ["SELECT FROM \(identifier: table.name)", "DELETE FROM \(identifier: table.name)"] {
            let error = await failure(PostgresError.self) { try await db.asApp(db.alice) { _ = try await $0.execute(statement) } }
            #expect(error?.code == .insufficientPrivilege, "\(table.name)")
        }
        let granted = try await db.administrate(
            """
            SELECT FROM pg_attribute WHERE attrelid = \(table.name)::regclass AND attnum > 0 AND (
                has_column_privilege('bunko_app', attrelid, attnum, 'INSERT') OR has_column_privilege('bunko_app', attrelid, attnum, 'UPDATE'))
            """)
        #expect(granted.isEmpty, "\(table.name)")
    }

    /// Bob's updates and deletes do not reach Alice's rows.
    private func expectUntouchable(_ table: OwnedTable, _ db: TestDatabase) async throws {
        let before = try await table.rows(of: db.alice, db)
        try await db.asApp(db.bob) { connection in
            for column in try await table.updatableColumns(connection) {
                let changed = try await connection.execute(
                    "UPDATE \(identifier: table.name) SET \(identifier: column) = \(identifier: column) WHERE user_id = \(db.alice.id)")
                #expect(changed == 0, "\(table.name).\(column)")
            }
            do {
                #expect(try await connection.execute("DELETE FROM \(identifier: table.name) WHERE user_id = \(db.alice.id)") == 0)
            } catch let error as PostgresError where error.code == .insufficientPrivilege {
                #expect(Self.undeletable.contains(table.name), "\(table.name)")
            }
        }
        #expect(try await table.rows(of: db.alice, db) == before)
    }

    /// Bob can neither add a row in Alice's name nor give her one of his.
    private func expectNoForeignOwner(_ table: OwnedTable, _ db: TestDatabase) async throws {
        let row = try #require(try await table.rows(of: db.alice, db).first)
        let inserted = await failure(PostgresError.self) {
            try await db.asApp(db.bob) { try await table.insert(row, changing: ["id": ChunkID().description], $0) }
        }
        #expect(inserted?.code == .insufficientPrivilege, "\(table.name)")
        let given = await failure(PostgresError.self) {
            try await db.asApp(db.bob) { connection in
                _ = try await connection.execute(
                    "UPDATE \(identifier: table.name) SET user_id = \(db.alice.id) WHERE user_id = \(db.bob.id)")
            }
        }
        #expect(given?.code == .insufficientPrivilege, "\(table.name)")
    }

    /// Bob's rows cannot refer to Alice's by any of the table's foreign keys within one owner.
    private func expectNoForeignReference(_ table: OwnedTable, _ db: TestDatabase) async throws {
        for column in try await table.ownReferences(db) {
            let alien = try await db.administrate(
                """
                SELECT \(identifier: column)::text FROM \(identifier: table.name)
                WHERE user_id = \(db.alice.id) AND \(identifier: column) IS NOT NULL LIMIT 1
                """)
            let value = try #require(try alien.first?.decode(String?.self))
            let row = try #require(try await table.rows(of: db.bob, having: column, db).first)
            let changes = ["id": ChunkID().description, "source_path": ChunkID().description, column: value]
            let error = await failure(PostgresError.self) {
                if table.isWrittenByServiceAlone {
                    try await withConnection(db.logins.worker) { try await table.insert(row, changing: changes, $0) }
                } else {
                    try await db.asApp(db.bob) { try await table.insert(row, changing: changes, $0) }
                }
            }
            #expect(error?.code == .foreignKeyViolation, "\(table.name).\(column): \(error?.description ?? "accepted")")
        }
    }

    @Test func `Policies are forced on every table of a user, and on users`() async throws {
        try await withTestDatabase { db in
            for name in try await OwnedTable.all(db).map(\.name) + ["users"] {
                let row = try await db.administrate(
                    "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = \(name)::regclass")
                #expect(try row.first?.decode(Bool.self) == true, "\(name)")
            }
            try await db.put("a.md", for: db.alice)
            let seen = try await withConnection(db.logins.owner) { try await $0.query("SELECT FROM files") }
            #expect(seen.isEmpty, "the owner of the tables is bound as well")
        }
    }

    @Test func `Users see themselves alone and cannot raise themselves`() async throws {
        try await withTestDatabase { db in
            try await db.asApp(db.bob) { connection in
                let seen = try await connection.query("SELECT id FROM users").map { try $0.decode(UserID.self) }
                #expect(seen == [db.bob.id])
            }
            for statement: SQL in [
                "UPDATE users SET first_name = 'x'", "UPDATE users SET is_admin = true", "UPDATE users SET password_hash = 'x'",
                "DELETE FROM users",
                "INSERT INTO users (username, email, password_hash) VALUES ('x', 'x', 'x')",
                "SELECT FROM file_contents", "DELETE FROM file_contents", "SELECT FROM knowledge_changes",
                "INSERT INTO knowledge_changes (row_id, partition_id) VALUES (gen_random_uuid(), gen_random_uuid())",
                "DELETE FROM knowledge_changes", "UPDATE system_settings SET value = '1'", "CREATE TABLE mine (x int)",
                "UPDATE api_keys SET scopes = '{admin}'", "ALTER TABLE files DISABLE ROW LEVEL SECURITY", "SET ROLE bunko_worker",
                "TRUNCATE files", "SELECT password_hash FROM users", "SELECT FROM messages_default", "SELECT FROM login_attempts",
                "SELECT id FROM refresh_tokens", "INSERT INTO api_usage (user_id, api_name) VALUES (gen_random_uuid(), 'x')",
                "SELECT ensure_message_partitions(current_date, 1)",
                "SELECT archive_old_messages()", "UPDATE messages SET created_at = now()", "UPDATE messages_archive SET content = 'x'",
            ] {
                let error = await failure(PostgresError.self) { try await db.asApp(db.bob) { _ = try await $0.execute(statement) } }
                #expect(error?.code == .insufficientPrivilege, "\(statement)")
            }
        }
    }

    @Test func `No role of the service can bypass the policies`() async throws {
        let cluster = try await TestCluster.shared()
        try await withTestDatabase { _ in
            let rows = try await withConnection(cluster.superuser) { connection in
                try await connection.query(
                    """
                    SELECT rolname::text FROM pg_roles
                    WHERE rolname IN ('authenticated', 'bunko_app', 'bunko_worker', 'bunko_owner')
                        AND NOT rolbypassrls AND NOT rolsuper ORDER BY 1
                    """)
            }
            #expect(try rows.map { try $0.decode(String.self) } == ["authenticated", "bunko_app", "bunko_owner", "bunko_worker"])
        }
    }
}
