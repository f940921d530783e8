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
                let aside = "\(directory)/\(Self.partialPrefix)\(getpid())-\(entry.name)"
                guard rename(entry.path, aside) == 0 else { continue }
                try FileManager.default.removeItem(atPath: aside)
                removed.append(entry.name)
            }
            return removed
        }
    }

    /// Makes the folder of a backup that begins. What processes left that live no more is removed.
    func begin() throws -> BackupFolder {
        try DiskFile.makeFolder(directory)
        removeLeftovers()
        let path = "\(directory)/\(Self.partialPrefix)\(getpid())-\(UUID().uuidString.prefix(8).lowercased())"
        try DiskFile.makeFolder(path)
        return BackupFolder(path: path)
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
            let owner = name.dropFirst(Self.partialPrefix.count).prefix { $0.isNumber }
            guard let pid = pid_t(owner), kill(pid, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
    }

    private func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] }
}
