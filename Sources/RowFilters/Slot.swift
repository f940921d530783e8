/// Number of a row in what holds it: ascending, never given twice.
package typealias Slot = UInt32

/// Rows lie in chunks of 1,024.
extension Slot {
    /// So many of a slot's bits are its row's number in the chunk.
    package static let rowBits = 10
    private static let rowMask = (1 << rowBits) - 1

    package init(chunk: Int, row: Int) {
        self = UInt32(chunk << Self.rowBits | row)
    }

    package var chunk: Int { Int(self >> UInt32(Self.rowBits)) }
    package var row: Int { Int(self) & Self.rowMask }
}
