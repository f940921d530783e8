/// Where and how far bytes are not UTF-8.
struct UTF8Damage {
    /// The first byte that begins no character.
    let offset: Int
    /// Whether nearly all that is not ASCII is valid, so that it is UTF-8 with an accident in it and no other encoding: text in other
    /// encodings rarely forms a valid sequence.
    let isMostlyUTF8: Bool

    /// Nil for valid UTF-8.
    init?(_ bytes: [UInt8]) {
        do {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            offset = error.byteOffsets.lowerBound
        }
        isMostlyUTF8 = Self.isMostlyUTF8(bytes)
    }

    /// Each byte that continues a character is evidence for UTF-8, each run of bytes that form none is three times as much against it.
    private static func isMostlyUTF8(_ bytes: [UInt8]) -> Bool {
        var (valid, invalid) = (0, 0)
        var isInvalid = false
        var position = 0
        while position < bytes.count, valid + invalid < 10_000 {
            let length = sequenceLength(in: bytes, at: position)
            valid += max(0, length - 1)
            if length == 0, !isInvalid { invalid += 1 }
            isInvalid = length == 0
            position += max(1, length)
        }
        return valid >= 3 && valid >= 3 * invalid
    }

    /// The length of the character at `position`, 0 for none. Overlong forms and surrogates count as characters: this only weighs.
    private static func sequenceLength(in bytes: [UInt8], at position: Int) -> Int {
        let length =
            switch bytes[position] {
            case ..<0x80: 1
            case 0xC2..<0xE0: 2
            case 0xE0..<0xF0: 3
            case 0xF0..<0xF5: 4
            default: 0
            }
        guard length > 1 else { return length }
        let trail = bytes[(position + 1)...].prefix(length - 1)
        return trail.count == length - 1 && trail.allSatisfy { $0 & 0xC0 == 0x80 } ? length : 0
    }
}
