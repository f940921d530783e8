import Domain
import EmbeddedPostgres
import Foundation
import Operations
import Postgres
import Storage
import TestSupport

/// A database with stored files, its backups, and places to restore them into.
struct Backups {
    let database: TestDatabase
    let folder: String

    var contents: String { "\(folder)/files" }
    var shelf: BackupShelf { BackupShelf(directory: "\(folder)/backups") }
    var source: BackupSource { BackupSource(login: database.backupLogin, logger: .silent) }
    var writer: BackupWriter {
        BackupWriter(source: source, contents: contents, shelf: shelf, version: "test", programs: Self.programs)
    }

    static let programs: @Sendable (Int) throws -> PostgresPrograms = { try PostgresPrograms.discover(forServer: $0) }

    /// Records a file of alice's and stores its bytes.
    @discardableResult
    func upload(_ name: String, _ text: String) async throws -> StoredFile {
        let bytes = Array(text.utf8)
        try await ContentStore(directory: contents).store(bytes, digest: ContentStore.digest(of: bytes))
        return try await database.put(name, text, for: database.alice).file
    }

    /// Restores into a fresh database; the administrator's login on it.
    func restore(_ path: String, files: String = "restored") async throws -> PostgresConfiguration {
        let owner = try await TestDatabase.makeEmpty()
        try await restore(path, into: owner, files: files)
        return database.superuser.on(owner.database)
    }

    func restore(_ path: String, into owner: PostgresConfiguration, files: String = "restored") async throws {
        let target = RestoreTarget(owner: owner, reader: database.backupLogin.on(owner.database), logger: .silent)
        try await BackupReader.open(path).restore(into: target, contents: "\(folder)/\(files)", programs: Self.programs)
    }

    /// The rows of every table as one hash each.
    static func hashes(_ login: PostgresConfiguration) async throws -> [String: String] {
        try await withConnection(login) { connection in
            let tables = try await connection.query(
                """
                SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1
                """
            ).map { try $0.decode(String.self) }
            var hashes: [String: String] = [:]
            for table in tables {
                hashes[table] = try await connection.query(
                    """
                    SELECT md5(coalesce(string_agg(r::text, E'\\n' ORDER BY r::text COLLATE "C"), '')) FROM public.\(identifier: table) r
                    """
                ).first?.decode(String.self)
            }
            return hashes
        }
    }

    /// Every file below a folder with its bytes.
    static func files(below path: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder), !isFolder.boolValue else { continue }
            found[name] = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
        }
        return found
    }
}

extension TestDatabase {
    var backupLogin: PostgresConfiguration {
        var login = logins.owner
        login.user = "bunko_backup"
        return login
    }

    /// A conversation of a user with messages of some days ago; its id.
    @discardableResult
    func converse(_ user: TestUser, daysAgo: [Int]) async throws -> UUID {
        let id = UUID()
        let oldest = daysAgo.max() ?? 0
        try await administrate(
            """
            INSERT INTO conversations (id, user_id, assistant_id, started_at, created_at, updated_at)
            SELECT \(id), \(user.id), \(user.assistant.id), t, t, t FROM (SELECT now() - make_interval(days => \(Int32(oldest)))) AS s (t)
            """)
        for days in daysAgo {
            try await administrate(
                """
                INSERT INTO messages (user_id, conversation_id, role, content, created_at)
                VALUES (\(user.id), \(id), 'user', \("said \(days) days ago"), now() - make_interval(days => \(Int32(days))))
                """)
        }
        return id
    }

    func count(_ table: String) async throws -> Int {
        try await administrate("SELECT count(*) FROM public.\(identifier: table)").first?.decode(Int.self) ?? -1
    }
}

/// A database with some of everything and its folder.
func withBackups<R>(isolation: isolated (any Actor)? = #isolation, _ body: (Backups) async throws -> R) async throws -> R {
    try await withTestDatabase { database in
        try await withFolder { folder in
            let backups = Backups(database: database, folder: folder)
            try await backups.upload("one.md", "the first")
            try await backups.upload("two.md", "the second")
            try await backups.upload("again.md", "the first")
            try await database.insertPassage("a passage", for: database.alice)
            try await database.insertPassage("another's", for: database.bob)
            try await database.converse(database.alice, daysAgo: [0, 40, 400])
            try await database.administrate(
                """
                INSERT INTO embedding_cache (user_id, model, text_sha256, embedding)
                VALUES (\(database.alice.id), 'paid', sha256('a passage'), array_fill(0.25, ARRAY[1536])::vector)
                """)
            return try await body(backups)
        }
    }
}
