import Testing

@testable import Extraction

@Suite struct EncodingTests {
    /// Texts as another program than ICU (Python) encodes them, in hexadecimal digits.
    static let samples: [(text: String, encoding: String, bytes: String)] = [
        ("können", "latin-1", "6bf66e6e656e"),
        (
            "Für die Übertragung müssen die Geräte eingeschaltet sein.", "latin-1",
            "46fc722064696520dc62657274726167756e67206dfc7373656e2064696520476572e474652065696e6765736368616c74657420736569"
                + "6e2e"
        ),
        (
            "Für die Übertragung müssen die Geräte eingeschaltet sein.", "mac-roman",
            "469f7220646965208662657274726167756e67206d9f7373656e20646965204765728a74652065696e6765736368616c74657420736569"
                + "6e2e"
        ),
        ("¿Dónde está la estación más próxima?", "latin-1", "bf44f36e646520657374e1206c6120657374616369f36e206de173207072f378696d613f"),
        (
            "The price is “12 €” – take it or leave it…", "cp1252",
            "5468652070726963652069732093313220809420962074616b65206974206f72206c6561766520697485"
        ),
        (
            "Proszę zamknąć drzwi za sobą, dziękuję.", "iso8859-2",
            "50726f737aea207a616d6b6eb1e62064727a7769207a6120736f62b12c20647a69ea6b756aea2e"
        ),
        (
            "Proszę zamknąć drzwi za sobą, dziękuję.", "cp1250",
            "50726f737aea207a616d6b6eb9e62064727a7769207a6120736f62b92c20647a69ea6b756aea2e"
        ),
        ("Пожалуйста, закройте дверь.", "cp1251", "cfeee6e0ebf3e9f1f2e02c20e7e0eaf0eee9f2e520e4e2e5f0fc2e"),
        ("Пожалуйста, закройте дверь.", "koi8-r", "f0cfd6c1ccd5cad3d4c12c20dac1cbd2cfcad4c520c4d7c5d2d82e"),
        ("Пожалуйста, закройте дверь.", "cp866", "8faea6a0abe3a9e1e2a02c20a7a0aae0aea9e2a520a4a2a5e0ec2e"),
        ("Παρακαλώ κλείστε την πόρτα.", "cp1253", "d0e1f1e1eae1ebfe20eaebe5dff3f4e520f4e7ed20f0fcf1f4e12e"),
        ("Παρακαλώ κλείστε την πόρτα.", "iso8859-7", "d0e1f1e1eae1ebfe20eaebe5dff3f4e520f4e7ed20f0fcf1f4e12e"),
        ("明日の会議は三階で行います。", "cp932", "96be93fa82cc89ef8b6382cd8e4f8a4b82c58d7382a282dc82b78142"),
        ("明日の会議は三階で行います。", "euc-jp", "ccc0c6fca4ceb2f1b5c4a4cfbbb0b3aca4c7b9d4a4a4a4dea4b9a1a3"),
        ("明日の会議は三階で行います。", "iso2022-jp", "1b24424c40467c244e32713544244f3b30332c244739542424245e243921231b2842"),
        ("サーバー", "cp932", "8354815b836f815b"),
        ("サーバー", "euc-jp", "a5b5a1bca5d0a1bc"),
        ("内容は第１～３章、①と②。ｱｲｳも。", "cp932", "93e0976582cd91e68250816082528fcd8141874082c687418142b1b2b382e08142"),
        ("내일 회의는 삼층에서 합니다.", "euc-kr", "b3bbc0cf20c8b8c0c7b4c220bbefc3febfa1bcad20c7d5b4cfb4d92e"),
        ("내일 회의는 삼층에서 합니다.", "iso2022-kr", "1b2429430e333b404f0f200e4838404734420f200e3b6f437e3f213c2d0f200e4755344f34590f2e"),
        ("펲시콜라와 찦차를 뷁 샀다고 했습니다.", "cp949", "bc84bdc3c4ddb6f3bfcd20aa42c2f7b8a62094ee20bbf2b4d9b0ed20c7dfbdc0b4cfb4d92e"),
        ("明天的会议在三楼举行。", "gb2312", "c3f7ccecb5c4bbe1d2e9d4dac8fdc2a5bed9d0d0a1a3"),
        ("𠮷野家的会议在三楼举行。", "gb18030", "9534b235d2b0bcd2b5c4bbe1d2e9d4dac8fdc2a5bed9d0d0a1a3"),
        ("明天的會議在三樓舉行。", "big5", "a9faa4d1aabab77cc4b3a662a454bcd3c17ca6e6a143"),
        ("Lütfen kapıyı kapatınız, teşekkürler.", "cp1254", "4cfc7466656e206b6170fd79fd206b61706174fd6efd7a2c207465fe656b6bfc726c65722e"),
        ("נא לסגור את הדלת אחריכם.", "cp1255", "f0e020ecf1e2e5f820e0fa20e4e3ecfa20e0e7f8e9ebed2e"),
        ("กรุณาปิดประตูด้วยครับ", "tis-620", "a1c3d8b3d2bbd4b4bbc3d0b5d9b4e9c7c2a4c3d1ba"),
    ]

