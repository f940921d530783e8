import Glibc

/// The right to be the one server of a data folder, held through an flock'ed file that the system frees when the process ends.
///
/// Copies share one hold; it ends with ``release()``, with the last copy, or with the process, however that dies.
public struct DataDirectoryLock: Sendable {
    private let hold: Hold

    /// The lock file.
    public let path: String

    /// Takes the lock of a data folder, which must exist. Never waits.
    ///
    /// A second lock of the same folder is refused within the same process too.
    /// - Throws: `folderInUse` naming the holder's pid; `folderUnusable` when the lock file cannot be written.
    public init(directory: String) throws(EmbeddedPostgresError) {
        path = directory + "/bunko.lock"
        // Close-on-exec matters: a PostgreSQL that inherited the descriptor would keep the lock after bunko's death.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw SystemFailure("Opening the lock file", path).asFolderError }
        hold = Hold(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { throw Self.inUse(directory: directory, path: path) }
            throw SystemFailure("Locking the file", path).asFolderError
        }
        let line = "\(getpid())\n"
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, line, line.utf8.count, 0) == line.utf8.count else {
            throw SystemFailure("Writing the lock file", path).asFolderError
        }
    }

    /// Gives the folder free for another server. Safe to call again.
    public func release() { hold.release() }

    private static func inUse(directory: String, path: String) -> EmbeddedPostgresError {
        let holder = text(ofFile: path).flatMap { Int32($0.prefix { $0.isNumber }) }
        let who = holder.map { "process \($0)" } ?? "another process"
        return EmbeddedPostgresError(
            .folderInUse, "The data folder \(directory) is in use by \(who).", at: path,
            remedy: "stop that server first, or give this one a data folder of its own")
    }
}
