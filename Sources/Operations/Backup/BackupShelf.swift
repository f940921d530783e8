public import Domain
public import Foundation
import Glibc

/// The folder the backups lie in, one folder each. A backup under way has a name of another form until it is whole.
public struct BackupShelf: Sendable {
    /// A whole backup.
    public struct Entry: Sendable {
        public let name: String
        public let path: String
        public let manifest: BackupManifest
    }

    /// One backup in the list, whole or damaged.
    public struct Item: Sendable {
        public let name: String
        public let path: String
        /// Or why it cannot be read.
        public let manifest: Result<BackupManifest, Problem>
        /// The time in the manifest, else the one in the name; nil when neither tells.
        public let createdAt: Date?
    }

    public let directory: String

    private static let prefix = "bunko-"
    private static let partialPrefix = ".partial-"
    private static let stamp = Date.ISO8601FormatStyle().year().month().day().dateSeparator(.omitted)
        .time(includingFractionalSeconds: false).timeSeparator(.omitted).timeZone(separator: .omitted)

    public init(directory: String) {
        self.directory = directory
    }

    /// The backups, newest first, with those whose manifest cannot be read.
    public func list() async throws -> [Item] {
        try await offPool { items() }
    }

    /// Removes backups older than so many days, also damaged ones; the names of those that went.
    public func prune(olderThanDays days: Int, now: Date = .now) async throws -> [String] {
        try await offPool {
            var removed: [String] = []
            for item in items() where (item.createdAt ?? .distantFuture) < now - Double(days) * 86_400 {
                // Under another name first, so that nobody finds half of it.
                let aside = "\(directory)/\(Self.partialPrefix)\(item.name)"
                guard rename(item.path, aside) == 0 else { continue }
                // What cannot be removed now is taken for the remains of a killed backup next time.
                try? FileManager.default.removeItem(atPath: aside)
                removed.append(item.name)
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
        let stamp = time.formatted(Self.stamp)
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

    private func items() -> [Item] {
        names().filter { $0.hasPrefix(Self.prefix) }.compactMap { name -> Item? in
            let folder = BackupFolder(path: "\(directory)/\(name)")
            let manifest = Result { () throws(Problem) in try folder.readManifest() }
            let stamped = Self.time(in: name)
            // Without a manifest and the name of a backup it is none.
            if case .failure(let problem) = manifest, problem.kind == .notFound, stamped == nil { return nil }
            let told = try? manifest.get().createdAt
            return Item(name: name, path: folder.path, manifest: manifest, createdAt: told ?? stamped)
        }.sorted { ($0.createdAt ?? .distantPast, $0.name) > ($1.createdAt ?? .distantPast, $1.name) }
    }

    /// The time in a name that ``finish(_:at:)`` gave; nil for any other.
    private static func time(in name: String) -> Date? {
        guard let match = name.dropFirst(prefix.count).wholeMatch(of: /([0-9]{8}T[0-9]{6}Z)(-[0-9]+)?/) else { return nil }
        return try? stamp.parse(String(match.1))
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
