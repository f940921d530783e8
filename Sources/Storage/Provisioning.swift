import Dispatch
import Domain
public import Logging
public import Postgres

/// Makes a database ready for the product, and says in one sentence what stands in the way when it is not.
public struct Provisioning: Sendable {
    /// The oldest PostgreSQL and pgvector the product works with.
    public static let minimumServerVersion = 150_000
    public static let minimumVectorVersion = (0, 8)

    /// How long a server that starts or recovers is waited for.
    private static let patience = Duration.seconds(60)

    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    /// Prepares the private cluster: an owner that is no superuser, the database, and its extensions.
    ///
    /// - Parameter superuser: the cluster's own administrator.
    /// - Returns: the owner's login on the database `bunko`.
    public func prepareOwnCluster(superuser: PostgresConfiguration) async throws -> PostgresConfiguration {
        var owner = superuser
        owner.user = "bunko_owner"
        owner.database = "bunko"
        try await connected(superuser) { connection in
            try await createRole("bunko_owner", options: "LOGIN CREATEROLE", password: superuser.password, connection)
            try await createRole("bunko_backup", options: "LOGIN BYPASSRLS", password: superuser.password, connection)
            try await connection.execute("GRANT pg_read_all_data TO bunko_backup")
            let there = try await connection.query("SELECT FROM pg_database WHERE datname = 'bunko'")
            if there.isEmpty {
                try await connection.execute("CREATE DATABASE bunko OWNER bunko_owner")
            }
        }
        var inside = superuser
        inside.database = "bunko"
        try await connected(inside) { connection in
            try await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            try await connection.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")
        }
        return owner
    }

    /// Checks version, extensions and privileges of a database that is to be used, then makes the service's roles.
    ///
    /// - Throws: `environment` with one sentence for the first thing that is missing, and its remedy.
    public func prepare(owner: PostgresConfiguration) async throws -> DatabaseLogins {
        let logins = DatabaseLogins(owner: owner)
        try await connected(owner) { connection in
            try Self.checkVersion(connection)
            try await checkExtension("vector", connection)
            try await checkExtension("pgcrypto", connection)
            try await checkPrivileges(connection)
            try await createServiceRoles(logins, connection)
        }
        for login in [logins.app, logins.worker] {
            try await ensureLogin(login, owner: owner)
        }
        return logins
    }

    /// Looks at a database without changing it; what it finds in order, in words.
    ///
    /// - Throws: `environment` for the first thing that stands in the way.
    public func examine(_ owner: PostgresConfiguration) async throws -> [String] {
        try await connected(owner) { connection in
            try Self.checkVersion(connection)
            try await checkExtension("vector", connection, creating: false)
            try await checkExtension("pgcrypto", connection, creating: false)
            try await checkPrivileges(connection)
            let rows = try await connection.query(
                "SELECT version() AS server, (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') AS vector")
            let server = try rows.first?.decode("server", as: String.self) ?? "unknown"
            let vector = try rows.first?.decode("vector", as: String?.self) ?? "unknown"
            return ["\(server.prefix { $0 != "," })", "pgvector \(vector)"]
        }
    }

    private static func checkVersion(_ connection: PostgresConnection) throws {
        let version = connection.serverVersion
        guard version >= minimumServerVersion else {
            throw Problem(
                .environment, code: "postgres_too_old", "The database is PostgreSQL \(version / 10_000); Bunko needs 15 or newer.",
                remedy: "Upgrade the server, or unset DATABASE_URL to let Bunko run its own.", parameter: "DATABASE_URL")
        }
    }

    private func checkExtension(_ name: String, _ connection: PostgresConnection, creating: Bool = true) async throws {
        let rows = try await connection.query(
            """
            SELECT default_version, installed_version FROM pg_available_extensions WHERE name = \(name)
            """)
        guard let row = rows.first else {
            throw Problem(
                .environment, code: "extension_missing", "The database server has no extension \"\(name)\".",
                remedy: name == "vector"
                    ? "Install pgvector 0.8 or newer on the database server."
                    : "Install PostgreSQL's contrib package on the database server.",
                parameter: "DATABASE_URL")
        }
        let installed = try row.decode("installed_version", as: String?.self)
        if installed == nil, creating { try await createExtension(name, connection) }
        let version = try installed ?? row.decode("default_version", as: String.self)
        guard name != "vector" || Self.isNewEnough(version) else {
            throw Problem(
                .environment, code: "pgvector_too_old", "The database has pgvector \(version); Bunko needs 0.8 or newer.",
                remedy: "Install a newer pgvector on the database server and run ALTER EXTENSION vector UPDATE.", parameter: "DATABASE_URL")
        }
    }

    private func createExtension(_ name: String, _ connection: PostgresConnection) async throws {
        do {
            try await connection.execute("CREATE EXTENSION IF NOT EXISTS \(identifier: name)")
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw Problem(
                .environment, code: "extension_not_created", "This login may not create the extension \"\(name)\".",
                remedy: "Let an administrator of the database run: CREATE EXTENSION \(name);", parameter: "DATABASE_URL", underlying: error)
        }
    }

