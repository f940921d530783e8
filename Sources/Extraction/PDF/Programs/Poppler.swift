import Glibc

/// Poppler's programs, for one document.
struct Poppler {
    private static let format = "PDF document"

    private let path: String
    private let pdftotext: String
    private let folders: [String]

    /// - Parameter folders: where the programs are looked for.
    init(path: String, folders: [String]) throws(ExtractionError) {
        // A name that begins with a dash would be an option.
        self.path = path.hasPrefix("-") ? "./" + path : path
        self.folders = folders
        pdftotext = try ProgramSearch.path(of: "pdftotext", package: "poppler-utils", in: folders)
        var status = stat()
        if stat(self.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { throw .emptyFile }
    }

    /// Starts printing the words of all pages with their boxes.
    func text() throws(ExtractionError) -> ChildProgram {
        try ChildProgram([pdftotext, "-bbox-layout", "-enc", "UTF-8", path, "-"])
    }

    /// Starts printing pages as grey PGM images.
    /// - Parameter scale: arguments that tell the size.
    func images(of pages: ClosedRange<Int>, scale: [String]) throws(ExtractionError) -> ChildProgram {
        let pdftoppm = try ProgramSearch.path(of: "pdftoppm", package: "poppler-utils", in: folders)
        return try ChildProgram([pdftoppm, "-q", "-gray", "-f", "\(pages.lowerBound)", "-l", "\(pages.upperBound)"] + scale + [path])
    }

    // MARK: - What the end of pdftotext means

    /// Throws unless the pages read are the document, or as much of it as can be read.
    func check(
        _ ending: ProgramEnding, _ messages: ProgramMessages, pages: Int, hasText: Bool, isRecognized: Bool
    ) throws(ExtractionError) {
        if let error = ProgramLimits.error(ending, messages) { throw error }
        // Reading ended before the program did.
        if ending == .signal(SIGPIPE) { throw Self.damaged(messages, "the places of its words cannot be read") }
        guard !hasText else { return }
        if Self.isLocked(ending, messages) { throw .locked(format: Self.format) }
        guard pages > 0, ending == .code(0) else { throw Self.damaged(messages, "no page of it can be read") }
        if !isRecognized, try showsInk(pages: pages) { throw .noTextLayer(pages: pages) }
        if messages.first("Syntax Error") != nil { throw Self.damaged(messages, "its pages come out empty") }
        throw .noText
    }

    /// Poppler has one exit code for all it cannot open (1), and 3 where it obeys a ban on copying; its words tell them apart.
    private static func isLocked(_ ending: ProgramEnding, _ messages: ProgramMessages) -> Bool {
        ending == .code(3) || ending != .code(0) && (messages.contains("Incorrect password") || messages.contains("security handler"))
    }

    private static func damaged(_ messages: ProgramMessages, _ reason: String) -> ExtractionError {
        let detail = messages.first("Syntax Error: ") ?? messages.first("Syntax Error ") ?? messages.first("Internal Error: ")
        return .damaged(format: format, reason: detail.map { "\(reason) (\($0))" } ?? reason)
    }

    // MARK: - Blank pages

    /// Whether one of the first pages has anything drawn on it. Costs a small picture of each.
    private func showsInk(pages: Int) throws(ExtractionError) -> Bool {
        let program = try images(of: 1...min(pages, 5), scale: ["-scale-to", "200"])
        let bytes = try program.readAll(limit: 1 << 20)
        if let error = ProgramLimits.error(program.finish(), program.messages) { throw error }
        return GreyImage.images(in: bytes).contains(where: \.hasInk)
    }
}
