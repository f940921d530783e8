@testable import Extraction
@testable import TextAnalysis

/// Reads documents and cuts them into passages, twice, and looks at every promise of ``DocumentContract``.
///
/// An input is: a name 1 byte, how to cut 1 byte, the document.
struct DocumentTarget: FuzzTarget {
    private let names: [String]
    private let texts: [String]
    let words: [String]
    /// Whether bytes are given as they are. Else what is no UTF-8 in them is replaced, so that the time does not go into guessing encodings.
    private var hasEncodings = false
    /// Whether formats that belong into a process of their own are read all the same.
    private var readsIsolated = false
    /// Whether the document's text is the source itself.
    private var isVerbatim = false

    func run(_ input: [UInt8]) {
        guard input.count > 2 else { return }
        let name = names[Int(input[0]) % names.count]
        let bytes = hasEncodings ? Array(input[2...]) : Array(String(decoding: input[2...], as: UTF8.self).utf8)
        if hasEncodings { EncodingContract.check(bytes) }
        guard readsIsolated || MediaType.isReadHere(bytes, name) else { return }
        let first = Self.read(bytes, name)
        require(first == Self.read(bytes, name), "the same bytes give the same document or error")
        switch first {
        case .failure(let error): check(error, of: bytes)
        case .success(let document):
            let contract = DocumentContract(document)
            contract.checkBlocks()
            if isVerbatim { contract.checkText(isDecoded: bytes) }
            check(document, cutBy: CuttingChoice(input[1]))
        }
    }

    private static func read(_ bytes: [UInt8], _ name: String) -> Result<ExtractedDocument, ExtractionError> {
        do {
            return .success(try TextExtractor().extract(bytes, fileName: name))
        } catch {
            return .failure(error)
        }
    }

    private func check(_ document: ExtractedDocument, cutBy choice: CuttingChoice) {
        let chunker = Chunker(configuration: choice.configuration, counter: choice.counter)
        do {
            let chunks = try chunker.chunks(of: document)
            require(try chunker.chunks(of: document) == chunks, "the same document gives the same passages")
            let input = ChunkingInput(document: document, configuration: choice.configuration, counter: choice.counter)
            ChunkContract(chunks: chunks, input: input).check()
        } catch {
            fatalError("Broken promise: a sound configuration cuts every document, but: \(error)")
        }
    }

    private func check(_ error: ExtractionError, of bytes: [UInt8]) {
        require(!error.reason.isEmpty && !error.remedy.isEmpty, "an error says what was wrong and what to do")
        switch error {
        case .invalidUTF8(let offset, let line), .invalidUTF16(let offset, let line):
            require(offset < bytes.count && line >= 1 && line <= offset + 1, "damage lies in the file")
        case .nullCharacter(let line): require(line >= 1 && line <= bytes.count, "the line lies in the file")
        case .emptyFile, .tooLarge, .overLimit, .programMissing, .programKilled, .noTextLayer:
            require(false, "\(error) is not the reason")
        case .noText, .binary, .unsupported, .locked, .damaged: break
        }
    }

    func seeds() -> [[UInt8]] {
        let files =
            texts.map { Array($0.utf8) } + (hasEncodings ? SeedTexts.encoded : [])
            + texts.map { Array(String(repeating: $0 + "\n", count: 12).utf8) }
        return files.enumerated().map { [UInt8($0.offset % names.count), UInt8($0.offset % 7)] + $0.element }
    }
}

extension DocumentTarget {
    static let text = DocumentTarget(
        names: ["a.txt", "a", "a.pdf", "a.docx", "a.csv", "a.json", "a.html", "a.md"], texts: SeedTexts.prose + SeedTexts.beginnings,
        words: [
            "%PDF-", "startxref", "PK\u{3}\u{4}", "<!doctype html>", "<html>", "{\\rtf", "\u{1B}$B", "\u{FEFF}", "\r\n", "第1条", "2.3 ",
        ],
        hasEncodings: true)
    static let markdown = DocumentTarget(
        names: ["a.md"], texts: SeedTexts.prose + SeedTexts.markdown,
        words: [
            "---\n", "title: ", "# ", "## ", "\n===\n", "- ", "1. ", "> ", "```\n", "~~~", "|---|---|\n", "| a | b |\n", "<!--", "-->",
            "<div>", "<?", "]]>", "    ", "\t", "***\n", "[a]: b\n", "\\|", "\u{301}", "\u{3000}", "。",
        ], isVerbatim: true)
    static let table = DocumentTarget(
        names: ["a.csv", "a.tsv"], texts: SeedTexts.tables,
        words: ["sep=;\n", "\"", "\"\"", ",", ";", "\t", "|", "\n", "\r\n", "1,5", "2024-01-05", "\u{A0}", "\u{2028}", ",,,,,,,,"])
    static let json = DocumentTarget(
        names: ["a.json", "a.jsonl"], texts: SeedTexts.json,
        words: [
            "{\"", "\":", "\",\"", "[", "]", "[{", "}]", "},{", "null", "true", "false", "\\u", "\\ud83d\\ude00", "\\n", "\"title\":",
            "\"name\":", "-1.5e+3", "\n{",
        ])
    static let html = DocumentTarget(
        names: ["a.html"], texts: SeedTexts.webPages,
        words: [
            "<html>", "<body>", "<table>", "<tr>", "<td rowspan=\"3\">", "<th colspan=\"9\">", "</table>", "<ul>", "<li>", "<h2>", "<p>",
            "<pre>", "<script>", "<style>", "<meta charset=\"euc-kr\">", "<br>", "&amp;", "&#x", "<!--", "-->", "<nav>", "<article>",
            "<blockquote>", "hidden",
        ], hasEncodings: true, readsIsolated: true)
}

/// How a document is cut, as a byte says.
struct CuttingChoice {
    let configuration: ChunkingConfiguration
    let counter: TokenCounter

    init(_ byte: UInt8) {
        let choice = Int(byte)
        var configuration = ChunkingConfiguration(targetTokens: [350, 64, 90, 150, 1500][choice % 5])
        configuration.overlapFraction = [0.15, 0, 0.5][choice / 5 % 3]
        switch choice / 15 % 4 {
        case 1: (configuration.minimumTokens, configuration.maximumTokens) = (0, configuration.targetTokens)
        case 2:
            configuration.minimumTokens = configuration.targetTokens - 1
            configuration.maximumTokens = 2 * configuration.targetTokens
        default: break
        }
        self.configuration = configuration
        counter = choice / 60 % 2 == 0 ? .estimate : TokenCounter(Vocabulary.plain.tokenizer(.cl100k))
    }
}

extension MediaType {
    /// Whether the server reads the document in its own process.
    static func isReadHere(_ bytes: [UInt8], _ name: String) -> Bool {
        do {
            return try !detect(bytes: bytes, fileName: name).isReadInIsolation
        } catch {
            return true
        }
    }
}
