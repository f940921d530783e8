/// Why a data set cannot be made or read: what was wrong, in which file and at which byte, and what to do.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
    /// A set without rows was asked for.
    case emptySet
    /// No preset has this name.
    case unknownPreset(String)
    /// LAPACK refused.
    case linearAlgebra(String, status: Int)
    /// The system does not let the file be read.
    case unreadable(path: String, reason: String)
    /// The system does not let the file be written.
    case unwritable(path: String, reason: String)
    /// The name has none of the endings fbin, fvecs, ibin and ivecs.
    case unknownFormat(path: String)
    /// A number in a header is impossible.
    case badHeader(path: String, offset: Int, what: String)
    /// The file ends before or after the place its header promises.
    case wrongLength(path: String, expected: Int, found: Int)
    /// A record has another number of values than the first one.
    case unevenRecord(path: String, offset: Int, expected: Int, found: Int)
    /// An id that no row of the base has.
    case unknownRow(path: String, offset: Int, id: Int, rows: Int)
    /// NaN or infinity.
    case notFinite(path: String, offset: Int)
    /// Files of one data set do not belong together.
    case mismatch(path: String, what: String)
    /// Something else stands where the data set shall go.
    case occupied(path: String, what: String)

    /// A sentence or two for whoever asked.
    public var description: String {
        switch self {
        case .emptySet: "A data set has at least one row."
        case .unknownPreset(let name):
            "There is no preset \"\(name)\"; there are \(EmbeddingPreset.all.map(\.name).joined(separator: " and "))."
        case .linearAlgebra(let what, let status): "\(what): LAPACK returned \(status)."
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)."
        case .unknownFormat(let path): "\(path): the name must end in .fbin, .fvecs, .ibin or .ivecs, which says how to read it."
        case .badHeader(let path, let offset, let what): "\(path), byte \(offset): \(what). The file is damaged or of another format."
        case .wrongLength(let path, let expected, let found):
            "\(path) has \(found) bytes where its header promises \(expected). Copy or generate it again."
        case .unevenRecord(let path, let offset, let expected, let found):
            "\(path), byte \(offset): a record of \(found) values where all before have \(expected). The file is damaged."
        case .unknownRow(let path, let offset, let id, let rows):
            "\(path), byte \(offset): row \(id) is named, and the base has rows 0 to \(rows - 1). The files do not belong together."
        case .notFinite(let path, let offset): "\(path), byte \(offset): a value is NaN or infinite. Generate or embed it again."
        case .mismatch(let path, let what): "\(path): \(what). The files do not belong together."
        case .occupied(let path, let what): "\(path) \(what). Name another folder, or remove this one first."
        }
    }
}
