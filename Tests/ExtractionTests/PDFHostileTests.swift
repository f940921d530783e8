import TestSupport
import Testing

@testable import Extraction

/// Files and pages made to exhaust or confuse a reader: each ends with text or with an error that names the file's fault.
@Suite struct PDFHostileTests {
    private static let allowed: Set<String> = ["damaged", "no_text", "locked"]

    private static func sample() -> [UInt8] {
        var maker = PDFMaker()
        for page in 1...3 { maker.addPage([PDFMaker.Text(text: "Sample page \(page)", x: 72, y: 700)]) }
        return maker.bytes()
    }

    @Test func truncatedAnywhere() {
        let bytes = Self.sample()
        for length in stride(from: 0, to: bytes.count, by: bytes.count / 25) {
            if let error = failure(of: Array(bytes.prefix(length))) { #expect(Self.allowed.contains(error.code), "\(length): \(error)") }
        }
    }

    @Test func flippedBytes() {
        var generator = SeededGenerator(seed: 7)
        for round in 0..<30 {
            var bytes = Self.sample()
            for _ in 0..<(1 + round / 3) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let error = failure(of: bytes) { #expect(Self.allowed.contains(error.code), "\(round): \(error)") }
        }
    }

    @Test func aPageTreeThatHoldsItself() {
        var maker = PDFMaker()
        maker.addPage([PDFMaker.Text(text: "inside", x: 72, y: 700)])
        let error = failure(of: maker.bytes(count: 5, kids: [2, 2, 2]))
        #expect(error?.code == "damaged", "\(String(describing: error))")
    }

    @Test func aDamagedFileIsReadAsFarAsPossible() throws {
        let bytes = Self.sample()
        let table = try #require(bytes.firstRange(of: Array("xref".utf8)))
        let trailer = try #require(bytes.firstRange(of: Array("trailer".utf8)))
        let text = try read(Array(bytes[..<table.lowerBound] + bytes[trailer.lowerBound...])).text
        #expect(text.contains("Sample page 3"))
    }

    // MARK: - Pages of very many words

    private static func page(_ count: Int, _ box: (Int) -> PageBox) -> PageWords {
        var page = PageWords(number: 1, width: 600, height: 800)
        for index in 0..<count {
            if index % 5 == 0 { page.beginLine() }
            page.append(PageWord(text: "w\(index)", box: box(index)))
        }
        return page
    }

    private static func square(_ left: Double, _ top: Double) -> PageBox {
        PageBox(left: left, top: top, right: left + 4, bottom: top + 4)
    }

    struct Place: CustomTestStringConvertible {
        let testDescription: String
        let box: @Sendable (Int) -> PageBox
    }

    private static let places = [
        Place(testDescription: "one point") { _ in square(10, 10) },
        Place(testDescription: "one row") { square(Double($0) * 9, 10) },
        Place(testDescription: "one column") { square(10, Double($0) * 9) },
        Place(testDescription: "grid") { square(Double($0 % 300) * 9, Double($0 / 300) * 9) },
        Place(testDescription: "stairs") { square(Double($0) * 9, Double($0) * 9) },
        Place(testDescription: "stairs that chain") { square(Double($0) * 9, Double($0)) },
        Place(testDescription: "scattered") { square(Double($0 &* 7919 % 60_000), Double($0 &* 104_729 % 80_000)) },
        Place(testDescription: "no size") {
            PageBox(left: Double($0 % 500), top: Double($0 / 500), right: Double($0 % 500), bottom: Double($0 / 500))
        },
        Place(testDescription: "nested gutters") { square(Double($0 % 17) * 50, Double($0 / 17) * 5) },
    ]

    @Test(.timeLimit(.minutes(2)), arguments: places)
    func hundredThousandWords(place: Place) {
        let count = 100_000
        var pages = PDFPages()
        pages.append(Self.page(count, place.box))
        let text = pages.document(title: nil).text
        #expect(text.contains("w\(count - 1)"))
    }

    // MARK: - The bytes of pdftotext

    @Test func bytesThatAreNoXMLCharactersBecomeSpaces() {
        let bytes: [UInt8] = [0x41, 0x01, 0xC3, 0xA9, 0xFF, 0xED, 0xA0, 0x80, 0xEF, 0xBF, 0xBE, 0xE6, 0x96, 0x87, 0xC3]
        for cut in 0...bytes.count {
            var filter = XMLByteFilter()
            var result: [UInt8] = []
            for part in [bytes[..<cut], bytes[cut...]] { result += Array(part).withUnsafeBytes { filter.filtered($0) } }
            #expect(String(decoding: result, as: UTF8.self).split(separator: " ") == ["A", "é", "文"], "cut at \(cut)")
        }
    }

    @Test func messagesKeepTheirFirstAndLastLines() {
        var messages = ProgramMessages()
        messages.append(Array("Syntax Error: first \u{7} fault\n".utf8)[...])
        for _ in 0..<2000 { messages.append([UInt8](repeating: 0x2E, count: 100)[...]) }
        messages.append(Array("std::bad_alloc".utf8)[...])
        #expect(messages.first("Syntax Error: ") == "first  fault")
        #expect(ProgramLimits.error(.signal(6), messages)?.code == "over_limit")
        #expect(ProgramLimits.error(.signal(24), ProgramMessages())?.code == "over_limit")
        #expect(ProgramLimits.error(.signal(11), ProgramMessages()) == nil)
    }
}
