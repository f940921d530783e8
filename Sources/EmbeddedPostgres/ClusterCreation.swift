import Glibc
import Logging

/// Makes a new cluster so that a death at any point leaves none or a whole one. All methods block.
struct ClusterCreation: Sendable {
    let layout: ClusterLayout
    let account: ServerAccount
    let installation: PostgresInstallation
    let logger: Logger

    /// A new cluster takes about 40 MB, and its write-ahead log as much again before long.
    static let neededMebibytes = 128

    /// Runs initdb in a sibling folder and renames the result to its place. Takes a few seconds.
    func create(password: String) throws(EmbeddedPostgresError) {
        try checkSpace()
        let partial = layout.root + "/" + ClusterLayout.partialPrefix + randomHex(bytes: 6)
        do throws(SystemFailure) {
            try makePrivateDirectory(partial)
            try writeAtomically(password, to: partial + "/password", mode: 0o600, owner: account)
        } catch {
            throw error.asFolderError
        }
        defer { Self.removeTree(partial) }
        try initialize(partial + "/cluster", passwordFile: partial + "/password")
        do throws(SystemFailure) {
            try configure(partial + "/cluster")
            guard rename(partial + "/cluster", layout.cluster) == 0 else {
                throw SystemFailure("Renaming the new cluster to", layout.cluster)
            }
            try synchronizeDirectory(layout.root)
        } catch {
            throw error.asFolderError
        }
    }

    /// Removes what creations that were killed left behind.
    static func removeLeftovers(in layout: ClusterLayout, logger: Logger) {
        for name in names(inDirectory: layout.root) where name.hasPrefix(ClusterLayout.partialPrefix) {
            logger.notice("Removing a cluster that was left half made", metadata: ["folder": "\(layout.root)/\(name)"])
            removeTree(layout.root + "/" + name)
        }
    }

    // rm walks by descriptors, so that links planted meanwhile by the unprivileged account lead root nowhere.
    private static func removeTree(_ path: String) {
        _ = try? ChildCommand(["/bin/rm", "-rf", "--one-file-system", "--", path]).run()
    }

    private func checkSpace() throws(EmbeddedPostgresError) {
        var facts = statvfs()
        guard statvfs(layout.root, &facts) == 0 else { return }
        let free = (Int(facts.f_bavail) * Int(facts.f_frsize)) >> 20
        guard free < Self.neededMebibytes else { return }
        throw EmbeddedPostgresError(
            .folderUnusable, "The disk has \(free) MiB free; a new database needs \(Self.neededMebibytes).", at: layout.root,
            remedy: "free some space on this disk or choose another data folder")
    }

    private func makePrivateDirectory(_ path: String) throws(SystemFailure) {
        guard mkdir(path, 0o700) == 0 else { throw SystemFailure("Creating the folder", path) }
        if geteuid() == 0 && lchown(path, account.uid, account.gid) != 0 { throw SystemFailure("Changing the owner", path) }
    }

    private func initialize(_ path: String, passwordFile: String) throws(EmbeddedPostgresError) {
        let program = installation.binDirectory + "/initdb"
        let options = [
            "--pgdata=\(path)", "--username=\(ClusterLayout.superuser)", "--pwfile=\(passwordFile)", "--encoding=UTF8", "--data-checksums",
            "--auth=scram-sha-256", "--no-instructions", "--lc-messages=C",
        ]
        let result: ChildCommand.Result
        do throws(SystemFailure) {
            result = try account.command([program] + options + localeOptions()).run()
        } catch {
            throw error.asFolderError
        }
        guard result.succeeded else {
            throw EmbeddedPostgresError(
                .creationFailed, "Creating the database cluster failed (\(result.exit)): \(result.lastLines)", at: program,
                remedy: "mend what initdb tells (often a full disk or missing rights on \(layout.root)) and start again")
        }
    }

    /// Comparison by code point and Unicode's character classes, without a dependency on ICU or on the system's collations, which change.
    private func localeOptions() -> [String] {
        if installation.majorVersion >= 17 { return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] }
        guard let unicode = newlocale(1 << LC_CTYPE, "C.UTF-8", nil) else { return ["--locale-provider=libc", "--locale=C"] }
        freelocale(unicode)
        return ["--locale-provider=libc", "--locale=C.UTF-8", "--lc-collate=C"]
    }

    private func configure(_ cluster: String) throws(SystemFailure) {
        let rules = "# Only through the unix socket, only with a password.\nlocal all all scram-sha-256\n"
        try writeAtomically(rules, to: cluster + "/pg_hba.conf", mode: 0o600, owner: account)
        let path = cluster + "/postgresql.conf"
        guard let settings = text(ofFile: path) else { throw SystemFailure("Reading the file", path) }
        let include = "\ninclude_if_exists = 'bunko.conf'   # chosen by bunko at every start; settings below this line win\n"
        try writeAtomically(settings + include, to: path, mode: 0o600, owner: account)
    }
}

/// Random bytes of the system's generator, in hexadecimal.
func randomHex(bytes count: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in
        let byte = UInt8.random(in: .min ... .max, using: &generator)
        return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
}
