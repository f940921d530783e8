import Extraction
import Glibc

/// Why a file of this machine cannot be imported, found before anything is sent.
struct FileFault: Error, Sendable, Equatable {
    /// Compared by programs, as the codes of the API are.
    let code: String
    let reason: String
    var remedy: String?
    /// Whether content may be there that was not seen, so that nothing may be called gone.
    var hidesContent = false

    /// What the system said when `action` was tried.
    static func system(_ action: String, _ error: Int32) -> FileFault {
        let said = String(cString: strerror(error))
        switch error {
        case ENOENT:
            return FileFault(code: "not_found", reason: "It is not there any more.", remedy: "Import again.", hidesContent: true)
        case EACCES, EPERM:
            return FileFault(
                code: "unreadable", reason: "It cannot be \(action): \(said).", remedy: "Give this user the right to read it.",
                hidesContent: true)
        default: return FileFault(code: "unreadable", reason: "It cannot be \(action): \(said).", hidesContent: true)
        }
    }

    static let missing = FileFault(
        code: "not_found", reason: "There is no such file or folder.", remedy: "Check the path.", hidesContent: true)
    static let noMatch = FileFault(
        code: "not_found", reason: "No file matches this pattern.", remedy: "Check the pattern and the folder it begins in.",
        hidesContent: true)
    static let notRegular = FileFault(code: "not_regular", reason: "This is no regular file, so it is not opened.")
    static let brokenLink = FileFault(
        code: "broken_link", reason: "The link points to nothing.", remedy: "Mend or remove the link.", hidesContent: true)
    static let nameNotUTF8 = FileFault(
        code: "name_not_utf8", reason: "The name is not valid UTF-8, so it cannot be told to the server.", remedy: "Rename it.",
        hidesContent: true)
    static let ignoreFileUnreadable = FileFault(
        code: "unreadable", reason: "An ignore file in this folder cannot be read, so nothing of the folder was imported.",
        remedy: "Make .gitignore and .bunkoignore readable, or remove them.", hidesContent: true)
    static let changed = FileFault(
        code: "file_changed", reason: "The file changed while it was read.", remedy: "Import again when nobody writes to it.",
        hidesContent: true)

    static func tooLarge(_ bytes: Int, limit: Int) -> FileFault {
        FileFault(
            code: "file_too_large", reason: "The file has \(bytes) bytes; the limit is \(limit).",
            remedy: "Split it, or let an administrator raise the setting max_file_size.")
    }

    /// As the server would refuse it by its name.
    static func unsupportedType(_ type: String, supported: [String]) -> FileFault {
        FileFault(
            code: "file_type_unsupported", reason: "Files of type \"\(type)\" are not taken here.",
            remedy: "The types are \(supported.joined(separator: ", ")). A line *.\(type) in a .bunkoignore file leaves such files out.")
    }

    init(code: String, reason: String, remedy: String? = nil, hidesContent: Bool = false) {
        self.code = code
        self.reason = reason
        self.remedy = remedy
        self.hidesContent = hidesContent
    }

    init(_ error: ExtractionError) {
        self.init(code: error.code, reason: String(describing: error))
    }
}
