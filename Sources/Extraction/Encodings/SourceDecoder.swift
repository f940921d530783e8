import TextAnalysis

/// Bytes of a file to text: strictly decoded, without byte order mark, line ends `\n`, Unicode NFC.
///
/// A byte order mark decides; then zero bytes, which give UTF-16 and UTF-32 away; then validity as UTF-8, which no other text reaches by
/// chance; then what the text says of itself; then what reads best (``EncodingGuess``).
enum SourceDecoder {
    /// The text of `bytes`. Takes about three times their size in memory, `bytes` included.
    /// - Parameter declared: what the text says its encoding is; not believed when the bytes contradict it.
    /// - Throws: ``ExtractionError/invalidUTF8(byteOffset:line:)`` for bytes that no encoding fits, and the like for UTF-16 and UTF-32;
    ///   ``ExtractionError/nullCharacter(line:)``.
    static func decode(_ bytes: [UInt8], declared: TextEncoding? = nil) throws(ExtractionError) -> String {
        try decodeNaming(bytes, declared: declared).text
    }

    /// The same, and what the encoding turned out to be.
    static func decodeNaming(
        _ bytes: [UInt8], declared: TextEncoding? = nil
    ) throws(ExtractionError) -> (text: String, encoding: TextEncoding) {
        let (text, encoding) = try decoded(bytes, declared: declared)
        if let zero = text.utf8.firstIndex(of: 0) {
            throw .nullCharacter(line: text.utf8[..<zero].count { $0 == 0x0A } + 1)
        }
        return (TextNormalizer.nfc(text), encoding)
    }

    private static func decoded(_ bytes: [UInt8], declared: TextEncoding?) throws(ExtractionError) -> (String, TextEncoding) {
        if let mark = ByteOrderMark(bytes) {
            return (try unicode(bytes, from: mark.length, as: mark.encoding), mark.encoding)
        }
        if let encoding = ZeroBytePattern.encoding(of: bytes) {
            return (try unicode(bytes, from: 0, as: encoding), encoding)
        }
        if let escaped = EscapedEncoding.find(in: bytes), let text = legacy(bytes, as: escaped) {
            return (text, .legacy(escaped))
        }
        guard let damage = UTF8Damage(bytes) else { return (DecodedText.text(ofUTF8: bytes[...]), .utf8) }
        if case .legacy(let name)? = declared, let text = legacy(bytes, as: name), EncodingGuess.isCredible(name, for: bytes) {
            return (text, .legacy(name))
        }
        if !damage.isMostlyUTF8 {
            for name in EncodingGuess.candidates(for: bytes) {
                if let text = legacy(bytes, as: name) { return (text, .legacy(name)) }
            }
        }
        throw .invalidUTF8(byteOffset: damage.offset, line: lineNumber(of: bytes[..<damage.offset]))
    }

    private static func legacy(_ bytes: [UInt8], as encoding: String) -> String? {
        var decoded = DecodedText(capacity: bytes.count + bytes.count / 2)
        let isComplete = CharacterConverter.convert(bytes[...], from: encoding, isWhole: true) { decoded.append(&$0) }
        return isComplete ? decoded.text : nil
    }

    private static func unicode(_ bytes: [UInt8], from start: Int, as encoding: TextEncoding) throws(ExtractionError) -> String {
        switch encoding {
        case .utf16(let isBigEndian): return try UTF16Decoder(bytes, isBigEndian: isBigEndian).text(from: start)
        case .utf32(let isBigEndian): return try UTF32Decoder(bytes, isBigEndian: isBigEndian).text(from: start)
        case .utf8, .legacy:
            if let damage = UTF8Damage(bytes) {
                throw .invalidUTF8(byteOffset: damage.offset, line: lineNumber(of: bytes[..<damage.offset]))
            }
            return DecodedText.text(ofUTF8: bytes[start...])
        }
    }

    /// The number, from 1, of the line that follows `bytes`, whatever the style of line ends.
    private static func lineNumber(of bytes: ArraySlice<UInt8>) -> Int {
        var line = 1
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0D || (byte == 0x0A && previous != 0x0D) { line += 1 }
            previous = byte
        }
        return line
    }
}