    @Test(arguments: samples)
    func textWithoutADeclarationIsRead(text: String, encoding: String, digits: String) throws {
        let bytes = try bytes(digits)
        #expect(try SourceDecoder.decode(bytes) == text)
        // The mark with which ISO-2022-KR announces itself stands first in the file.
        guard encoding != "iso2022-kr" else { return }
        let inside = Array("Heading 1\r\n\r\n".utf8) + bytes + Array("\r\n\r\n- item (a)\r\n".utf8)
        #expect(try TextExtractor().extract(inside, fileName: "a.md").text == "Heading 1\n\n\(text)\n\n- item (a)\n")
    }

    /// "이 문서는 한국어로 쓴 글입니다." in EUC-KR.
    private static let koreanSentence = "c0cc20b9aebcadb4c220c7d1b1b9beeeb7ce20beb420b1dbc0d4b4cfb4d92e"

    @Test func theEncodingFoundIsTold() throws {
        let korean = try bytes(Self.koreanSentence)
        #expect(try SourceDecoder.decodeNaming(korean).encoding == .legacy("windows-949"))
        #expect(try SourceDecoder.decodeNaming(Array("글".utf8)).encoding == .utf8)
        #expect(try SourceDecoder.decodeNaming(Array("a\0b\0".utf8)).encoding == .utf16(isBigEndian: false))
    }

    @Test(arguments: [2, 4], [false, true])
    func wideUnicodeIsReadWithAndWithoutAMark(width: Int, isBigEndian: Bool) throws {
        for mark in ["", "\u{FEFF}"] {
            let bytes = wide(mark + "東京\r\n🙂 서울 and words", width: width, isBigEndian: isBigEndian)
            let text = try TextExtractor().extract(bytes, fileName: "a.txt").text
            #expect(text == "東京\n🙂 서울 and words")
        }
    }

    @Test(arguments: [false, true])
    func japaneseInUTF16IsReadWithoutAMark(isBigEndian: Bool) throws {
        let text = "明日の会議は三階で行います。\n資料は各自で持参してください。\n"
        #expect(try SourceDecoder.decode(wide(text, width: 2, isBigEndian: isBigEndian)) == text)
    }

    @Test func brokenUTF32IsRefused() {
        let bytes: [UInt8] = [0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0, 0, 0xD8, 0, 0]
        let error = #expect(throws: ExtractionError.self) { try SourceDecoder.decode(bytes) }
        #expect(error?.description.contains("bytes from 8 on") == true)
    }

