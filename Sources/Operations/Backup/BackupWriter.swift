import Domain
public import EmbeddedPostgres
import Foundation
import Glibc
public import Storage

/// Makes a backup: the database as of one moment, every stored file it refers to, and a manifest with checksums.
public struct BackupWriter: Sendable {
    private let source: BackupSource
    private let contents: String
    private let shelf: BackupShelf
    private let version: String
    private let programs: @Sendable (Int) throws -> PostgresPrograms

    /// - Parameters:
    ///   - contents: the folder of the content store.
    ///   - version: of this program, for the manifest.
    ///   - programs: finds `pg_dump` for a server's major version.
    public init(
        source: BackupSource, contents: String, shelf: BackupShelf, version: String,
        programs: @escaping @Sendable (Int) throws -> PostgresPrograms
    ) {
        self.source = source
        self.contents = contents
        self.shelf = shelf
        self.version = version
        self.programs = programs
    }

    /// Writes a backup under a temporary name and renames it when it is whole; after a failure nothing of it is left.
    public func write() async throws -> BackupShelf.Entry {
        let shelf = shelf
        let (folder, hold) = try await offPool { try shelf.begin() }
        defer { hold.release() }
        do {
            let manifest = try await fill(folder)
            return try await offPool {
                try folder.write(manifest)
                let finished = try shelf.finish(folder, at: manifest.createdAt)
                return BackupShelf.Entry(name: (finished.path as NSString).lastPathComponent, path: finished.path, manifest: manifest)
            }
        } catch {
            try? FileManager.default.removeItem(atPath: folder.path)
            throw error
        }
    }

    private func fill(_ folder: BackupFolder) async throws -> BackupManifest {
        try await source.withSnapshot { snapshot in
            let moment = Date.now
            let tools = try programs(snapshot.serverVersion / 10_000)
            let dump = folder.absolute(BackupFolder.dumpName)
            do {
                try await tools.dump(source.login, snapshot: snapshot.id, to: dump)
            } catch let error as EmbeddedPostgresError {
                throw Problem(backup: error)
            }
            let database = try await offPool {
                try DiskFile.sync(dump)
                let (bytes, sha256) = try DiskFile.digest(of: dump)
                return BackupManifest.Part(path: BackupFolder.dumpName, bytes: bytes, sha256: sha256)
            }
            let (files, missing) = try await copy(snapshot.contents, to: folder)
            return BackupManifest(
                format: BackupManifest.format, format_version: BackupManifest.formatVersion, bunko_version: version,
                created_at: Int(moment.timeIntervalSince1970), server_version: snapshot.serverVersion, owner: snapshot.owner,
                migrations: snapshot.migrations, tables: snapshot.rowCounts, database: database, files: files, missing_files: missing)
        }
    }

    /// Copies the contents; one that is gone or damaged already does not keep the rest from being saved, and is told.
    private func copy(
        _ wanted: [DatabaseSnapshot.Content], to folder: BackupFolder
    ) async throws -> ([BackupManifest.Part], [BackupManifest.MissingFile]) {
        var files: [BackupManifest.Part] = []
        var missing: [BackupManifest.MissingFile] = []
        for content in wanted {
            try Task.checkCancellation()
            let place = ContentStore.path(of: content.digest)
            let part = "\(BackupFolder.filesName)/\(place)"
            let (source, target) = ("\(contents)/\(place)", folder.absolute(part))
            let sha256 = content.digest.description
            let copied = try await offPool { () -> Int? in
                guard access(source, F_OK) == 0 else { return nil }
                try DiskFile.makeFolder((target as NSString).deletingLastPathComponent)
                let copied = try DiskFile.copy(source, to: target)
                if copied.sha256 == sha256 { return copied.bytes }
                unlink(target)
                return -1
            }
            switch copied {
            case nil: missing.append(BackupManifest.MissingFile(sha256: sha256, reason: "missing"))
            case -1: missing.append(BackupManifest.MissingFile(sha256: sha256, reason: "damaged"))
            case let bytes?: files.append(BackupManifest.Part(path: part, bytes: bytes, sha256: sha256))
            }
        }
        return (files, missing)
    }
}

extension Problem {
    init(backup error: EmbeddedPostgresError) {
        self.init(
            .environment, code: "database_program_failed", "\(error.what) [\(error.location)]", remedy: error.remedy, underlying: error)
    }
}
