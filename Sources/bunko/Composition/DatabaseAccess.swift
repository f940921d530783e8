import Domain
import EmbeddedPostgres
import Foundation
import Logging
import Postgres
import Storage

/// The database as commands reach it that work on it themselves, also below a running server.
struct DatabaseAccess: Sendable {
    let settings: Settings
    let logger: Logger

    /// Runs the body on the database that runs already, or on one started for its duration.
    /// - Throws: `environment` where there is none: looking at a database must not make one.
    func withLogins<R: Sendable>(_ body: (DatabaseLogins) async throws -> R) async throws -> R {
        if let url = settings.databaseURL { return try await body(DatabaseLogins(owner: try DatabaseHost.owner(url))) }
        if let superuser = EmbeddedCluster.running(in: settings.dataDirectory) {
            return try await body(
                DatabaseLogins(owner: try await Provisioning(logger: logger).prepareOwnCluster(superuser: superuser)))
        }
        guard FileManager.default.fileExists(atPath: "\(settings.dataDirectory)/postgres") else {
            throw Problem(
                .environment, code: "no_database", "There is no database in \(settings.dataDirectory).",
                remedy: "Name the right data folder with --data, or the database with --database-url.", parameter: "--data")
        }
        return try await DatabaseHost.with(settings, logger: logger) { try await body($0.logins) }
    }

    /// Runs the body with the two doors to the database, whose schema must be this binary's.
    /// - Throws: `environment` when the schema is another.
    func withDatabase<R: Sendable>(_ body: @escaping @Sendable (Database) async throws -> R) async throws -> R {
        try await withLogins { logins in
            let status = try await MigrationCommands.engine(logins, logger).status()
            guard status.allSatisfy({ $0.state == .applied }) else {
                throw Problem(
                    .environment, code: "schema_differs", "The database's schema is not that of this version.",
                    remedy: "Start the server once, or run bunko migrate up; bunko migrate status tells what differs.")
            }
            let database = Database(
                requests: PostgresPool(configuration: logins.app, logger: logger),
                worker: PostgresPool(configuration: logins.worker, logger: logger))
            do {
                let result = try await body(database)
                await database.close()
                return result
            } catch {
                await database.close()
                throw error
            }
        }
    }
}
