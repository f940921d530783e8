import Domain
public import Foundation
import Glibc

/// The folder the backups lie in, one folder each. A backup under way has a name of another form until it is whole.
public struct BackupShelf: Sendable {
    /// One backup in the list.
    public struct Entry: Sendable {
        public let name: String
        public let path: String
        public let manifest: BackupManifest
    }

    public let directory: String

    private static let prefix = "bunko-"
    private static let partialPrefix = ".partial-"

    public init(directory: String) {
        self.directory = directory
    }

    /// The whole backups, newest first. What cannot be read is left out; ``BackupReader`` tells why.
    public func list() async throws -> [Entry] {
        try await offPool { entries() }
    }

    /// Removes backups older than so many days, by the time in their manifest; the names of those that went.
    public func prune(olderThanDays days: Int, now: Date = .now) async throws -> [String] {
        try await offPool {
            var removed: [String] = []
            for entry in entries() where entry.manifest.createdAt < now - Double(days) * 86_400 {
                // Under another name first, so that nobody finds half of it.
                let aside = "\(directory)/\(Self.partialPrefix)\(entry.name)"
                guard rename(entry.path, aside) == 0 else { continue }
                // What cannot be removed now is taken for the remains of a killed backup next time.
                try? FileManager.default.removeItem(atPath: aside)
                removed.append(entry.name)
            }
            return removed
        }
    }

    /// Makes the folder of a backup that begins. What backups left that were killed is removed.
    ///
    /// A backup under way is told from such by a lock on its folder, which goes with its process; a pid would mean nothing to another
    /// container that shares the shelf.
    func begin() throws -> (folder: BackupFolder, hold: FolderLock) {
        try DiskFile.makeFolder(directory)
        // Held while the new folder has no lock of its own yet.
        let order = try FolderLock(directory, waiting: true)
        defer { order.release() }
        removeLeftovers()
        let path = "\(directory)/\(Self.partialPrefix)\(UUID().uuidString.lowercased())"
        try DiskFile.makeFolder(path)
        return (BackupFolder(path: path), try FolderLock(path, waiting: false))
    }

    /// Gives a whole backup its name.
    func finish(_ folder: BackupFolder, at time: Date) throws -> BackupFolder {
        let stamp = time.formatted(
            .iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false).timeSeparator(.omitted)
                .timeZone(separator: .omitted))
        var name = "\(Self.prefix)\(stamp)"
        var count = 1
        while access("\(directory)/\(name)", F_OK) == 0 {
            count += 1
            name = "\(Self.prefix)\(stamp)-\(count)"
        }
        let path = "\(directory)/\(name)"
        try DiskFile.sync(folder.path)
        guard rename(folder.path, path) == 0 else {
            throw Problem(
                .environment, code: "disk_failure", "\(folder.path) cannot be renamed to \(path): \(String(cString: strerror(errno))).",
                parameter: path)
        }
        try DiskFile.sync(directory)
        return BackupFolder(path: path)
    }

    private func entries() -> [Entry] {
        names().filter { $0.hasPrefix(Self.prefix) }.compactMap { name in
            let folder = BackupFolder(path: "\(directory)/\(name)")
            return (try? folder.readManifest()).map { Entry(name: name, path: folder.path, manifest: $0) }
        }.sorted { ($0.manifest.created_at, $0.name) > ($1.manifest.created_at, $1.name) }
    }

    private func removeLeftovers() {
        for name in names() where name.hasPrefix(Self.partialPrefix) {
            let path = "\(directory)/\(name)"
            guard let hold = try? FolderLock(path, waiting: false) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            hold.release()
        }
    }

    private func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] }
}
