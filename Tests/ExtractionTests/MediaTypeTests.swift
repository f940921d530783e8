import Testing

@testable import Extraction

@Suite struct MediaTypeTests {
    private func detect(_ text: String, _ name: String) throws(ExtractionError) -> MediaType {
        try MediaType.detect(bytes: Array(text.utf8), fileName: name)
    }

    @Test(arguments: [
        ("notes.txt", MediaType.plainText), ("notes.TEXT", .plainText), ("a/b.c/README.MD", .markdown), ("x.markdown", .markdown),
        ("server.log", .plainText), ("LICENSE", .plainText), (".md", .plainText), ("C:\\docs\\x.md", .markdown), ("", .plainText),
        ("a.csv", .csv), ("a.tsv", .tsv), ("a.json", .json), ("a.jsonl", .jsonl), ("a.ndjson", .jsonl),
    ])
    func textIsNamedByItsExtension(name: String, expected: MediaType) throws {
        #expect(try detect("hello", name) == expected)
    }

    @Test(arguments: [
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "PNG"), ([0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18), "empty ZIP"),
        ([0xFF, 0xD8, 0xFF, 0xE0], "JPEG"), ([0x1F, 0x8B, 8], "gzip"), (Array("ab\0c".utf8), "zero byte at offset 2"),
    ])
    func binaryContentIsNamedWhateverTheNameSays(bytes: [UInt8], looksLike: String) {
        let error = #expect(throws: ExtractionError.self) { try MediaType.detect(bytes: bytes, fileName: "a.txt") }
        #expect(error?.code == "binary_content")
        #expect(error?.description.contains(looksLike) == true)
        #expect(error?.description.contains("Markdown (.md)") == true)
    }

    @Test func wordsThatBeginLikeASignatureAreText() throws {
        for text in ["PKI basics", "GIF8 is no image", "ID3 tags", "BZh", "MZ", "II", "%PD"] {
            let type = try detect(text, "a.txt")
            #expect(type == .plainText)
        }
    }

    @Test(arguments: ["a.pdf", "a.docx", "a.png", "a.xls"])
    func textUnderTheNameOfAnotherFormatIsText(name: String) throws {
        #expect(try detect("Only words.", name) == .plainText)
    }

    // MARK: - PDF, archives, old Office

    @Test func pdfIsToldByItsMark() throws {
        #expect(try detect("%PDF-1.7\n", "a.txt") == .pdf)
        #expect(try detect("\n\nHTTP junk\n%PDF-1.4\n", "a.pdf") == .pdf)
        #expect(try detect("junk %PDF-1.4\n1 0 obj\nstartxref\n0\n%%EOF", "download") == .pdf)
        #expect(try detect("A document begins with %PDF- and a number.", "a.md") == .markdown)
        #expect(try detect(String(repeating: " ", count: 1024) + "%PDF-1.4", "a.pdf") == .plainText)
    }

    @Test(arguments: [("word/document.xml", MediaType.docx), ("ppt/presentation.xml", .pptx), ("xl/workbook.xml", .xlsx)])
    func officeDocumentsAreToldByTheirFolders(name: String, expected: MediaType) throws {
        let archive = Archive(names: ["[Content_Types].xml", "_rels/.rels", name])
        #expect(try MediaType.detect(bytes: archive.bytes, fileName: "a.txt") == expected)
        #expect(try MediaType.detect(bytes: archive.localPart, fileName: "cut short") == expected)
    }

    @Test func otherArchivesAreBinary() {
        let archive = Archive(names: ["readme.txt", "password.txt"])
        #expect(throws: ExtractionError.binary(looksLike: "a ZIP archive")) {
            try MediaType.detect(bytes: archive.bytes, fileName: "a.docx")
        }
    }

    @Test func theDirectoryOfAnArchiveOutranksWhatLiesInside() throws {
        // A document inside a document, stored without compression.
        let inner = Archive(names: ["xl/workbook.xml"])
        var outer = Archive(names: ["[Content_Types].xml"], content: inner.bytes)
        outer.add("word/document.xml")
        #expect(try MediaType.detect(bytes: outer.bytes, fileName: "") == .docx)
    }

    @Test(arguments: 0..<60)
    func damagedArchivesAreToldSomehow(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Archive(names: (0..<20).map { "word/part\($0).xml" }).bytes
        for _ in 0..<30 { bytes[Int.random(in: 4..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
        bytes.removeLast(Int.random(in: 0..<bytes.count / 2, using: &random))
        let type = try? MediaType.detect(bytes: bytes, fileName: "a.docx")
        #expect(type == .docx || type == nil)
    }

    @Test(arguments: [
        ("EncryptedPackage", ExtractionError.locked(format: "Office document")), ("WordDocument", .unsupported(type: "application/msword")),
        ("Workbook", .unsupported(type: "application/vnd.ms-excel")),
        ("PowerPoint Document", .unsupported(type: "application/vnd.ms-powerpoint")),
        ("Contents", .unsupported(type: "application/msword")),
    ])
    func oldOfficeDocumentsAreRefused(stream: String, expected: ExtractionError) {
        var bytes: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + [UInt8](repeating: 0, count: 1016)
        let name: [UInt8] = (stream + "\0").utf8.flatMap { [$0, 0] }
        bytes += name + [UInt8](repeating: 0, count: 128 - name.count)
        #expect(throws: expected) { try MediaType.detect(bytes: bytes, fileName: "a.doc") }
    }

    // MARK: - Formats of text

    @Test(arguments: [
        "\n<!DOCTYPE HTML><p>x", "<html lang=en>", "<HTML>", "<head><title>x</title>", "<body>",
        "<!-- saved from -->\n<!doctype html>", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">", "\u{FEFF}<html>",
    ])
    func webPagesAreToldByTheirBeginning(page: String) throws {
        for name in ["index", "a.php", "a.csv", "a.json", "a.pdf"] {
            let type = try detect(page, name)
            #expect(type == .html)
        }
        #expect(try detect(page, "a.md") == .markdown)
        #expect(try detect(page, "a.txt") == .plainText)
    }

    @Test func webPagesInUTF16AreTold() throws {
        let bytes = "<!DOCTYPE html><html>日本語".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(try MediaType.detect(bytes: [0xFF, 0xFE] + bytes, fileName: "x") == .html)
        #expect(try MediaType.detect(bytes: bytes, fileName: "x") == .html)
    }

    @Test func piecesOfPagesAreToldByTheirName() throws {
        #expect(try detect("Some <b>bold</b> words", "a.html") == .html)
        #expect(try detect("Some <b>bold</b> words", "a") == .plainText)
        #expect(try detect("3 < 4 and no markup", "a.htm") == .plainText)
        #expect(try detect("<htmlish> words", "a") == .plainText)
    }

    @Test(arguments: [
        ("{\"a\": 1}", MediaType.json), (" [1, 2, {\"b\": null}]\n", .json), ("{\"a\":1}\n{\"a\":2}\n", .jsonl), ("{not json}", .plainText),
        ("[1] A footnote.\n[2] Another one [sic]", .plainText), ("[see below]", .plainText), ("{\"a\": 1} and more", .plainText),
        ("42", .plainText),
        ("{\"text\": \"" + String(repeating: "x", count: 40_000) + "\"}", .json),
    ])
    func jsonWithoutANameIsToldByItsContent(text: String, expected: MediaType) throws {
        #expect(try detect(text, "download") == expected)
    }

    @Test func linesUnderTheNameOfJSONAreLines() throws {
        #expect(try detect("{\"a\":1}\n{\"a\":2}", "a.json") == .jsonl)
        #expect(try detect("{\"a\":1}\n", "a.json") == .json)
    }

    @Test(arguments: [
        ("{\\rtf1 x}", "a.doc", "application/rtf"), ("%!PS-Adobe", "a", "application/postscript"), ("<a/>", "a.xml", "application/xml"),
    ])
    func otherFormatsOfTextAreRefused(text: String, name: String, type: String) {
        #expect(throws: ExtractionError.unsupported(type: type)) { try MediaType.detect(bytes: Array(text.utf8), fileName: name) }
    }
}

/// A ZIP archive of stored files, for telling its type only: sizes and sums are left zero.
private struct Archive {
    private(set) var localPart: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt8 = 0

    init(names: [String], content: [UInt8] = []) {
        for name in names { add(name, content: content) }
    }

    mutating func add(_ name: String, content: [UInt8] = []) {
        let length = [UInt8(name.utf8.count), 0]
        localPart += [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + length + [0, 0] + Array(name.utf8) + content
        directory += [0x50, 0x4B, 1, 2] + [UInt8](repeating: 0, count: 24) + length + [UInt8](repeating: 0, count: 16) + Array(name.utf8)
        count += 1
    }

    var bytes: [UInt8] {
        let offset = (0..<4).map { UInt8(truncatingIfNeeded: localPart.count >> ($0 * 8)) }
        return localPart + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0, count, 0, count, 0, 0, 0, 0, 0] + offset + [0, 0]
    }
}
