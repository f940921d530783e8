import Glibc

/// The right to be the one server of a data folder, held through an flock'ed file that the system frees when the process ends.
///
/// Copies share one hold; it ends with ``release()``, with the last copy, or with the process, however that dies.
public struct DataDirectoryLock: Sendable {
    private let hold: Hold

    /// The lock file.
    public let path: String

    /// How long a lock is waited for whose holder is dead.
    private static let patience = Duration.seconds(2)

    /// Takes the lock of a data folder, which must exist. Does not wait for a holder that lives; blocks up to two seconds for a dead one's
    /// lock: a child that it was starting when it was killed has the descriptor until it runs its program.
    ///
    /// A second lock of the same folder is refused within the same process too.
    /// - Throws: `folderInUse` naming the holder's pid; `folderUnusable` when the lock file cannot be written.
    public init(directory: String) throws(EmbeddedPostgresError) {
        path = directory + "/bunko.lock"
        // Close-on-exec matters: a PostgreSQL that inherited the descriptor would keep the lock after bunko's death.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw SystemFailure("Opening the lock file", path).asFolderError }
        hold = Hold(descriptor: descriptor)
        let deadline = ContinuousClock.now + Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK else { throw SystemFailure("Locking the file", path).asFolderError }
            let holder = Self.holder(path)
            guard let holder, !Self.isAlive(holder), ContinuousClock.now < deadline else {
                throw Self.inUse(by: holder, directory: directory, path: path)
            }
            usleep(10_000)
        }
        let line = "\(getpid())\n"
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, line, line.utf8.count, 0) == line.utf8.count else {
            throw SystemFailure("Writing the lock file", path).asFolderError
        }
    }

    /// Gives the folder free for another server. Safe to call again.
    public func release() { hold.release() }

    private static func holder(_ path: String) -> pid_t? {
        text(ofFile: path).flatMap { pid_t($0.prefix { $0.isNumber }) }
    }

    private static func isAlive(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0 || errno == EPERM else { return false }
        // After the name in parentheses: Z until its parent has asked how it ended.
        let state = text(ofFile: "/proc/\(process)/stat")?.split(separator: ")").last?.first { $0 != " " }
        return state != "Z"
    }

    private static func inUse(by holder: pid_t?, directory: String, path: String) -> EmbeddedPostgresError {
        let who = holder.map { "process \($0)" } ?? "another process"
        return EmbeddedPostgresError(
            .folderInUse, "The data folder \(directory) is in use by \(who).", at: path,
            remedy: "stop that server first, or give this one a data folder of its own")
    }
}
