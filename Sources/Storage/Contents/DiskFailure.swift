import Domain
import Glibc

/// What the operating system refused, for the log.
struct DiskFailure: Error, CustomStringConvertible {
    let code: Int32
    let description: String

    init(_ action: String, _ path: String, _ code: Int32) {
        self.code = code
        description = "cannot \(action) \(path): \(String(cString: strerror(code)))"
    }

    /// What the last failure of a system call means to the caller, who is not told the operator's paths.
    static func problem(_ action: String, _ path: String) -> Problem {
        let code = errno
        let failure = DiskFailure(action, path, code)
        if code == ENOSPC || code == EDQUOT {
            return Problem(
                .storageFull, code: "disk_full", "The server's disk is full, so nothing was stored.",
                remedy: "Free disk space on the server, then repeat the upload.", underlying: failure)
        }
        return Problem(
            .environment, code: "disk_failure", "The server could not store or read the file's bytes.",
            remedy: "The server's log names the path; check its permissions and its disk.", underlying: failure)
    }

    /// Whether the process or the machine has as many files open as it may, which says nothing of the file asked for.
    var isShortage: Bool { code == EMFILE || code == ENFILE }
}
