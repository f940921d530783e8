import Glibc

/// Why a snapshot could not be written or loaded. What was there before is as it was.
public enum SnapshotError: Error, Equatable, CustomStringConvertible {
    /// There is no snapshot at this path.
    case missing(path: String)
    /// The system refused an operation, with this `errno`.
    case system(path: String, operation: String, code: Int32)
    /// The file does not hold what it should; `offset` is the byte where that shows.
    case damaged(path: String, offset: Int, reason: String)
    /// The file was written in a version of the format that this program does not read, or on a machine with another byte order.
    case unsupported(path: String, reason: String)
    /// The snapshot is of an index with another dimension or seed than the configuration says.
    case otherConfiguration(path: String, reason: String)
    /// The label has more bytes than a label may have.
    case labelTooLong(count: Int)

    /// What was wrong, where, and what to do.
    public var description: String {
        switch self {
        case .missing(let path): "\(path): there is no snapshot here; build the index from its source and write one"
        case .system(let path, let operation, let code):
            "\(path): \(operation) failed: \(String(cString: strerror(code))); see to the file system and try again"
        case .damaged(let path, let offset, let reason):
            "\(path): damaged at byte \(offset): \(reason); delete the snapshot and build the index from its source"
        case .unsupported(let path, let reason): "\(path): \(reason); build the index from its source"
        case .otherConfiguration(let path, let reason): "\(path): \(reason); build the index from its source"
        case .labelTooLong(let count):
            "the label has \(count) bytes; shorten it to \(IndexSnapshot.longestLabel)"
        }
    }
}
