/// Reads PDF documents with poppler's programs: `pdftotext` gives the words with their boxes, and the reading order and the structure
/// are made from those.
///
/// Meant for a process of its own with limits of memory and processor time, which the programs inherit. Blocks its thread.
struct PDFReader: Sendable {
    /// The languages of scanned pages as tesseract names them ("eng", "jpn"); none: pages without a text layer stay unread.
    let ocrLanguages: [String]
    /// Where the programs are looked for.
    let programFolders: [String]

    /// More text than this is no document but a trap.
    private static let maximumTextBytes = 64 << 20

    init(ocrLanguages: [String] = [], programFolders: [String] = ["/usr/local/bin", "/usr/bin", "/bin"]) {
        self.ocrLanguages = ocrLanguages
        self.programFolders = programFolders
    }

    /// The document at `path`; its blocks carry their pages. Takes time in proportion to the text, and memory for its text and the
    /// words of one page.
    func read(path: String) throws(ExtractionError) -> ExtractedDocument {
        let poppler = try Poppler(path: path, folders: programFolders)
        let recognition = try ocrLanguages.isEmpty ? nil : TextRecognition(poppler, languages: ocrLanguages, folders: programFolders)
        var stream = PageStream()
        let program = try poppler.text()
        var pages = PDFPages()
        try stream.read(program) { page throws(ExtractionError) in
            if page.words.isEmpty, let recognition { pages.append(try recognition.read(page)) } else { pages.append(page) }
            guard pages.bytes <= Self.maximumTextBytes else { throw .overLimit(resource: "\(Self.maximumTextBytes >> 20) MiB of text") }
        }
        let ending = program.finish()
        try poppler.check(ending, program.messages, pages: pages.count, hasText: pages.bytes > 0, isRecognized: recognition != nil)
        return pages.document(title: stream.title)
    }
}
