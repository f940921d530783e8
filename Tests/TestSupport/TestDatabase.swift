@_spi(CompositionRoot) @_spi(ScopeMaking) public import Domain
import Logging
public import Postgres
public import Storage
import Synchronization

/// One user of a test's database, with one assistant.
public struct TestUser: Sendable {
    public let id: UserID
    public let name: String
    public let scope: Scope
    public let assistant: Assistant
}

/// A database of one test's own: provisioned, migrated, with two users who have an assistant each.
public struct TestDatabase: Sendable {
    public let logins: DatabaseLogins
    /// The administrator's login on this database.
    public let superuser: PostgresConfiguration
    public let database: Database
    public let alice: TestUser
    public let bob: TestUser
    public let system = Scope.system(purpose: "test")

    private static let template = Task { try await makeTemplate(on: TestCluster.shared()) }
    private static let counter = Atomic<Int>(0)

    /// A fresh database on the cluster all tests share, or on the one given.
    public static func make(on cluster: TestCluster? = nil) async throws -> TestDatabase {
        let owner: PostgresConfiguration
        let host: TestCluster
        if let cluster {
            host = cluster
            owner = try await makeTemplate(on: cluster)
        } else {
            host = try await TestCluster.shared()
            owner = try await template.value
        }
        let name = "test_\(counter.add(1, ordering: .relaxed).newValue)"
        try await host.execute("CREATE DATABASE \(identifier: name) TEMPLATE bunko OWNER bunko_owner")
        return try await TestDatabase(owner: owner.on(name), superuser: host.superuser.on(name))
    }

    /// A database with roles and extensions but without any table; the owner's login.
    public static func makeEmpty() async throws -> PostgresConfiguration {
        let owner = try await template.value
        let name = "empty_\(counter.add(1, ordering: .relaxed).newValue)"
        let cluster = try await TestCluster.shared()
        try await cluster.execute("CREATE DATABASE \(identifier: name) OWNER bunko_owner")
        try await cluster.execute("CREATE EXTENSION vector", "CREATE EXTENSION pgcrypto", database: name)
        return owner.on(name)
    }

    /// Closes its connections.
    public func close() async { await database.close() }

    private init(owner: PostgresConfiguration, superuser: PostgresConfiguration) async throws {
        logins = DatabaseLogins(owner: owner)
        self.superuser = superuser
        database = Database(
            requests: PostgresPool(configuration: logins.app, logger: .silent),
            worker: PostgresPool(configuration: logins.worker, logger: .silent))
        alice = try await Self.user("alice", logins.worker, database)
        bob = try await Self.user("bob", logins.worker, database)
    }

    private static func makeTemplate(on cluster: TestCluster) async throws -> PostgresConfiguration {
        let provisioning = Provisioning(logger: .silent)
        let owner = try await provisioning.prepareOwnCluster(superuser: cluster.superuser)
        _ = try await provisioning.prepare(owner: owner)
        try await MigrationEngine(configuration: owner, migrations: Migration.all, logger: .silent).up()
        return owner
    }

    private static func user(_ name: String, _ worker: PostgresConfiguration, _ database: Database) async throws -> TestUser {
        let id = UserID()
        try await withConnection(worker) { connection in
            try await connection.execute(
                "INSERT INTO users (id, username, email, password_hash) VALUES (\(id), \(name), \("\(name)@example.com"), '!')")
        }
        let scope = Scope(user: id, permissions: Set(Permission.allCases))
        let assistant = try await database.write(scope) { try await $0.createAssistant(AssistantDraft(name: "\(name)'s assistant")) }
        return TestUser(id: id, name: name, scope: scope, assistant: assistant)
    }
}

extension TestDatabase {
    /// A scope of a user with some permissions or assistants only.
    public func scope(
        of user: TestUser, permissions: Set<Permission> = Set(Permission.allCases), assistants: Set<AssistantID>? = nil
    ) -> Scope {
        Scope(user: user.id, permissions: permissions, assistants: assistants)
    }

    /// Lends a connection as `bunko_app` that acts for a user in all its statements.
    @discardableResult
    public func asApp<R>(
        _ user: TestUser?, isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        try await withConnection(logins.app) { connection in
            if let user { try await connection.executeScript("SET app.user_id = '\(user.id)'") }
            return try await body(connection)
        }
    }

    /// One statement as the administrator, whom row-level security does not bind; the rows.
    @discardableResult
    public func administrate(_ statement: SQL) async throws -> [PostgresRow] {
        try await withConnection(superuser) { try await $0.query(statement) }
    }
}

extension PostgresConfiguration {
    /// The same login on another database.
    public func on(_ database: String) -> PostgresConfiguration {
        var copy = self
        copy.database = database
        return copy
    }
}

/// Lends a fresh database and closes its connections. A few tests at a time: the server has so many connections and the machine so many cores.
public func withTestDatabase<R>(
    isolation: isolated (any Actor)? = #isolation, _ body: (TestDatabase) async throws -> R
) async throws -> R {
    await Gate.common.enter()
    defer { Gate.common.leave() }
    let database = try await TestDatabase.make()
    do {
        let value = try await body(database)
        await database.close()
        return value
    } catch {
        await database.close()
        throw error
    }
}
