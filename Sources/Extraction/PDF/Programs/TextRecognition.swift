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
        let table = recognition.readAll(limit: Self.mostBytes)
        for program in [recognition, picture] {
            if let error = ProgramLimits.error(program.finish(), program.messages) { throw error }
        }
        if recognition.messages.contains("Failed loading language") || recognition.messages.contains("Error opening data file") {
            throw .programMissing(program: "tesseract's data for \(languages)", package: "tesseract-ocr-<language>")
        }
        return RecognizedWords(table).words(on: page, pointsPerDot: 72 / resolution)
    }

    private func recognize(_ picture: ChildProgram, resolution: Double) throws(ExtractionError) -> ChildProgram {
        let input = picture.takeOutput()
        defer { close(input) }
        return try ChildProgram([tesseract, "stdin", "stdout", "-l", languages, "--dpi", "\(Int(resolution))", "tsv"], input: input)
    }
}

/// What tesseract prints as TSV: a line for each page, block, paragraph, line and word, with boxes in dots.
struct RecognizedWords {
    private let rows: [ArraySlice<UInt8>]

    // Below this tesseract guesses at specks and pictures.
    private static let leastConfidence = 30.0

    init(_ table: [UInt8]) {
        rows = table.split(separator: 0x0A)
    }

    func words(on page: PageWords, pointsPerDot: Double) -> PageWords {
        var result = PageWords(number: page.number, width: page.width, height: page.height)
        for row in rows {
            let fields = String(decoding: row, as: UTF8.self).split(separator: "\t", omittingEmptySubsequences: false)
            guard fields.count == 12 else { continue }
            if fields[0] == "4" { result.beginLine() }
            guard fields[0] == "5", let word = Self.word(fields, pointsPerDot) else { continue }
            result.append(word)
        }
        return result
    }

    private static func word(_ fields: [Substring], _ pointsPerDot: Double) -> PageWord? {
        let numbers = fields[6...10].compactMap { Double($0) }
        guard numbers.count == 5, numbers[4] >= leastConfidence else { return nil }
        let text = fields[11].split(whereSeparator: \.isWhitespace).joined()
        guard !text.isEmpty else { return nil }
        let dots = PageBox(left: numbers[0], top: numbers[1], right: numbers[0] + numbers[2], bottom: numbers[1] + numbers[3])
        return PageWord(
            text: text,
            box: PageBox(
                left: dots.left * pointsPerDot, top: dots.top * pointsPerDot, right: dots.right * pointsPerDot,
                bottom: dots.bottom * pointsPerDot))
    }
}
