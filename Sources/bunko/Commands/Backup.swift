import ArgumentParser
import Domain
import Foundation
import Operations
import Postgres
import Storage

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and check backups.",
        discussion: """
            A backup is a folder: the database as of one moment (pg_dump), the stored files it refers to, and a manifest with \
            checksums. A running server goes on meanwhile. Backups lie in the folder "backups" of the data folder unless --to says \
            otherwise.
            """,
        subcommands: [Create.self, List.self, Verify.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a backup, and remove those that are too old.")

        @Option(help: ArgumentHelp("The folder the backups lie in.", valueName: "dir"))
        var to: String?
        @Option(help: ArgumentHelp("Remove backups older than this afterwards.", valueName: "days"))
        var keep = 30
        @Flag(help: "Print facts as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard (1...36_500).contains(keep) else { throw ValidationError("--keep is \(keep); it must be between 1 and 36500 days.") }
        }

        func run() async throws {
            let (settings, logger) = try await options.commandSettings()
            let shelf = BackupShelf(directory: BackupPlace.shelf(to, settings))
            let entry = try await BackupAccess(settings: settings, logger: logger).create(on: shelf)
            let removed = try await shelf.prune(olderThanDays: keep)
            if json {
                try Output.json(BackupFacts(entry, removed: removed))
            } else {
                Output.line("Wrote the backup \(entry.path).")
                BackupPlace.tell(entry.manifest)
                if !removed.isEmpty { Output.line("Removed what is older than \(keep) days: \(removed.joined(separator: ", "))") }
            }
            let missing = entry.manifest.missing_files
            for file in missing { Output.note("The stored file \(file.sha256) is \(file.reason) and not in the backup.") }
            if !missing.isEmpty { throw ItemsFailed(count: missing.count, total: entry.manifest.files.count + missing.count) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the backups, newest first.")

        @Option(help: ArgumentHelp("The folder the backups lie in.", valueName: "dir"))
        var to: String?
        @Flag(help: "Print facts as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let (settings, _) = try await options.commandSettings()
            let shelf = BackupShelf(directory: BackupPlace.shelf(to, settings))
            let items = try await shelf.list()
            if json { return try Output.json(items.map { BackupFacts($0) }) }
            if items.isEmpty { Output.line("There is no backup in \(shelf.directory).") }
            for item in items {
                switch item.manifest {
                case .success(let manifest):
                    Output.line("\(item.name)  \(manifest.rowCount) rows, \(manifest.files.count) files, \(manifest.byteCount) bytes")
                case .failure(let problem): Output.line("\(item.name)  damaged: \(problem.detail)")
                }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hold a backup against its checksums.",
            discussion: """
                With --restore it is also restored into a private PostgreSQL of its own, counted, and thrown away. Stored files that \
                were missing already when it was made are named, and the command exits with 1.
                """)

        @Argument(help: "The backup: its folder, or its name in the list.")
        var backup: String
        @Option(help: ArgumentHelp("The folder the backups lie in.", valueName: "dir"))
        var to: String?
        @Flag(help: "Restore it on trial.")
        var restore = false
        @Flag(help: "Print facts as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Facts: Encodable {
            let backup: String
            let restored: Bool
            let rows: Int
            let files: Int
            let missing_files: Int
        }

        func run() async throws {
            let (settings, logger) = try await options.commandSettings()
            let reader = try await BackupReader.open(BackupPlace.backup(backup, to, settings))
            if restore { try await BackupAccess(settings: settings, logger: logger).rehearse(reader) }
            let manifest = reader.manifest
            if json {
                try Output.json(
                    Facts(
                        backup: reader.path, restored: restore, rows: manifest.rowCount, files: manifest.files.count,
                        missing_files: manifest.missing_files.count))
            } else {
                let standing = manifest.missing_files.isEmpty ? "is whole" : "is as it was written, without some stored files"
                Output.line("\(reader.path) \(standing)\(restore ? " and was restored on trial with every row" : "").")
                BackupPlace.tell(manifest)
            }
            try BackupPlace.requireEveryFile(manifest)
        }
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a backup into an empty data folder or database.",
        discussion: """
            Checks the backup first, and refuses a database that holds tables or a data folder that holds files. The database is \
            filled in one transaction. The next `bunko serve` brings an older schema up to date.
            """)

    @Argument(help: "The backup: its folder, or its name in the list of the data folder.")
    var backup: String
    @Option(help: ArgumentHelp("An empty PostgreSQL database to restore into, instead of a private one.", valueName: "url"))
    var toDatabase: String?
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        var (settings, logger) = try await options.commandSettings()
        let reader = try await BackupReader.open(BackupPlace.backup(backup, nil, settings))
        try reader.requireKnown(Migration.all.map { ($0.number, $0.checksum) })
        if let toDatabase { settings.databaseURL = toDatabase }
        try await BackupAccess(settings: settings, logger: logger).restore(reader)
        Output.line("Restored \(reader.path); every table has the rows it had.")
        BackupPlace.tell(reader.manifest)
        try BackupPlace.requireEveryFile(reader.manifest)
    }
}

/// Where backups are, and how they are told.
enum BackupPlace {
    static func shelf(_ to: String?, _ settings: Settings) -> String {
        to.map(absolute) ?? "\(settings.dataDirectory)/backups"
    }

    /// A folder that exists, else a name among the backups.
    static func backup(_ text: String, _ to: String?, _ settings: Settings) -> String {
        let path = absolute(text)
        if text.contains("/") || FileManager.default.fileExists(atPath: path) { return path }
        return "\(shelf(to, settings))/\(text)"
    }

    static func tell(_ manifest: BackupManifest) {
        Output.line(
            "  \(manifest.rowCount) rows in \(manifest.tables.count) tables, \(manifest.files.count) stored files, \(manifest.byteCount) bytes"
        )
    }

    /// Names the stored files that a backup lacks.
    /// - Throws: `ItemsFailed` when there are such.
    static func requireEveryFile(_ manifest: BackupManifest) throws(ItemsFailed) {
        let missing = manifest.missing_files
        for file in missing { Output.note("The stored file \(file.sha256) was \(file.reason) when the backup was made.") }
        if !missing.isEmpty { throw ItemsFailed(count: missing.count, total: manifest.files.count + missing.count) }
    }

    private static func absolute(_ path: String) -> String {
        URL(filePath: (path as NSString).expandingTildeInPath).standardizedFileURL.path(percentEncoded: false)
    }
}

/// A backup as `--json` tells it; of a damaged one only what its name tells, and the reason.
private struct BackupFacts: Encodable {
    let name: String
    let path: String
    let created_at: Int?
    let bunko_version: String?
    let tables: Int?
    let rows: Int?
    let files: Int?
    let bytes: Int?
    let missing_files: Int?
    /// Why it cannot be read; nil for a whole one.
    let damaged: String?
    /// Older backups that went; nil in a list.
    let removed: [String]?

    init(_ entry: BackupShelf.Entry, removed: [String]) {
        self.init(entry.name, entry.path, entry.manifest.createdAt, .success(entry.manifest), removed: removed)
    }

    init(_ item: BackupShelf.Item) {
        self.init(item.name, item.path, item.createdAt, item.manifest, removed: nil)
    }

    private init(_ name: String, _ path: String, _ createdAt: Date?, _ manifest: Result<BackupManifest, Problem>, removed: [String]?) {
        let readable = try? manifest.get()
        self.name = name
        self.path = path
        created_at = createdAt.map { Int($0.timeIntervalSince1970) }
        bunko_version = readable?.bunko_version
        tables = readable?.tables.count
        rows = readable?.rowCount
        files = readable?.files.count
        bytes = readable?.byteCount
        missing_files = readable?.missing_files.count
        damaged = if case .failure(let problem) = manifest { problem.detail } else { nil }
        self.removed = removed
    }
}
