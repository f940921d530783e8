import Glibc

/// Why a snapshot could not be written or read.
public enum LexicalSnapshotError: Error, Equatable, CustomStringConvertible {
    /// The system refused an operation, with this `errno`.
    case system(path: String, operation: String, code: Int32)
    /// The file does not hold what it should; `offset` is the byte where that shows.
    case damaged(path: String, offset: Int, reason: String)
    /// The file is of another version, or of texts that were analysed otherwise.
    case unsupported(path: String)

    /// What was wrong, where, and what to do.
    public var description: String {
        switch self {
        case .system(let path, let operation, let code):
            "\(path): \(operation) failed: \(String(cString: strerror(code))); see to the file system and try again"
        case .damaged(let path, let offset, let reason):
            "\(path): damaged at byte \(offset): \(reason); delete it and build the index from its source"
        case .unsupported(let path): "\(path): written by another version; build the index from its source"
        }
    }
}
