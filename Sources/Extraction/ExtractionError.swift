/// Why a file could not be read as text. Each says what was wrong, where, and what to do; all are the uploader's to mend.
public enum ExtractionError: Error, Sendable, Equatable {
    /// The file has no bytes.
    case emptyFile
    /// The file has bytes, but nothing except white space, invisible characters and front matter.
    case noText
    /// The content is not text.
    case binary(looksLike: String)
    /// A text format that is not read.
    case unsupported(type: String)
    /// The bytes are not UTF-8 from `byteOffset` (from 0, in the file as given) in `line` (from 1).
    case invalidUTF8(byteOffset: Int, line: Int)
    /// A UTF-16 file with half a surrogate pair, or half a code unit at its end.
    case invalidUTF16(byteOffset: Int, line: Int)
    /// An encoding that is recognised but not read.
    case unsupportedEncoding(name: String)
    /// A text with the character U+0000, which no database text can hold.
    case nullCharacter(line: Int)
    /// More bytes than ``ExtractionLimits/maximumBytes``.
    case tooLarge(bytes: Int, maximumBytes: Int)

    /// A stable identifier for programs: `snake_case`, never reworded.
    public var code: String {
        switch self {
        case .emptyFile: "empty_file"
        case .noText: "no_text"
        case .binary: "binary_content"
        case .unsupported: "unsupported_type"
        case .invalidUTF8: "invalid_utf8"
        case .invalidUTF16: "invalid_utf16"
        case .unsupportedEncoding: "unsupported_encoding"
        case .nullCharacter: "null_character"
        case .tooLarge: "file_too_large"
        }
    }
}

extension ExtractionError: CustomStringConvertible {
    /// One line for a person: what was wrong, where, and what to do.
    public var description: String {
        switch self {
        case .emptyFile:
            "The file is empty (0 bytes). Upload the file again with its content."
        case .noText:
            "The file holds no text: only white space, invisible characters or front matter. Upload a file with text in it."
        case .binary(let looksLike):
            "The content is not text: it looks like \(looksLike). Supported are \(MediaType.supportedNames); export the document as one of them."
        case .unsupported(let type):
            "Files of type \(type) are not supported. Supported are \(MediaType.supportedNames); export the document as one of them."
        case .invalidUTF8(let byteOffset, let line):
            "The text is not valid UTF-8 at byte \(byteOffset) (line \(line)). Other encodings are not read: convert the file to UTF-8."
        case .invalidUTF16(let byteOffset, let line):
            "The text is not valid UTF-16 at byte \(byteOffset) (line \(line)). Repair the file or convert it to UTF-8."
        case .unsupportedEncoding(let name):
            "The text is encoded as \(name), which is not read. Convert the file to UTF-8."
        case .nullCharacter(let line):
            "The text holds the character U+0000 in line \(line), which cannot be stored. Remove it."
        case .tooLarge(let bytes, let maximumBytes):
            "The file has \(bytes) bytes; at most \(maximumBytes) are read. Split it into smaller files."
        }
    }
}
