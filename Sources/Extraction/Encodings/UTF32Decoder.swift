/// Reads UTF-32, strictly.
struct UTF32Decoder {
    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private static let pieceLength = 16 << 10

    init(_ bytes: [UInt8], isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    /// The text from byte `start` on.
    /// - Throws: ``ExtractionError/damaged(format:reason:)`` for what is no character.
    func text(from start: Int) throws(ExtractionError) -> String {
        var decoded = DecodedText(capacity: bytes.count)
        var units: [UInt16] = []
        var offset = start
        while offset < bytes.count {
            guard let scalar = scalar(at: offset) else {
                throw .damaged(format: "UTF-32 text", reason: "the bytes from \(offset) on are no character")
            }
            units.append(contentsOf: UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter)
            offset += 4
            if units.count >= Self.pieceLength {
                decoded.append(&units)
                units.removeAll(keepingCapacity: true)
            }
        }
        decoded.append(&units)
        return decoded.text
    }

    private func scalar(at offset: Int) -> Unicode.Scalar? {
        guard offset + 4 <= bytes.count else { return nil }
        let unit = bytes[offset..<(offset + 4)]
        return Unicode.Scalar((isBigEndian ? Array(unit) : unit.reversed()).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
}
