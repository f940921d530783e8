import Glibc

/// The system account PostgreSQL runs as: the caller's own, or an unprivileged one when root starts it (PostgreSQL refuses root).
struct ServerAccount: Sendable, Equatable {
    let uid: uid_t
    let gid: gid_t
    let name: String

    private static let setpriv = "/usr/bin/setpriv"

    /// The account for a cluster: the one who owns it already, else `postgres`, `bunko` or `nobody`.
    ///
    /// - Parameter clusterOwner: owner of an existing cluster folder.
    static func choose(clusterOwner: uid_t?, clusterPath: String) throws(EmbeddedPostgresError) -> ServerAccount {
        let own = geteuid()
        if own != 0 { return try ownAccount(own, clusterOwner: clusterOwner, clusterPath: clusterPath) }
        guard access(setpriv, X_OK) == 0 else {
            throw EmbeddedPostgresError(
                .noUnprivilegedAccount, "PostgreSQL must not run as root, and the program that changes the account is missing.",
                at: setpriv,
                remedy: "install util-linux, or start bunko as a normal user")
        }
        guard let clusterOwner else { return try firstUnprivileged() }
        guard clusterOwner != 0 else {
            throw EmbeddedPostgresError(
                .clusterDamaged, "The cluster's folder belongs to root, as whom PostgreSQL refuses to run.", at: clusterPath,
                remedy: "give it back to its account, for example: chown -R postgres: \(clusterPath)")
        }
        return lookUp(clusterOwner) ?? ServerAccount(uid: clusterOwner, gid: clusterOwner, name: "uid \(clusterOwner)")
    }

    private static func ownAccount(_ own: uid_t, clusterOwner: uid_t?, clusterPath: String) throws(EmbeddedPostgresError) -> ServerAccount {
        if let clusterOwner, clusterOwner != own {
            let owner = lookUp(clusterOwner)?.name ?? "uid \(clusterOwner)"
            throw EmbeddedPostgresError(
                .clusterDamaged, "The cluster's folder belongs to \(owner), not to the user who starts bunko.", at: clusterPath,
                remedy: "start bunko as the user who created it (or as root), or change the owner of the data folder")
        }
        return lookUp(own) ?? ServerAccount(uid: own, gid: getegid(), name: "uid \(own)")
    }

    private static func firstUnprivileged() throws(EmbeddedPostgresError) -> ServerAccount {
        for name in ["postgres", "bunko", "nobody"] {
            if let account = lookUp(name), account.uid != 0 { return account }
        }
        throw EmbeddedPostgresError(
            .noUnprivilegedAccount, "PostgreSQL must not run as root, and there is no account postgres, bunko or nobody to run it as.",
            at: "/etc/passwd", remedy: "create one (useradd --system bunko), or start bunko as a normal user")
    }

    /// The command as this account; unchanged when it is the caller's own.
    func command(_ arguments: [String]) -> ChildCommand {
        guard geteuid() != uid else { return ChildCommand(arguments) }
        let groups = Self.lookUp(uid) == nil ? "--clear-groups" : "--init-groups"
        return ChildCommand([Self.setpriv, "--reuid=\(uid)", "--regid=\(gid)", groups, "--inh-caps=-all", "--"] + arguments)
    }

    /// Checks by doing it that this account can enter the folder; the error names the first folder on the way that refuses.
    func checkCanEnter(_ folder: String) throws(EmbeddedPostgresError) {
        guard geteuid() != uid, !canEnter(folder) else { return }
        var refusing = folder
        while let parent = parentDirectory(of: refusing), !canEnter(parent) { refusing = parent }
        throw EmbeddedPostgresError(
            .folderUnreachable,
            "PostgreSQL runs as \(name), who cannot enter \(refusing), so that the data folder \(folder) is out of reach.",
            at: refusing, remedy: "choose a data folder elsewhere (for example /var/lib/bunko), or: chmod o+x \(refusing)")
    }

    private func canEnter(_ folder: String) -> Bool {
        (try? command(["/usr/bin/test", "-x", folder]).run().succeeded) ?? false
    }

    private static func lookUp(_ name: String) -> ServerAccount? {
        entry { getpwnam_r(name, $0, $1, $2, $3) }
    }

    private static func lookUp(_ uid: uid_t) -> ServerAccount? {
        entry { getpwuid_r(uid, $0, $1, $2, $3) }
    }

    private typealias Query = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func entry(_ query: Query) -> ServerAccount? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let base = buffer.baseAddress, query(&record, base, buffer.count, &found) == 0, let found else { return nil }
            return ServerAccount(uid: found.pointee.pw_uid, gid: found.pointee.pw_gid, name: String(cString: found.pointee.pw_name))
        }
    }
}
