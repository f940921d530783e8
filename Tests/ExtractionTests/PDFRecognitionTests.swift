import Glibc
import TestSupport
import Testing

@testable import Extraction

/// Text recognition; what needs tesseract is skipped, and says so, where it is not installed.
@Suite struct PDFRecognitionTests {
    private static let isInstalled = access("/usr/bin/tesseract", X_OK) == 0 || access("/usr/local/bin/tesseract", X_OK) == 0

    @Test(.enabled(if: isInstalled, "tesseract is not installed: apt-get install tesseract-ocr tesseract-ocr-eng"))
    func scannedPagesAreRead() throws {
        var source = PDFMaker()
        source.addPage([
            PDFMaker.Text(text: "The quick brown fox jumps over", x: 72, y: 700, size: 18),
            PDFMaker.Text(text: "the lazy dog.", x: 72, y: 678, size: 18),
        ])
        let image = try picture(of: source.bytes())
        var scan = PDFMaker()
        scan.addPicture(width: 1275, height: 1650, points: image)
        scan.addPage([PDFMaker.Text(text: "Page with text", x: 72, y: 700)])
        let found = try read(scan.bytes(), reader: PDFReader(ocrLanguages: ["eng"]))
        #expect(found.text.hasPrefix("The quick brown fox jumps over the lazy dog."))
        #expect(found.text.hasSuffix("Page with text"))
        #expect(found.blocks.map(\.page) == [1, 2, 2])
    }

    @Test(.enabled(if: isInstalled, "tesseract is not installed: apt-get install tesseract-ocr tesseract-ocr-eng"))
    func missingLanguages() {
        var scan = PDFMaker()
        scan.addPicture(width: 4, height: 4, points: [UInt8](repeating: 0, count: 16))
        #expect(failure(of: scan.bytes(), reader: PDFReader(ocrLanguages: ["xxx"]))?.code == "program_missing")
    }

    @Test func wordsOfATable() {
        let table = """
            level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
            4\t1\t1\t1\t1\t0\t300\t300\t600\t50\t-1\t
            5\t1\t1\t1\t1\t1\t300\t300\t150\t50\t96.5\tHello
            5\t1\t1\t1\t1\t2\t500\t300\t150\t50\t12.0\tspeck
            5\t1\t1\t1\t1\t3\t700\t320\t150\t30\t91\tworn
            broken\tline
            """
        let words = RecognizedWords(Array(table.utf8), pointsPerDot: 0.24).words(on: PageWords(number: 3, width: 600, height: 800)).words
        #expect(words.map(\.text) == ["Hello", "worn"])
        #expect(words.first?.box == PageBox(left: 72, top: 72, right: 108, bottom: 84))
        #expect(words.last?.box.height == 12)
    }

    @Test func greyImages() {
        let bytes = Array("P5\n2 2\n255\n".utf8) + [255, 255, 250, 240] + Array("P5 3 1 255 ".utf8) + [255, 10, 255]
        #expect(GreyImage.images(in: bytes).map(\.hasInk) == [false, true])
        #expect(GreyImage.images(in: Array("P5\n99999 99999\n255\n".utf8) + [0]).map(\.hasInk) == [true])
        #expect(GreyImage.images(in: Array("P6\n2 2\n255\n".utf8)).isEmpty)
    }

    /// The first page as grey points, 1275 by 1650 (150 dots an inch).
    private func picture(of bytes: [UInt8]) throws -> [UInt8] {
        let folder = temporaryFolder()
        defer { remove(folder) }
        try write(bytes, to: folder + "/document.pdf")
        let poppler = try Poppler(path: folder + "/document.pdf", folders: ["/usr/bin", "/usr/local/bin"])
        let program = try poppler.images(of: 1...1, scale: ["-r", "150"])
        let image = try #require(GreyImage.images(in: program.readAll(limit: 4 << 20)).first)
        #expect(program.finish() == .code(0))
        return Array(image.points)
    }
}
