public import Domain
public import Logging
public import Postgres

/// One moment of a database, as a backup records it.
public struct DatabaseSnapshot: Sendable {
    /// A migration that was applied.
    public struct AppliedMigration: Sendable, Hashable, Codable {
        public let number: Int
        public let name: String
        public let checksum: String
    }

    /// A content some file refers to.
    public struct Content: Sendable, Hashable {
        public let digest: ContentDigest
        public let byteCount: Int
    }

    /// What `pg_dump --snapshot` takes, while the transaction is open.
    public let id: String
    /// Such as 150020 for 15.20.
    public let serverVersion: Int
    /// The role the tables belong to.
    public let owner: String
    public let migrations: [AppliedMigration]
    /// Rows of each table of the schema `public`; partitions stand for themselves.
    public let rowCounts: [String: Int]
    public let contents: [Content]
}

/// A database as a backup reads it: by a login that row-level security does not bind.
public struct BackupSource: Sendable {
    /// The login for `pg_dump`.
    public let login: PostgresConfiguration
    private let logger: Logger

    public init(login: PostgresConfiguration, logger: Logger) {
        self.login = login
        self.logger = logger
    }

    /// Runs the body while one snapshot is held open, and with it every content it refers to: the service removes none meanwhile.
    public func withSnapshot<R: Sendable>(_ body: (DatabaseSnapshot) async throws -> R) async throws -> R {
        try await withConnection(login, logger) { connection in
            // Before the snapshot is taken, so that what it refers to cannot go between the two.
            _ = try await connection.query("SELECT pg_advisory_lock_shared(\(BackupLock.key))")
            var mode = TransactionMode.readOnlySnapshot
            mode.settings["idle_in_transaction_session_timeout"] = "0"
            return try await connection.withTransaction(mode) { try await body(try await snapshot($0)) }
        }
    }

    private func snapshot(_ connection: PostgresConnection) async throws -> DatabaseSnapshot {
        guard try await hasSchema(connection) else {
            throw Problem(
                .environment, code: "nothing_to_back_up", "The database \"\(login.database)\" holds no data of Bunko yet.",
                remedy: "Start the server once, or name the right --data or DATABASE_URL.")
        }
        let facts = try await connection.query(
            """
            SELECT pg_export_snapshot(), pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'public.schema_migrations'::regclass
            """)
        guard let (id, owner) = try facts.first?.decode(String.self, String.self) else {
            throw Problem(.internalFault, code: "snapshot_missing", "The database exported no snapshot.")
        }
        let migrations = try await connection.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number").map {
            DatabaseSnapshot.AppliedMigration(
                number: try $0.decode("number", as: Int.self), name: try $0.decode("name", as: String.self),
                checksum: try $0.decode("checksum", as: String.self))
        }
        let contents = try await connection.query("SELECT DISTINCT sha256, file_size FROM files ORDER BY sha256").compactMap { row in
            let byteCount = try row.decode("file_size", as: Int.self)
            return ContentDigest(bytes: try row.decode("sha256", as: [UInt8].self)).map {
                DatabaseSnapshot.Content(digest: $0, byteCount: byteCount)
            }
        }
        return DatabaseSnapshot(
            id: id, serverVersion: connection.serverVersion, owner: owner, migrations: migrations,
            rowCounts: try await rowCounts(connection), contents: contents)
    }

    private func hasSchema(_ connection: PostgresConnection) async throws -> Bool {
        let rows = try await connection.query(
            "SELECT to_regclass('public.schema_migrations') IS NOT NULL AND to_regclass('public.files') IS NOT NULL")
        return try rows.first?.decode(Bool.self) ?? false
    }
}

/// A database a backup is to be restored into.
public struct RestoreTarget: Sendable {
    /// Owns what is restored.
    public let owner: PostgresConfiguration
    private let reader: PostgresConfiguration
    private let logger: Logger

    /// - Parameter reader: a login that row-level security does not bind, to count rows afterwards.
    public init(owner: PostgresConfiguration, reader: PostgresConfiguration, logger: Logger) {
        self.owner = owner
        self.reader = reader
        self.logger = logger
    }

    /// Throws `conflict` when schema `public` holds anything but extensions.
    /// - Returns: the server's version.
    public func requireEmpty() async throws -> Int {
        try await withConnection(owner, logger) { connection in
            let rows = try await connection.query(
                """
                SELECT relname::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY relname LIMIT 3
                """)
            let names = try rows.map { try $0.decode(String.self) }
            guard names.isEmpty else {
                throw Problem(
                    .conflict, code: "target_not_empty",
                    "The database \"\(owner.database)\" is not empty (it holds \(names.joined(separator: ", "))…); nothing was changed.",
                    remedy: "Restore into a new data folder (--data) or an empty database (--to-database).")
            }
            return connection.serverVersion
        }
    }

