import TextAnalysis

/// The encodings a byte order mark can announce; text without one is taken for UTF-8.
enum TextEncoding: Sendable, Equatable {
    case utf8
    case utf16(isBigEndian: Bool)

    /// - Throws: ``ExtractionError/unsupportedEncoding(name:)`` for UTF-32.
    static func detect(_ bytes: [UInt8]) throws(ExtractionError) -> TextEncoding {
        if bytes.starts(with: [0xFF, 0xFE, 0x00, 0x00]) || bytes.starts(with: [0x00, 0x00, 0xFE, 0xFF]) {
            throw .unsupportedEncoding(name: "UTF-32")
        }
        if bytes.starts(with: [0xFF, 0xFE]) { return .utf16(isBigEndian: false) }
        if bytes.starts(with: [0xFE, 0xFF]) { return .utf16(isBigEndian: true) }
        return .utf8
    }
}

/// Bytes of a file to text: strictly decoded, without byte order mark, line ends `\n`, Unicode NFC.
enum SourceDecoder {
    static func decode(_ bytes: [UInt8]) throws(ExtractionError) -> String {
        let utf8: [UInt8] =
            switch try TextEncoding.detect(bytes) {
            case .utf8: try validUTF8(bytes)
            case .utf16(let isBigEndian): try transcoded(bytes, isBigEndian: isBigEndian)
            }
        let normalized = withUniformLineEnds(utf8)
        if let zero = normalized.firstIndex(of: 0) {
            throw .nullCharacter(line: lineNumber(of: normalized[..<zero]))
        }
        return TextNormalizer.nfc(String(decoding: normalized, as: UTF8.self))
    }

    private static func validUTF8(_ bytes: [UInt8]) throws(ExtractionError) -> [UInt8] {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let offset = error.byteOffsets.lowerBound
            throw .invalidUTF8(byteOffset: offset, line: lineNumber(of: bytes[..<offset]))
        }
        return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    private static func transcoded(_ bytes: [UInt8], isBigEndian: Bool) throws(ExtractionError) -> [UInt8] {
        var utf8: [UInt8] = []
        utf8.reserveCapacity(bytes.count)
        var offset = 2
        func unit(at offset: Int) -> UInt16? {
            guard offset + 1 < bytes.count else { return nil }
            let (first, second) = (UInt16(bytes[offset]), UInt16(bytes[offset + 1]))
            return isBigEndian ? first << 8 | second : second << 8 | first
        }
        while offset < bytes.count {
            let lead = unit(at: offset)
            guard let lead, let scalar = scalar(lead, followedBy: unit(at: offset + 2)) else {
                throw .invalidUTF16(byteOffset: offset, line: lineNumber(of: utf8[...]))
            }
            utf8.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            offset += UTF16.isLeadSurrogate(lead) ? 4 : 2
        }
        return utf8
    }

    /// The scalar that `lead` is or begins, nil for half a surrogate pair.
    private static func scalar(_ lead: UInt16, followedBy next: UInt16?) -> Unicode.Scalar? {
        guard UTF16.isLeadSurrogate(lead) else { return Unicode.Scalar(lead) }
        guard let next, UTF16.isTrailSurrogate(next) else { return nil }
        return Unicode.Scalar(0x10000 + UInt32(lead & 0x3FF) << 10 + UInt32(next & 0x3FF))
    }

    private static func withUniformLineEnds(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0x0D) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var previous: UInt8 = 0
        for byte in bytes {
            if !(byte == 0x0A && previous == 0x0D) { result.append(byte == 0x0D ? 0x0A : byte) }
            previous = byte
        }
        return result
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
