import Testing

@testable import Extraction

@Suite struct SourceTextTests {
    @Test func offsetsAgreeWithTheScalarsOfTheString() {
        let text = String(repeating: "a文🙂é\n", count: 60)
        let source = SourceText(text)
        var byte = 0
        for (offset, scalar) in text.unicodeScalars.enumerated() {
            #expect(source.byteOffset(ofScalar: offset) == byte)
            #expect(source.scalarOffset(ofByte: byte) == offset)
            byte += String(scalar).utf8.count
        }
        #expect(source.byteOffset(ofScalar: text.unicodeScalars.count) == byte)
        #expect(source.byteOffset(ofScalar: .max) == byte)
        #expect(source.scalarOffset(ofByte: byte) == text.unicodeScalars.count)
    }

    @Test func whiteSpaceIsThatOfUnicode() {
        for value in UInt32(1)...0x30FF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Array(String(scalar).utf8) + [0x61]
            #expect((WhiteSpace.length(in: bytes, at: 0) == bytes.count - 1) == scalar.properties.isWhitespace)
        }
    }

    @Test func trimmingKeepsTheInside() {
        let bytes = Array("\u{3000}\u{85} a \u{2003}b\u{A0}\n".utf8)
        #expect(String(decoding: bytes[WhiteSpace.trim(0..<bytes.count, in: bytes)], as: UTF8.self) == "a \u{2003}b")
        #expect(WhiteSpace.trim(0..<6, in: bytes).isEmpty)
    }
}