    private static func isNewEnough(_ version: String) -> Bool {
        let parts = version.split(separator: ".").compactMap { Int($0) }
        guard parts.count >= 2 else { return false }
        return (parts[0], parts[1]) >= minimumVectorVersion
    }

    private func checkPrivileges(_ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT has_schema_privilege('public', 'CREATE') AS creates,
                (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS makes_roles,
                (SELECT count(*) FROM pg_roles WHERE rolname IN ('authenticated', 'bunko_app', 'bunko_worker')) AS roles,
                current_user::text AS owner, current_database()::text AS database
            """)
        guard let row = rows.first else { return }
        let (owner, database) = try (row.decode("owner", as: String.self), row.decode("database", as: String.self))
        guard try row.decode("creates", as: Bool.self) else {
            throw Problem(
                .environment, code: "schema_privilege_missing",
                "The login \"\(owner)\" may not create tables in schema public of \"\(database)\".",
                remedy: "Let an administrator run: ALTER DATABASE \"\(database)\" OWNER TO \"\(owner)\";", parameter: "DATABASE_URL")
        }
        guard try row.decode("makes_roles", as: Bool.self) || row.decode("roles", as: Int.self) == 3 else {
            throw Problem(
                .environment, code: "role_privilege_missing",
                "The login \"\(owner)\" may not create the roles Bunko needs (authenticated, bunko_app, bunko_worker).",
                remedy: "Let an administrator run: ALTER ROLE \"\(owner)\" CREATEROLE;", parameter: "DATABASE_URL")
        }
    }

    private func createServiceRoles(_ logins: DatabaseLogins, _ connection: PostgresConnection) async throws {
        try await createRole("authenticated", options: "NOLOGIN", password: nil, connection)
        try await createRole("bunko_app", options: "LOGIN IN ROLE authenticated", password: logins.app.password, connection)
        try await createRole("bunko_worker", options: "LOGIN", password: logins.worker.password, connection)
    }

    /// Does nothing when the role exists, also when another replica makes it at the same moment.
    private func createRole(_ name: String, options: String, password: String?, _ connection: PostgresConnection) async throws {
        let there = try await connection.query("SELECT FROM pg_roles WHERE rolname = \(name)")
        guard there.isEmpty else { return }
        let secret = password.map { " PASSWORD '\($0.replacing("'", with: "''"))'" } ?? ""
        do {
            try await connection.execute("CREATE ROLE \(identifier: name) \(unescaped: options)\(unescaped: secret)")
            logger.info("created database role", metadata: ["role": "\(name)"])
        } catch let error as PostgresError where error.sqlState == "42710" || error.sqlState == "23505" {
            logger.debug("another replica created the role", metadata: ["role": "\(name)"])
        }
    }

    /// Logs in once. When that fails although the owner gets in, the role's password is set anew (the owner's may have changed) and
    /// the log-in tried once more: a refused connection has no SQLSTATE to tell the reasons apart.
    private func ensureLogin(_ login: PostgresConfiguration, owner: PostgresConfiguration) async throws {
        do {
            try await connected(login) { _ in }
        } catch {
            logger.notice("setting the password of a database role anew", metadata: ["role": "\(login.user)", "cause": "\(error)"])
            let secret = (login.password ?? "").replacing("'", with: "''")
            try await connected(owner) { connection in
                try await connection.execute("ALTER ROLE \(identifier: login.user) PASSWORD '\(unescaped: secret)'")
            }
            try await connected(login) { _ in }
        }
    }

    @discardableResult
    func connected<R: Sendable>(
        _ configuration: PostgresConfiguration, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let connection = try await connect(configuration)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Waits for a server that starts or recovers from a crash.
    private func connect(_ configuration: PostgresConfiguration) async throws -> PostgresConnection {
        let deadline = ContinuousClock.now + Self.patience
        var isWaiting = false
        var hasTriedAgain = false
        while true {
            do {
                return try await PostgresConnection.connect(configuration, logger: logger)
            } catch {
                switch await ping(configuration) {
                case .refusing where ContinuousClock.now < deadline:
                    if !isWaiting {
                        logger.notice("waiting for the database, which starts or recovers", metadata: ["server": "\(configuration)"])
                    }
                    isWaiting = true
                    hasTriedAgain = false
                    // The server does not tell when it is ready; asking ten times a second costs it next to nothing.
                    try await Task.sleep(for: .milliseconds(100))
                // It may have refused a moment ago.
                case .accepting where !hasTriedAgain: hasTriedAgain = true
                default:
                    throw Problem(
                        .environment, code: "database_unreachable",
                        "The database \"\(configuration.database)\" on \(configuration.host) cannot be reached as \"\(configuration.user)\": \(error.message)",
                        remedy: "Check DATABASE_URL, the server and its access rules.", parameter: "DATABASE_URL", underlying: error)
                }
            }
        }
    }

    private func ping(_ configuration: PostgresConfiguration) async -> ServerAnswer {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: configuration.ping()) }
        }
    }
}
