/// Why a file could not be read as text. Each says what was wrong, where, and what to do; all are the uploader's to mend.
public enum ExtractionError: Error, Sendable, Equatable, Codable {
    /// The file has no bytes.
    case emptyFile
    /// The file has bytes, but nothing except white space, invisible characters and front matter.
    case noText
    /// The content is not text.
    case binary(looksLike: String)
    /// A text format that is not read.
    case unsupported(type: String)
    /// The bytes are not UTF-8 from `byteOffset` (from 0, in the file as given) in `line` (from 1), and no other encoding fits them.
    case invalidUTF8(byteOffset: Int, line: Int)
    /// A UTF-16 file with half a surrogate pair, or half a code unit at its end.
    case invalidUTF16(byteOffset: Int, line: Int)
    /// A text with the character U+0000, which no database text can hold.
    case nullCharacter(line: Int)
    /// More bytes than ``ExtractionLimits/maximumBytes``.
    case tooLarge(bytes: Int, maximumBytes: Int)
    /// Only who knows its password may read it. `format` is a phrase for people ("PDF document").
    case locked(format: String)
    /// The bytes begin like `format` but do not hold together; `reason` is a clause for people ("its directory is missing").
    case damaged(format: String, reason: String)
    /// Pages that are pictures: there is no text to copy from them.
    case noTextLayer(pages: Int)
    /// Reading it takes more than one file may have of `resource` ("60 seconds of processor time", "512 MiB of memory").
    case overLimit(resource: String)
    /// A program that reads the format was killed by somebody outside; ``IsolatedReader`` tells of it as ``ReaderKilled``.
    case programKilled
    /// This machine lacks a program that reads the format; the operator's to mend.
    case programMissing(program: String, package: String)

    /// A stable identifier for programs: `snake_case`, never reworded.
    public var code: String {
        switch self {
        case .emptyFile, .noText, .noTextLayer: "no_text"
        case .binary: "binary_content"
        case .unsupported: "unsupported_type"
        case .invalidUTF8: "invalid_utf8"
        case .invalidUTF16: "invalid_utf16"
        case .nullCharacter: "null_character"
        case .tooLarge: "file_too_large"
        case .locked: "locked"
        case .damaged: "damaged"
        case .overLimit: "over_limit"
        case .programKilled: "program_killed"
        case .programMissing: "program_missing"
        }
    }
}

extension ExtractionError: CustomStringConvertible {
    /// One line for a person: what was wrong, where, and what to do.
    public var description: String { "\(reason) \(remedy)" }

    /// What was wrong and where, in a sentence.
    public var reason: String {
        switch self {
        case .emptyFile: "The file is empty (0 bytes)."
        case .noText: "The file holds no text: only white space, invisible characters or front matter."
        case .binary(let looksLike): "The content is not text: it looks like \(looksLike)."
        case .unsupported(let type): "Files of type \(type) are not supported."
        case .invalidUTF8(let byteOffset, let line):
            "The text is not valid UTF-8 at byte \(byteOffset) (line \(line)), and no other encoding fits it."
        case .invalidUTF16(let byteOffset, let line): "The text is not valid UTF-16 at byte \(byteOffset) (line \(line))."
        case .nullCharacter(let line): "The text holds the character U+0000 in line \(line), which cannot be stored."
        case .tooLarge(let bytes, let maximumBytes): "The file has \(bytes) bytes; at most \(maximumBytes) are read."
        case .locked(let format): "This \(format) is locked with a password."
        case .damaged(let format, let reason): "This \(format) is damaged: \(reason)."
        case .noTextLayer(let pages):
            "The \(pages == 1 ? "page is a picture" : "\(pages) pages are pictures") without a text layer, so there is no text to read."
        case .overLimit(let resource): "Reading this file takes more than \(resource), the limit for one file."
        case .programKilled: "A program that reads files of this kind was killed while it read this one."
        case .programMissing(let program, _): "This server lacks \(program), which reads files of this kind."
        }
    }

    /// What to do about it, in a sentence.
    public var remedy: String {
        switch self {
        case .emptyFile: "Upload the file again with its content."
        case .noText: "Upload a file with text in it."
        case .binary, .unsupported: "Supported are \(MediaType.supportedNames); export the document as one of them."
        case .invalidUTF8: "Convert the file to UTF-8."
        case .invalidUTF16: "Repair the file or convert it to UTF-8."
        case .nullCharacter: "Remove it."
        case .tooLarge: "Split it into smaller files."
        case .locked: "Save it without one and upload it again."
        case .damaged: "Repair it or export it again."
        case .noTextLayer:
            "Run text recognition (OCR) on it first, or let the operator turn it on with ocr.languages."
        case .overLimit: "Split it or export it in a simpler form."
        case .programKilled: "Make sure that the machine has memory to spare, then import again with --retry-failed."
        case .programMissing(_, let package): "Let its operator install \(package), then import again with --retry-failed."
        }
    }
}
