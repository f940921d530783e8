public import Domain
import Storage

/// What an upload may be, as the administrator set it.
public struct UploadLimits: Sendable {
    /// Most bytes a file has.
    public let maximumBytes: Int
    public let supportedTypes: [String]

    /// Throws `unsupported_type` for a name of a type that is not taken, with those that are; so a body need not be read. A name that tells
    /// no type is taken: the content decides how a file is read.
    public func checkType(of name: String) throws(Problem) {
        guard let type = FileDraft.type(of: name), !supportedTypes.contains(type) else { return }
        throw Problem(
            .unsupportedType, code: "file_type_unsupported", "Files of type \"\(type)\" are not taken here.",
            remedy: "The types are \(supportedTypes.joined(separator: ", ")); an administrator sets them in supported_file_types.",
            parameter: "file")
    }

    /// Throws `too_large` for a size over the limit.
    public func checkSize(_ byteCount: Int, of name: String) throws(Problem) {
        guard byteCount <= maximumBytes else { throw Problem.fileTooLarge(name, limit: maximumBytes) }
    }
}

extension Upload {
    /// Throws `invalid_request` for a name, source path, batch or tags that no file may have.
    public static func check(name: String, sourcePath: String, tags: [String], batch: String?) throws(Problem) {
        guard !name.isEmpty, name.utf8.count <= 255, !name.contains("\0") else {
            throw Problem.invalid("file", "A file's name has 1 to 255 bytes and no NUL.")
        }
        guard sourcePath.utf8.count <= 2_000 else {
            throw Problem.invalid("source_path", "A source path has at most 2,000 bytes.")
        }
        guard (batch ?? "-").utf8.count <= 100, batch?.isEmpty != true else {
            throw Problem.invalid("batch", "A batch's name has 1 to 100 bytes.")
        }
        guard tags.count <= 50, tags.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 200 }) else {
            throw Problem.invalid("tags", "A file takes up to 50 tags of 1 to 200 bytes.")
        }
    }
}
