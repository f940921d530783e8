import Glibc

/// The folder of the unix socket: short (a socket's path is limited to 107 bytes), private, and the same at every start.
enum RuntimeDirectory {
    /// Makes the folder, or accepts the existing one when nobody else can have prepared it.
    /// - Throws: `runtimeFolderUnsafe` when a name is taken by somebody else's folder, a link or a file.
    static func prepare(for layout: ClusterLayout, account: ServerAccount) throws(EmbeddedPostgresError) -> String {
        let mark = fingerprint(layout.root)
        let (preferred, name) = geteuid() == 0 ? ("/run", "bunko-\(mark)") : ("/run/user/\(account.uid)", "bunko-\(mark)")
        if access(preferred, W_OK) == 0, let path = try make("\(preferred)/\(name)", account: account) { return path }
        let fallback = "/tmp/bunko-\(account.uid)-\(mark)"
        if let path = try make(fallback, account: account) { return path }
        throw EmbeddedPostgresError(
            .runtimeFolderUnsafe, "The folder of PostgreSQL's socket cannot be made: \(String(cString: strerror(errno))).", at: fallback,
            remedy: "make /tmp writable for \(account.name)")
    }

    /// 64-bit FNV-1a of the data folder's path, in hexadecimal: a short name, not a secret.
    static func fingerprint(_ path: String) -> String {
        let hash = path.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The path; nil when the parent does not allow a new folder.
    static func make(_ path: String, account: ServerAccount) throws(EmbeddedPostgresError) -> String? {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { return nil }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw taken(path, "is not a folder that can be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw taken(path, "cannot be examined") }
        let facts = FileFacts(status)
        guard facts.owner == account.uid || facts.owner == geteuid() else { throw taken(path, "belongs to uid \(facts.owner)") }
        // Through the descriptor just examined: a name could be swapped in between.
        let isGiven = geteuid() != 0 || fchown(descriptor, account.uid, account.gid) == 0
        guard isGiven, fchmod(descriptor, 0o700) == 0 else { throw taken(path, "cannot be given to \(account.name)") }
        return path
    }

    private static func taken(_ path: String, _ why: String) -> EmbeddedPostgresError {
        EmbeddedPostgresError(
            .runtimeFolderUnsafe, "The folder of PostgreSQL's socket \(why): another user may have prepared it.", at: path,
            remedy: "find out whose it is, remove it, and start again")
    }
}
