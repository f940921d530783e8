/// Reads UTF-16, strictly.
struct UTF16Decoder {
    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private static let pieceLength = 16 << 10

    init(_ bytes: [UInt8], isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    /// The text from byte `start` on.
    /// - Throws: ``ExtractionError/invalidUTF16(byteOffset:line:)``.
    func text(from start: Int) throws(ExtractionError) -> String {
        var decoded = DecodedText(capacity: bytes.count + bytes.count / 2)
        var units: [UInt16] = []
        units.reserveCapacity(Self.pieceLength + 1)
        var offset = start
        while offset < bytes.count {
            guard let length = pairLength(at: offset) else {
                decoded.append(&units)
                throw .invalidUTF16(byteOffset: offset, line: decoded.text.utf8.count { $0 == 0x0A } + 1)
            }
            for next in stride(from: offset, to: offset + length, by: 2) { units.append(unit(at: next) ?? 0) }
            offset += length
            if units.count >= Self.pieceLength {
                decoded.append(&units)
                units.removeAll(keepingCapacity: true)
            }
        }
        decoded.append(&units)
        return decoded.text
    }

    /// 2 for a character of one unit, 4 for a surrogate pair, nil for half of one or of the other.
    private func pairLength(at offset: Int) -> Int? {
        guard let lead = unit(at: offset) else { return nil }
        guard UTF16.isLeadSurrogate(lead) else { return UTF16.isTrailSurrogate(lead) ? nil : 2 }
        guard let trail = unit(at: offset + 2), UTF16.isTrailSurrogate(trail) else { return nil }
        return 4
    }

    private func unit(at offset: Int) -> UInt16? {
        guard offset + 1 < bytes.count else { return nil }
        let (first, second) = (UInt16(bytes[offset]), UInt16(bytes[offset + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }
}
