import Domain
import EmbeddedPostgres
import Foundation
import Logging
import Operations
import Postgres
import Storage

/// The database and the stored files as the backup commands reach them.
struct BackupAccess: Sendable {
    let settings: Settings
    let logger: Logger

    /// Makes a backup on the shelf.
    func create(on shelf: BackupShelf) async throws -> BackupShelf.Entry {
        try await untilSignalled {
            try await withSource { source in
                let writer = BackupWriter(
                    source: source, contents: contents, shelf: shelf, version: Bunko.configuration.version, programs: programs)
                return try await writer.write()
            }
        }
    }

    private var contents: String { "\(settings.dataDirectory)/files" }

    private var programs: @Sendable (Int) throws -> PostgresPrograms {
        { [directory = settings.postgresDirectory] version in
            do throws(EmbeddedPostgresError) {
                return try PostgresPrograms.discover(forServer: version, overrideDirectory: directory)
            } catch {
                throw Problem(error)
            }
        }
    }

    /// Runs the body on the database that runs already, also below a running server, or on one started for its duration.
    private func withSource<R: Sendable>(_ body: (BackupSource) async throws -> R) async throws -> R {
        try await DatabaseAccess(settings: settings, logger: logger).withLogins { logins in
            let login = try await Provisioning(logger: logger).backupLogin(logins)
            return try await body(BackupSource(login: login, logger: logger))
        }
    }

    /// Brings a backup into the database of the settings and their data folder, both empty.
    func restore(_ backup: BackupReader) async throws {
        try await untilSignalled {
            try await DatabaseHost.with(settings, logger: logger) { host in
                let reader = try await Provisioning(logger: logger).backupLogin(host.logins)
                let target = RestoreTarget(owner: host.logins.owner, reader: reader, logger: logger)
                try await backup.restore(into: target, contents: contents, programs: programs)
            }
        }
    }

    /// Restores a backup into a private cluster of its own and throws that away.
    func rehearse(_ backup: BackupReader) async throws {
        // Passable for the account PostgreSQL runs as, which is not root's.
        let folder = "\(NSTemporaryDirectory())/bunko-rehearsal-\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var scratch = settings
        (scratch.dataDirectory, scratch.databaseURL) = (folder, nil)
        try await BackupAccess(settings: scratch, logger: logger).restore(backup)
    }
}
