import Glibc
import TestSupport
import Testing

@testable import Extraction

/// Whole files, read with poppler's programs.
@Suite struct PDFReaderTests {
    typealias Text = PDFMaker.Text

    private func hello(_ count: Int = 1, rotate: Int = 0) -> PDFMaker {
        var maker = PDFMaker()
        for page in 1...count {
            maker.addPage([Text(text: "Hello page \(page)", x: 72, y: 700), Text(text: "Second line", x: 72, y: 650)], rotate: rotate)
        }
        return maker
    }

    @Test func textWithPages() throws {
        let found = try read(hello(3).bytes())
        #expect(found.mediaType == .pdf)
        #expect(found.text == "Hello page 1\n\nSecond line\n\nHello page 2\n\nSecond line\n\nHello page 3\n\nSecond line")
        #expect(found.blocks.map(\.page) == [1, 1, 2, 2, 2, 3, 3, 3])
    }

    /// A page's number is its place in the page tree, whatever its object's number is, and a page without text has one too.
    @Test func passagesKnowTheirPages() throws {
        var maker = PDFMaker()
        for place in ["Clovelly", "Aldeburgh", "", "Bosham"] {
            let lines = (0..<12).map { "The harbour of \(place) has a quay that is \($0 * 7 + 40) metres long." }
            let texts = lines.enumerated().map { Text(text: $0.element, x: 72, y: 700 - Double($0.offset) * 14) }
            maker.addPage(place.isEmpty ? [] : texts)
        }
        let document = try read(maker.bytes(kids: [8, 10, 12, 6]))
        let chunks = try Chunker(configuration: .init(targetTokens: 64)).chunks(of: document)
        let pages = ["Aldeburgh": 1, "Bosham": 3, "Clovelly": 4]
        #expect(chunks.count > 6)
        for chunk in chunks {
            let named = pages.filter { chunk.content.contains($0.key) }.values.sorted()
            #expect(chunk.pageFrom == named.first && chunk.pageTo == named.last, "\(chunk.content)")
        }
        #expect(Set(chunks.compactMap(\.pageFrom)) == [1, 3, 4])
    }

    @Test(arguments: [90, 180, 270])
    func rotatedPages(rotation: Int) throws {
        #expect(try read(hello(rotate: rotation).bytes()).text == "Hello page 1\n\nSecond line")
    }

    @Test func titles() throws {
        var maker = hello()
        maker.setTitle("The (whole) <truth> & more")
        #expect(try read(maker.bytes()).title == "The (whole) <truth> & more")
    }

    @Test func charactersThatXMLForbids() throws {
        var maker = PDFMaker(toUnicode: ["A": "0001", "B": "FFFE", "C": "D800", "D": "FB01", "E": "0026", "F": "003C"])
        maker.addPage([Text(text: "xAy xBy xCy xDy E F text", x: 72, y: 700)])
        let text = try read(maker.bytes()).text
        #expect(text.hasSuffix("xfiy & < text"))
        #expect(text.hasPrefix("x"))
    }

    // MARK: - Locked files

    @Test func aFileThatOnlyForbidsCopyingIsRead() throws {
        let bytes = hello().bytes(encryption: PDFEncryption(userPassword: "", ownerPassword: "owner"))
        #expect(try read(bytes).text == "Hello page 1\n\nSecond line")
    }

    @Test func aFileWithAPasswordIsLocked() {
        let bytes = hello().bytes(encryption: PDFEncryption(userPassword: "secret", ownerPassword: "owner"))
        #expect(failure(of: bytes) == .locked(format: "PDF document"))
    }

    // MARK: - Files without text

    @Test func pictures() {
        var maker = PDFMaker()
        for _ in 0..<2 { maker.addPicture(width: 4, height: 4, points: (0..<16).map { $0 % 2 == 0 ? 0 : 255 }) }
        #expect(failure(of: maker.bytes()) == .noTextLayer(pages: 2))
    }

    @Test func blankPages() {
        var maker = PDFMaker()
        maker.addPage([])
        #expect(failure(of: maker.bytes()) == .noText)
    }

    @Test func emptyFile() {
        #expect(failure(of: []) == .emptyFile)
    }

    @Test(arguments: [
        Array("This is no PDF document at all.".utf8), [UInt8](repeating: 0, count: 4096), Array("%PDF-1.7\n".utf8),
        PDFMaker().bytes(), PDFMaker().bytes(count: 213_804_087, kids: [3]),
    ])
    func damagedFiles(bytes: [UInt8]) {
        let error = failure(of: bytes)
        #expect(error?.code == "damaged", "\(String(describing: error))")
    }

    @Test func aMissingFileIsDamaged() {
        #expect(throws: ExtractionError.self) { try PDFReader().read(path: "/nowhere/at/all.pdf") }
    }

    @Test func missingPrograms() {
        let bytes = hello().bytes()
        #expect(
            failure(of: bytes, reader: PDFReader(programFolders: ["/nowhere"]))
                == .programMissing(program: "pdftotext", package: "poppler-utils"))
        #expect(
            failure(of: bytes, reader: PDFReader(ocrLanguages: ["eng"], programFolders: [folderWithoutTesseract()]))
                == .programMissing(program: "tesseract", package: "tesseract-ocr"))
    }

    @Test func aNameThatLooksLikeAnOption() throws {
        let folder = temporaryFolder()
        defer { remove(folder) }
        try write(hello().bytes(), to: folder + "/-listenc")
        #expect(try PDFReader().read(path: folder + "/-listenc").text.hasPrefix("Hello"))
    }

    private func folderWithoutTesseract() -> String {
        let folder = temporaryFolder()
        for program in ["pdftotext", "pdftoppm"] { symlink("/usr/bin/\(program)", "\(folder)/\(program)") }
        return folder
    }
}

// MARK: - Files

func temporaryFolder() -> String {
    var template = Array("/tmp/bunko-pdf-XXXXXX".utf8CString)
    return template.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/nowhere"
    }
}

func remove(_ folder: String) {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { _ = unlink(folder + "/" + String(cString: $0)) }
        }
    }
    rmdir(folder)
}

func write(_ bytes: [UInt8], to path: String) throws {
    let file = try #require(fopen(path, "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

func read(_ bytes: [UInt8], reader: PDFReader = PDFReader()) throws -> ExtractedDocument {
    let folder = temporaryFolder()
    defer { remove(folder) }
    try write(bytes, to: folder + "/document.pdf")
    return try reader.read(path: folder + "/document.pdf")
}

/// The error reading the bytes ends with, nil for none.
func failure(of bytes: [UInt8], reader: PDFReader = PDFReader()) -> ExtractionError? {
    do {
        _ = try read(bytes, reader: reader)
        return nil
    } catch {
        return error as? ExtractionError
    }
}
