/// A text as UTF-8 bytes, with the two offsets in use: bytes inside this room, Unicode scalars in what leaves it.
///
/// Copies share their storage: one byte for each of the text, and 3 % more for text beyond ASCII. At most 4 GiB.
struct SourceText: Sendable, Equatable {
    let bytes: [UInt8]
    /// The number of scalars before each multiple of ``stride`` bytes, and the total at the end; empty for ASCII, where both offsets
    /// are the same.
    private let checkpoints: [UInt32]
    private static let stride = 128

    init(_ text: String) {
        bytes = Array(text.utf8)
        checkpoints = bytes.allSatisfy { $0 < 0x80 } ? [] : Self.checkpoints(of: bytes)
    }

    private static func checkpoints(of bytes: [UInt8]) -> [UInt32] {
        var checkpoints: [UInt32] = []
        checkpoints.reserveCapacity(bytes.count / stride + 2)
        var scalars: UInt32 = 0
        for start in Swift.stride(from: 0, to: bytes.count, by: stride) {
            checkpoints.append(scalars)
            scalars += UInt32(Self.scalars(in: bytes[start..<min(start + stride, bytes.count)]))
        }
        checkpoints.append(scalars)
        return checkpoints
    }

    /// The scalars before byte `offset`, which begins a scalar or is the end. Constant time.
    func scalarOffset(ofByte offset: Int) -> Int {
        if checkpoints.isEmpty { return offset }
        let checkpoint = offset / Self.stride
        return Int(checkpoints[checkpoint]) + Self.scalars(in: bytes[(checkpoint * Self.stride)..<offset])
    }

    /// The byte at which scalar `offset` begins; the end for any offset beyond. Logarithmic time.
    func byteOffset(ofScalar offset: Int) -> Int {
        if checkpoints.isEmpty { return min(offset, bytes.count) }
        var low = 0
        var high = checkpoints.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(checkpoints[middle]) <= offset { low = middle } else { high = middle }
        }
        var position = min(low * Self.stride, bytes.count)
        var missing = offset - Int(checkpoints[low])
        while position < bytes.count {
            if bytes[position] & 0xC0 != 0x80 {
                if missing == 0 { return position }
                missing -= 1
            }
            position += 1
        }
        return position
    }

    /// The scalars of a range of bytes that begins and ends between scalars.
    func scalarOffsets(of range: Range<Int>) -> Range<Int> {
        scalarOffset(ofByte: range.lowerBound)..<scalarOffset(ofByte: range.upperBound)
    }

    /// The bytes of a range of scalars.
    func byteOffsets(of range: Range<Int>) -> Range<Int> {
        byteOffset(ofScalar: range.lowerBound)..<byteOffset(ofScalar: range.upperBound)
    }

    /// The text of a range of bytes that begins and ends between scalars.
    func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private static func scalars(in bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(into: 0) { count, byte in
            if byte & 0xC0 != 0x80 { count += 1 }
        }
    }
}
