public import Domain
public import EmbeddedPostgres
import Foundation
public import Storage

/// One backup, held against its checksums.
public struct BackupReader: Sendable {
    private let folder: BackupFolder
    public let manifest: BackupManifest

    public var path: String { folder.path }

    /// Reads the manifest and checks every part.
    /// - Throws: `backup_not_found`, `backup_damaged` (naming the parts) or `backup_too_new`.
    public static func open(_ path: String) async throws -> BackupReader {
        let folder = BackupFolder(path: path)
        return try await offPool {
            let manifest = try folder.readManifest()
            try folder.check(manifest)
            return BackupReader(folder: folder, manifest: manifest)
        }
    }

    private init(folder: BackupFolder, manifest: BackupManifest) {
        self.folder = folder
        self.manifest = manifest
    }

    /// Throws `backup_too_new` when it holds a migration that this program does not know as its own.
    public func requireKnown(_ migrations: [(number: Int, checksum: String)]) throws(Problem) {
        let known = Dictionary(migrations.map { ($0.number, $0.checksum) }) { first, _ in first }
        for applied in manifest.migrations where known[applied.number] != applied.checksum {
            throw Problem(
                .environment, code: "backup_too_new",
                "The backup's schema has the migration \(applied.number) (\(applied.name)), which this bunko does not know in that form.",
                remedy: "Use bunko \(manifest.bunko_version) or newer.", parameter: path)
        }
    }

    /// Brings the backup into an empty database and an empty content store, counts the rows afterwards, and empties the outbox.
    ///
    /// The database is filled in one transaction; when that fails, the files that were put are taken away again. What is restored belongs
    /// to the target's login, whatever the backup's owner was called.
    /// - Throws: `target_not_empty` and nothing is changed; `restore_mismatch` when the counts differ.
    public func restore(
        into target: RestoreTarget, contents directory: String, programs: @Sendable (Int) throws -> PostgresPrograms
    ) async throws {
        let serverVersion = try await requireRoom(target, directory)
        let contents = ContentStore(directory: directory)
        var stored: [ContentDigest] = []
        do {
            for part in manifest.files {
                try Task.checkCancellation()
                stored.append(try await put(part, into: contents))
            }
            try await restoreDatabase(target, try programs(serverVersion / 10_000))
        } catch {
            for digest in stored { _ = try? await contents.remove(digest) }
            throw error
        }
        try Self.compare(manifest.tables, try await target.rowCounts())
        try await target.emptyOutbox()
    }

    private func requireRoom(_ target: RestoreTarget, _ directory: String) async throws -> Int {
        let serverVersion = try await target.requireEmpty()
        let standing = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        guard standing.isEmpty else {
            throw Problem(
                .conflict, code: "target_not_empty", "The folder \(directory) holds stored files already; nothing was changed.",
                remedy: "Restore into a new data folder (--data).", parameter: "--data")
        }
        guard serverVersion / 10_000 >= manifest.server_version / 10_000 else {
            throw Problem(
                .environment, code: "server_too_old",
                "The backup was made on PostgreSQL \(manifest.server_version / 10_000), the target is \(serverVersion / 10_000).",
                remedy: "Restore into the same or a newer version.")
        }
        return serverVersion
    }

    private func put(_ part: BackupManifest.Part, into contents: ContentStore) async throws -> ContentDigest {
        let path = folder.absolute(part.path)
        let bytes = try await offPool { [UInt8](try Data(contentsOf: URL(filePath: path))) }
        let digest = ContentStore.digest(of: bytes)
        try await contents.store(bytes, digest: digest)
        return digest
    }

    private func restoreDatabase(_ target: RestoreTarget, _ tools: PostgresPrograms) async throws {
        let list = "\(NSTemporaryDirectory())/bunko-restore-\(UUID().uuidString).list"
        do {
            try await target.asSuccessor(of: manifest.owner) {
                try await tools.restore(folder.absolute(manifest.database.path), into: target.owner, listFile: list)
            }
        } catch let error as EmbeddedPostgresError {
            throw Problem(backup: error)
        }
    }

    static func compare(_ expected: [String: Int], _ found: [String: Int]) throws(Problem) {
        let differing = Set(expected.keys).union(found.keys).sorted().filter { expected[$0] != found[$0] }
        guard let first = differing.first else { return }
        throw Problem(
            .environment, code: "restore_mismatch",
            "\(differing.count) tables hold another number of rows than the backup tells, the first \"\(first)\": "
                + "\(found[first].map(String.init) ?? "none") and not \(expected[first].map(String.init) ?? "none").",
            remedy: "Do not use what was restored; restore another backup into a new place.")
    }
}
