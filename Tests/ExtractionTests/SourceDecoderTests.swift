import Testing

@testable import Extraction

@Suite struct SourceDecoderTests {
    @Test func marksAndLineEndsAreNormalised() throws {
        #expect(try SourceDecoder.decode([0xEF, 0xBB, 0xBF] + Array("a\r\nb\rc\n\r\nd".utf8)) == "a\nb\nc\n\nd")
    }

    @Test func compositionIsNFC() throws {
        let text = try SourceDecoder.decode(Array("e\u{301} \u{1112}\u{1161}\u{11AB} \u{30AB}\u{3099}".utf8))
        #expect(Array(text.unicodeScalars) == Array("\u{E9} \u{D55C} \u{30AC}".unicodeScalars))
    }

    @Test(arguments: [true, false])
    func utf16WithAMarkIsRead(isBigEndian: Bool) throws {
        let units = [0xFEFF] + Array("東京\r\n🙂 서울".utf16)
        let bytes = units.flatMap { unit in isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 0xFF)] : [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        #expect(try TextExtractor().extract(bytes, fileName: "a.txt").text == "東京\n🙂 서울")
    }

    @Test func brokenUTF16IsLocated() {
        let lone: [UInt8] = [0xFF, 0xFE, 0x61, 0, 0x0A, 0, 0x00, 0xD8, 0x62, 0]
        #expect(throws: ExtractionError.invalidUTF16(byteOffset: 6, line: 2)) { try SourceDecoder.decode(lone) }
        #expect(throws: ExtractionError.invalidUTF16(byteOffset: 4, line: 1)) { try SourceDecoder.decode([0xFF, 0xFE, 0x61, 0, 0x62]) }
        #expect(throws: ExtractionError.invalidUTF16(byteOffset: 2, line: 1)) { try SourceDecoder.decode([0xFF, 0xFE, 0x00, 0xDC]) }
    }

    @Test func invalidUTF8IsLocatedInTheFileAsGiven() {
        let bytes = [0xEF, 0xBB, 0xBF] + Array("one\r\ntwo\rth".utf8) + [0xE9] + Array("e".utf8)
        let error = #expect(throws: ExtractionError.self) { try SourceDecoder.decode(bytes) }
        #expect(error == .invalidUTF8(byteOffset: 14, line: 3))
        #expect(error?.code == "invalid_utf8")
        #expect(error?.description.contains("Convert the file to UTF-8") == true)
    }

    @Test(arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE3, 0x81]] as [[UInt8]])
    func overlongSurrogateBeyondAndCutSequencesAreRefusedInUTF8(sequence: [UInt8]) {
        let bytes = Array("東京都".utf8) + sequence
        #expect(throws: ExtractionError.invalidUTF8(byteOffset: 9, line: 1)) { try SourceDecoder.decode(bytes) }
    }

    @Test func nullCharactersFarInsideAreRefused() {
        let bytes = Array(repeating: UInt8(ascii: "\n"), count: 9000) + [0]
        #expect(throws: ExtractionError.nullCharacter(line: 9001)) { try TextExtractor().extract(bytes, fileName: "a.txt") }
    }

    @Test(arguments: [" \r\n\t\u{3000}\n", "\u{FEFF}\u{200B}\n", "---\ntitle: Only this\n---\n\n"])
    func filesWithoutTextAreRefused(text: String) {
        #expect(throws: ExtractionError.noText) { try extract(text) }
    }

    @Test func emptyAndOversizedFilesAreRefused() {
        #expect(throws: ExtractionError.emptyFile) { try extract("") }
        #expect(throws: ExtractionError.tooLarge(bytes: 5, maximumBytes: 4)) {
            try TextExtractor(limits: ExtractionLimits(maximumBytes: 4)).extract(Array("abcde".utf8), fileName: "a.txt")
        }
    }

    @Test func everyErrorHasACodeOfItsOwn() {
        let all: [ExtractionError] = [
            .emptyFile, .noText, .binary(looksLike: "x"), .unsupported(type: "x"), .invalidUTF8(byteOffset: 0, line: 1),
            .invalidUTF16(byteOffset: 0, line: 1), .nullCharacter(line: 1),
            .tooLarge(bytes: 2, maximumBytes: 1), .locked(format: "x"), .damaged(format: "x", reason: "y"), .noTextLayer(pages: 2),
            .overLimit(resource: "x"), .programKilled, .programMissing(program: "x", package: "y"),
        ]
        #expect(Set(all.map(\.code)).count == all.count - 2, "three ways to have no text")
        #expect(Set(all.map(\.description)).count == all.count)
    }
}
