/// Makes the bytes a program prints well-formed XML characters, block by block: poppler writes what a font's table says, control
/// characters and halves of surrogate pairs among it.
struct XMLByteFilter {
    /// The beginning of a scalar whose end is in the next block.
    private var pending: [UInt8] = []

    /// The bytes of the block, what XML does not allow replaced by a space. Linear.
    mutating func filtered(_ block: UnsafeRawBufferPointer) -> [UInt8] {
        var bytes = pending
        bytes.append(contentsOf: block)
        pending = []
        var index = 0
        while index < bytes.count {
            let length = Self.length(bytes[index])
            if length == 1 {
                if bytes[index] >= 0x80 || (bytes[index] < 0x20 && !Self.isWhiteSpace(bytes[index])) { bytes[index] = 0x20 }
            } else if index + length > bytes.count {
                pending = Array(bytes[index...])
                bytes.removeSubrange(index...)
            } else if !Self.isScalar(bytes[index..<(index + length)]) {
                bytes[index] = 0x20
                index += 1
                continue
            }
            index += length
        }
        return bytes
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// The bytes that a scalar with this first byte has; 1 for what begins none.
    private static func length(_ first: UInt8) -> Int {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    /// Whether bytes with a fitting first byte are one scalar, and not one of U+FFFE and U+FFFF.
    private static func isScalar(_ bytes: ArraySlice<UInt8>) -> Bool {
        let (first, second) = (bytes[bytes.startIndex], bytes[bytes.startIndex + 1])
        guard bytes.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { return false }
        switch first {
        case 0xE0: return second >= 0xA0
        case 0xED: return second < 0xA0
        case 0xEF: return !(second == 0xBF && bytes[bytes.startIndex + 2] >= 0xBE)
        case 0xF0: return second >= 0x90
        case 0xF4: return second < 0x90
        default: return true
        }
    }
}
