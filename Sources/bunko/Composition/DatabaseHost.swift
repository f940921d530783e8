import Domain
import EmbeddedPostgres
import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Storage

/// The database behind the settings: one of our own under the data folder, or the one that was named.
struct DatabaseHost: Sendable {
    let logins: DatabaseLogins
    /// Keeps the private cluster alive; nil for a foreign database.
    let cluster: EmbeddedCluster?
    private let lock: DataDirectoryLock?

    /// Starts or reaches the database and makes its roles; holds the data folder against a second server until ``stop()``.
    static func start(_ settings: Settings, logger: Logger) async throws -> DatabaseHost {
        let provisioning = Provisioning(logger: logger)
        guard let url = settings.databaseURL else { return try await startOwn(settings, provisioning, logger) }
        let owner = try Self.owner(url)
        let lock = try folderLock(settings.dataDirectory)
        return DatabaseHost(logins: try await provisioning.prepare(owner: owner), cluster: nil, lock: lock)
    }

    /// Runs the body with the host, started for its duration.
    static func with<R: Sendable>(_ settings: Settings, logger: Logger, _ body: (DatabaseHost) async throws -> R) async throws -> R {
        let host = try await start(settings, logger: logger)
        do {
            let result = try await body(host)
            try await host.stop()
            return result
        } catch {
            try await host.stop()
            throw error
        }
    }

    /// The owner's login in an address.
    static func owner(_ url: String) throws(Problem) -> PostgresConfiguration {
        do {
            return try PostgresConfiguration(url: url)
        } catch {
            throw Problem(
                .configuration, code: "database_url_invalid", "DATABASE_URL is not usable: \(error)",
                remedy: "Its form is postgresql://USER:PASSWORD@HOST:PORT/DATABASE.", parameter: "DATABASE_URL")
        }
    }

    private static func startOwn(_ settings: Settings, _ provisioning: Provisioning, _ logger: Logger) async throws -> DatabaseHost {
        do {
            let installation = try PostgresInstallation.discover(overrideDirectory: settings.postgresDirectory)
            let cluster = EmbeddedCluster(dataDirectory: settings.dataDirectory, installation: installation, logger: logger)
            let superuser = try await cluster.start()
            do {
                let owner = try await provisioning.prepareOwnCluster(superuser: superuser)
                return DatabaseHost(logins: try await provisioning.prepare(owner: owner), cluster: cluster, lock: nil)
            } catch {
                try await cluster.stop()
                throw error
            }
        } catch let error as EmbeddedPostgresError {
            throw Problem(error)
        }
    }

    private static func folderLock(_ directory: String) throws -> DataDirectoryLock {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            return try DataDirectoryLock(directory: directory)
        } catch let error as EmbeddedPostgresError {
            throw Problem(error)
        } catch {
            throw Problem(
                .environment, code: "data_folder_unusable", "The data folder \(directory) cannot be made: \(error.localizedDescription)",
                remedy: "Choose another with --data, or mend its permissions.", parameter: "--data", underlying: error)
        }
    }

    /// Stops the private cluster, or gives the folder back.
    func stop() async throws {
        try await cluster?.stop()
        lock?.release()
    }

    /// Brings the schema up to this binary's version.
    func migrate(_ logger: Logger) async throws {
        let applied = try await MigrationCommands.engine(logins, logger).up()
        for step in applied { logger.info("applied migration", metadata: ["migration": "\(step.migration.name)"]) }
    }
}

extension Problem {
    init(_ error: EmbeddedPostgresError) {
        self.init(
            .environment, code: "postgres_unavailable", "\(error.what) [\(error.location)]", remedy: error.remedy, underlying: error)
    }
}