    /// Runs a restore of tables whose policies name another owner, and has them name this one afterwards.
    ///
    /// While it runs there is a role of the former owner's name; one that is made for it cannot log in, may do nothing and goes with the
    /// end.
    /// - Throws: `environment` when the role is missing and the owner may not make one.
    public func asSuccessor<R: Sendable>(of former: String, _ restore: () async throws -> R) async throws -> R {
        guard former != owner.user else { return try await restore() }
        let isMade = try await withConnection(owner, logger) { try await makeRole(former, $0) }
        do {
            let result = try await restore()
            try await withConnection(owner, logger) { connection in
                try await connection.withTransaction(TransactionMode()) { try await takeOverPolicies(of: former, $0) }
                if isMade { try await connection.execute("DROP ROLE \(identifier: former)") }
            }
            return result
        } catch {
            // Nothing names the role: the restore was rolled back.
            if isMade { _ = try? await withConnection(owner, logger) { try await $0.execute("DROP ROLE IF EXISTS \(identifier: former)") } }
            throw error
        }
    }

    private func makeRole(_ name: String, _ connection: PostgresConnection) async throws -> Bool {
        guard try await connection.query("SELECT FROM pg_roles WHERE rolname = \(name)").isEmpty else { return false }
        do {
            try await connection.execute("CREATE ROLE \(identifier: name) NOLOGIN")
            return true
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw Problem(
                .environment, code: "owner_differs",
                "The backup's policies name its owner \"\(name)\", a role this server does not have and \"\(owner.user)\" may not make.",
                remedy: "Let an administrator run: CREATE ROLE \"\(name)\" NOLOGIN; — it may be dropped afterwards.",
                parameter: "--to-database", underlying: error)
        }
    }

    private func takeOverPolicies(of former: String, _ connection: PostgresConnection) async throws {
        let policies = try await connection.query(
            "SELECT tablename::text, policyname::text FROM pg_policies WHERE schemaname = 'public' AND roles = ARRAY[\(former)::name]")
        for policy in policies {
            let (table, name) = try policy.decode(String.self, String.self)
            try await connection.execute(
                "ALTER POLICY \(identifier: name) ON public.\(identifier: table) TO \(identifier: owner.user)")
        }
    }

    /// Empties the outbox that the index follows, and forgets who followed it. Its transaction ids are those of the backup's server: here they
    /// may lie in the future, and what seems not to have come yet is read again and again. The index begins with every row anyhow.
    public func emptyOutbox() async throws {
        try await withConnection(owner, logger) { connection in
            try await connection.execute("TRUNCATE knowledge_changes, mirror_replicas")
            // Of every user, which the owner is kept from by the policies, and without another time of change.
            try await connection.executeScript(
                """
                BEGIN; ALTER TABLE files NO FORCE ROW LEVEL SECURITY; ALTER TABLE files DISABLE TRIGGER files_touch;
                UPDATE files SET done_xid = NULL WHERE done_xid IS NOT NULL;
                ALTER TABLE files ENABLE TRIGGER files_touch; ALTER TABLE files FORCE ROW LEVEL SECURITY; COMMIT
                """)
        }
    }

    /// Rows of each table of the schema `public`.
    public func rowCounts() async throws -> [String: Int] {
        try await withConnection(reader, logger) { try await Storage.rowCounts($0) }
    }
}

/// Held shared by a backup under way, exclusively by whoever removes stored contents.
enum BackupLock {
    static let key: Int64 = 0x62_6B_5F_62_61_63_6B_75
}

private func rowCounts(_ connection: PostgresConnection) async throws -> [String: Int] {
    let tables = try await connection.query(
        """
        SELECT relname::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY relname
        """
    ).map { try $0.decode(String.self) }
    var counts: [String: Int] = [:]
    for table in tables {
        counts[table] = try await connection.query("SELECT count(*) FROM public.\(identifier: table)").first?.decode(Int.self)
    }
    return counts
}

private func withConnection<R: Sendable>(
    _ login: PostgresConfiguration, _ logger: Logger, _ body: (PostgresConnection) async throws -> R
) async throws -> R {
    do {
        let connection = try await PostgresConnection.connect(login, logger: logger)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    } catch let error as PostgresError {
        throw Problem(error)
    }
}
