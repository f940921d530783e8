import Domain
import Glibc

/// The lock of a folder, held until it is released or the process dies, however it dies.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Parameter waiting: wait for another holder, else throw.
    init(_ path: String, waiting: Bool) throws(Problem) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let problem = Self.failure("lock", path)
            close(descriptor)
            throw problem
        }
    }

    /// To be called once.
    func release() { close(descriptor) }

    private static func failure(_ action: String, _ path: String) -> Problem {
        Problem(
            .environment, code: "disk_failure", "Cannot \(action) the folder \(path): \(String(cString: strerror(errno))).",
            remedy: "Check its permissions and its disk.", parameter: path)
    }
}