    @Test func pairsAndLineEndsMayBeCutBetweenPieces() throws {
        for padding in 16_380..<16_388 {
            let text = String(repeating: "あ", count: padding) + "🙂\r\n🙂\r"
            let decoded = try SourceDecoder.decode(wide("\u{FEFF}" + text, width: 2, isBigEndian: false))
            #expect(decoded == String(repeating: "あ", count: padding) + "🙂\n🙂\n")
            let japanese = Array([[UInt8]](repeating: [0x82, 0xA0], count: padding).joined()) + [0x0D, 0x0A, 0x82, 0xA0]
            let converted = try SourceDecoder.decode(japanese)
            #expect(converted == String(repeating: "あ", count: padding) + "\nあ")
        }
    }

    @Test func validUTF8OutranksEverything() throws {
        let bytes = Array("Ã¤ is what a wrong encoding makes of ä".utf8)
        #expect(try SourceDecoder.decode(bytes, declared: .legacy("windows-1252")) == "Ã¤ is what a wrong encoding makes of ä")
    }

    @Test func declarationsDecideWhereTheBytesAllowIt() throws {
        let hungarian = try bytes("d53a20e17276ed7a74fb72f5")
        #expect(try SourceDecoder.decode(hungarian, declared: .legacy("ISO-8859-2")) == "Ő: árvíztűrő")
        let japanese = try bytes("96be93fa82cc89ef8b6382cd8e4f8a4b82c58d7382a282dc82b78142")
        for wrong in ["EUC-JP", "windows-1253", "no such thing"] {
            let text = try SourceDecoder.decode(japanese, declared: .legacy(wrong))
            #expect(text == "明日の会議は三階で行います。")
        }
    }

    @Test func damagedUTF8IsRefusedNotGuessed() {
        let bytes = Array("이 문서는 한국어로\n쓴 글".utf8) + [0xFF] + Array("입니다.".utf8)
        #expect(throws: ExtractionError.invalidUTF8(byteOffset: 34, line: 2)) { try SourceDecoder.decode(bytes) }
    }

    @Test func bytesThatNoEncodingFitsAreLocated() {
        let noise = Array("ok\n".utf8) + [[UInt8]](repeating: [0x81, 0x01, 0xFF, 0x02], count: 60).joined()
        #expect(throws: ExtractionError.invalidUTF8(byteOffset: 3, line: 2)) { try SourceDecoder.decode(noise) }
    }

    @Test func aSampleBeyondTheFirstPagesDecides() throws {
        let ascii = Array(String(repeating: "plain words only\n", count: 5000).utf8)
        let text = try SourceDecoder.decode(ascii + bytes(Self.koreanSentence))
        #expect(text.hasSuffix("only\n이 문서는 한국어로 쓴 글입니다."))
    }

    @Test(arguments: 0..<200)
    func anyBytesAreReadOrRefused(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let ranges: [ClosedRange<UInt8>] = [0...255, 0x20...0x7E, 0x80...0xFF, 0xA1...0xFE]
        let range = ranges[Int(seed) % ranges.count]
        let bytes = (0..<Int.random(in: 1...400, using: &random)).map { _ in UInt8.random(in: range, using: &random) }
        do {
            let text = try SourceDecoder.decode(bytes)
            #expect(!text.utf8.contains(0) && !text.utf8.contains(0x0D))
        } catch {
            #expect(["invalid_utf8", "invalid_utf16", "null_character", "damaged"].contains(error.code))
        }
    }
}

/// The bytes that `digits`, two each, stand for.
func bytes(_ digits: String) throws -> [UInt8] {
    let values = digits.utf8.compactMap { JSONString.hexDigit($0) }
    try #require(values.count == digits.utf8.count && values.count.isMultiple(of: 2))
    return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

/// `text` in UTF-16 or UTF-32 without a byte order mark.
func wide(_ text: String, width: Int, isBigEndian: Bool) -> [UInt8] {
    let units = width == 2 ? text.utf16.map(UInt32.init) : text.unicodeScalars.map(\.value)
    return units.flatMap { unit -> [UInt8] in
        let bytes = (0..<width).map { UInt8(truncatingIfNeeded: unit >> (8 * $0)) }
        return isBigEndian ? bytes.reversed() : bytes
    }
}
