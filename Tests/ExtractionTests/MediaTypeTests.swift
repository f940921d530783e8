import Testing

@testable import Extraction

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("notes.txt", MediaType.plainText), ("notes.TEXT", .plainText), ("a/b.c/README.MD", .markdown), ("x.markdown", .markdown),
        ("server.log", .plainText), ("LICENSE", .plainText), (".md", .plainText), ("C:\\docs\\x.md", .markdown), ("", .plainText),
    ])
    func textIsNamedByItsExtension(name: String, expected: MediaType) throws {
        #expect(try MediaType.detect(bytes: Array("hello".utf8), fileName: name) == expected)
    }

    @Test(arguments: [
        (Array("%PDF-1.7\n".utf8), "PDF"), ([0x50, 0x4B, 3, 4, 20, 0], "ZIP"), ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "PNG"),
        ([0xFF, 0xD8, 0xFF, 0xE0], "JPEG"), ([0x1F, 0x8B, 8], "gzip"), (Array("ab\0c".utf8), "zero byte at offset 2"),
        (Array("h\0e\0l\0l\0o\0".utf8), "UTF-16"),
    ])
    func binaryContentIsNamedWhateverTheNameSays(bytes: [UInt8], looksLike: String) {
        let error = #expect(throws: ExtractionError.self) { try MediaType.detect(bytes: bytes, fileName: "a.txt") }
        #expect(error?.code == "binary_content")
        #expect(error?.description.contains(looksLike) == true)
        #expect(error?.description.contains("Markdown (.md)") == true)
    }

    @Test func wordsThatBeginLikeASignatureAreText() throws {
        for text in ["PKI basics", "GIF8 is no image", "ID3 tags", "BZh", "MZ", "II"] {
            #expect(try MediaType.detect(bytes: Array(text.utf8), fileName: "a.txt") == .plainText)
        }
    }

    @Test func otherFormatsOfTextAreRefusedByName() {
        for (name, type) in [("a.html", "text/html"), ("a.csv", "text/csv"), ("a.json", "application/json"), ("a.pdf", "application/pdf")] {
            #expect(throws: ExtractionError.unsupported(type: type)) { try MediaType.detect(bytes: Array("x".utf8), fileName: name) }
        }
    }

    @Test func webPagesAreRefusedByContentUnlessNamedAsText() throws {
        let page = Array("\n<!DOCTYPE HTML><html>".utf8)
        #expect(throws: ExtractionError.unsupported(type: "text/html")) { try MediaType.detect(bytes: page, fileName: "index") }
        #expect(try MediaType.detect(bytes: page, fileName: "a.md") == .markdown)
    }
}
