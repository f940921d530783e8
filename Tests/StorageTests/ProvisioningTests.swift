import Domain
import Logging
import Postgres
import Storage
import TestSupport
import Testing

/// A database that is to be used, lacking one thing after the other, on a server with nothing of the product.
@Suite struct ProvisioningTests {
    @Test func `Each thing that is missing is named with its remedy, and with the remedy it goes on`() async throws {
        let server = try await TestCluster.start()
        let owner = try await makeOwner(server)

        try await expectRefusal(owner, "extension_not_created", remedy: "CREATE EXTENSION vector")
        try await server.execute("CREATE EXTENSION vector", database: "theirs")
        // pgcrypto is a trusted extension: it takes the right to create in the database, which this login lacks.
        try await expectRefusal(owner, "extension_not_created", remedy: "CREATE EXTENSION pgcrypto")
        try await server.execute("CREATE EXTENSION pgcrypto", database: "theirs")
        try await expectRefusal(owner, "schema_privilege_missing", remedy: "ALTER DATABASE \"theirs\" OWNER TO \"customer\"")
        try await server.execute("ALTER DATABASE theirs OWNER TO customer")
        try await expectRefusal(owner, "role_privilege_missing", remedy: "ALTER ROLE \"customer\" CREATEROLE")
        try await server.execute("ALTER ROLE customer CREATEROLE")

        _ = try await Provisioning(logger: .silent).examine(owner)
        let logins = try await Provisioning(logger: .silent).prepare(owner: owner)
        for login in [logins.app, logins.worker] {
            let user = try await withConnection(login) { try await $0.query("SELECT current_user::text").first?.decode(String.self) }
            #expect(user == login.user)
        }
        try await server.remove()
    }

    @Test func `After the owner's password has changed the service's roles get theirs anew`() async throws {
        let server = try await TestCluster.start()
        var owner = try await Provisioning(logger: .silent).prepareOwnCluster(superuser: server.superuser)
        let before = try await Provisioning(logger: .silent).prepare(owner: owner)
        try await server.execute("ALTER ROLE bunko_owner PASSWORD 'another'")
        let refusal = await failure(Problem.self) { [owner] in _ = try await Provisioning(logger: .silent).prepare(owner: owner) }
        #expect(refusal?.code == "database_unreachable" && refusal?.detail.contains("password") == true, "\(String(describing: refusal))")
        owner.password = "another"
        let after = try await Provisioning(logger: .silent).prepare(owner: owner)
        try await withConnection(after.app) { _ in }
        let old = await failure(PostgresError.self) { try await withConnection(before.app) { _ in } }
        #expect(old?.message.contains("password") == true)
        try await server.remove()
    }

    @Test func `A server without pgvector's files is named so`() async throws {
        let server = try await TestCluster.start()
        let owner = try await makeOwner(server)
        // The server offers what this view lists; hiding it is as near to a server without the package as one machine can be.
        try await server.execute(
            "CREATE SCHEMA hidden", "GRANT USAGE ON SCHEMA hidden TO PUBLIC",
            """
            CREATE VIEW hidden.pg_available_extensions AS
            SELECT * FROM pg_catalog.pg_available_extensions WHERE name <> 'vector'
            """,
            "GRANT SELECT ON hidden.pg_available_extensions TO PUBLIC",
            "ALTER ROLE customer SET search_path = hidden, pg_catalog, public", database: "theirs")
        try await expectRefusal(owner, "extension_missing", remedy: "Install pgvector 0.8 or newer on the database server.")
        try await server.execute(
            """
            CREATE OR REPLACE VIEW hidden.pg_available_extensions AS
            SELECT name, default_version, '0.7.4'::text COLLATE "C" AS installed_version, comment FROM pg_catalog.pg_available_extensions
            """, database: "theirs")
        try await expectRefusal(owner, "pgvector_too_old", remedy: "ALTER EXTENSION vector UPDATE")
        try await server.remove()
    }

    @Test func `A server that is not there is named so`() async throws {
        let nowhere = PostgresConfiguration(host: "127.0.0.1", port: 1, database: "theirs", user: "customer", password: "secret")
        let refusal = await failure(Problem.self) { _ = try await Provisioning(logger: .silent).prepare(owner: nowhere) }
        #expect(refusal?.code == "database_unreachable")
        #expect(refusal?.description.contains("secret") == false)
    }

    private func makeOwner(_ server: TestCluster) async throws -> PostgresConfiguration {
        try await server.execute("CREATE ROLE customer LOGIN PASSWORD 'secret'", "CREATE DATABASE theirs")
        var owner = server.superuser.on("theirs")
        (owner.user, owner.password) = ("customer", "secret")
        return owner
    }

    private func expectRefusal(_ owner: PostgresConfiguration, _ code: String, remedy: String) async throws {
        let refusal = await failure(Problem.self) { _ = try await Provisioning(logger: .silent).prepare(owner: owner) }
        #expect(refusal?.kind == .environment && refusal?.code == code, "\(String(describing: refusal))")
        #expect(refusal?.remedy?.contains(remedy) == true, "\(String(describing: refusal?.remedy))")
        #expect(refusal?.parameter == "DATABASE_URL")
    }
}
