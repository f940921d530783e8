import Glibc

/// Reads pages that are pictures, by `pdftoppm` and `tesseract`.
struct TextRecognition {
    private let poppler: Poppler
    private let tesseract: String
    private let languages: String

    private static let dotsPerInch = 300.0
    /// The longest side of a picture, in points of it: a poster gets fewer dots an inch.
    private static let longestSide = 7_000.0
    private static let mostBytes = 32 << 20

    /// - Parameters:
    ///   - languages: as tesseract names them, at least one.
    ///   - folders: where the programs are looked for.
    init(_ poppler: Poppler, languages: [String], folders: [String]) throws(ExtractionError) {
        self.poppler = poppler
        self.languages = languages.joined(separator: "+")
        tesseract = try ProgramSearch.path(of: "tesseract", package: "tesseract-ocr", in: folders)
    }

    /// The page with the words found on its picture; none where there are none.
    func read(_ page: PageWords) throws(ExtractionError) -> PageWords {
        let side = max(page.width, page.height, 1)
        let resolution = min(Self.dotsPerInch, Self.longestSide * 72 / side)
        let picture = try poppler.images(of: page.number...page.number, scale: ["-r", "\(resolution)"])
        let recognition = try recognize(picture, resolution: resolution)
        let table = try recognition.readAll(limit: Self.mostBytes)
        for program in [recognition, picture] {
            if let error = ProgramLimits.error(program.finish(), program.messages) { throw error }
        }
        if recognition.messages.contains("Failed loading language") || recognition.messages.contains("Error opening data file") {
            throw .programMissing(program: "tesseract's data for \(languages)", package: "tesseract-ocr-<language>")
        }
        return RecognizedWords(table, pointsPerDot: 72 / resolution).words(on: page)
    }

    private func recognize(_ picture: ChildProgram, resolution: Double) throws(ExtractionError) -> ChildProgram {
        let input = picture.takeOutput()
        defer { close(input) }
        return try ChildProgram([tesseract, "stdin", "stdout", "-l", languages, "--dpi", "\(Int(resolution))", "tsv"], input: input)
    }
}
