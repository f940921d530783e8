import Glibc

/// The lines of PostgreSQL's `postmaster.pid` (format: `src/include/utils/pidfile.h` of PostgreSQL).
struct PostmasterFile: Sendable, Equatable {
    let pid: pid_t
    let socketDirectory: String
    let isReady: Bool

    /// The file's content; nil when it holds no pid. A postmaster that only begins has not written all lines yet.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let pid = pid_t(first), pid > 0 else { return nil }
        self.pid = pid
        socketDirectory = lines.count > 4 ? String(lines[4]) : ""
        isReady = lines.count > 7 && lines[7].hasPrefix("ready")
    }

    static func path(inCluster cluster: String) -> String { cluster + "/postmaster.pid" }

    static func read(fromCluster cluster: String) -> PostmasterFile? {
        text(ofFile: path(inCluster: cluster)).flatMap { PostmasterFile(text: $0) }
    }

    /// Replaces the pid in a stale file by one that no process can have (above the kernel's largest).
    ///
    /// PostgreSQL refuses to start while the pid in the file is alive, even when an unrelated program has it by now. Removing
    /// the file would also remove the key of the shared memory by which PostgreSQL notices orphaned backends of the old server.
    static func disown(inCluster cluster: String, account: ServerAccount) throws(SystemFailure) {
        let path = path(inCluster: cluster)
        guard let old = text(ofFile: path), let end = old.firstIndex(of: "\n") else { return }
        try writeAtomically("\(pid_t.max)" + old[end...], to: path, mode: 0o600, owner: account)
    }
}
