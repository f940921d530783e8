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
        let bytes = program.readAll(limit: 1 << 20)
        if let error = ProgramLimits.error(program.finish(), program.messages) { throw error }
        return GreyImage.images(in: bytes).contains(where: \.hasInk)
    }
}

/// Finds programs of the system.
enum ProgramSearch {
    /// The program's absolute path.
    /// - Parameter package: what brings it, for the operator.
    static func path(of program: String, package: String, in folders: [String]) throws(ExtractionError) -> String {
        let paths = folders.map { "\($0)/\(program)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else {
            throw .programMissing(program: program, package: package)
        }
        return path
    }
}

/// A picture in shades of grey, one byte for each point.
struct GreyImage {
    let points: ArraySlice<UInt8>

    /// Whether a point is darker than what scanners and compression make of white.
    var hasInk: Bool { points.contains { $0 < 0xE0 } }

    /// The images in a stream of PGM files (P5), the last one perhaps cut short.
    static func images(in bytes: [UInt8]) -> [GreyImage] {
        var images: [GreyImage] = []
        var rest = bytes[...]
        while rest.starts(with: "P5".utf8) {
            var numbers: [Int] = []
            rest = rest.dropFirst(2)
            while numbers.count < 3, let number = number(&rest) { numbers.append(number) }
            guard numbers.count == 3 else { break }
            let size = min(numbers[0] * numbers[1], rest.count)
            images.append(GreyImage(points: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return images
    }

    /// The next number of a header with the white space before it and the one byte after it.
    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        rest = rest.drop { $0 <= 0x20 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...5).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count + 1)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
