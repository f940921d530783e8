/// The bytes of one part, from memory or as they are unpacked.
final class PartSource {
    private enum Content {
        case memory([UInt8], position: Int)
        case entry(ZipPass)
    }

    private var content: Content
    private var count = 0
    let budget: ReadingBudget
    /// Why reading ended early: C code stands between ``read(into:)`` and whoever can throw.
    private(set) var failure: ExtractionError?

    /// A part that was unpacked before.
    init(_ bytes: [UInt8], budget: ReadingBudget) {
        content = .memory(bytes, position: 0)
        self.budget = budget
    }

    /// The current entry of `pass`, which nobody else moves on.
    init(_ pass: ZipPass, budget: ReadingBudget) {
        content = .entry(pass)
        self.budget = budget
    }

    /// Fills `buffer` from its beginning. 0 at the end of the part, -1 after a failure.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        do throws(ExtractionError) {
            return try fill(buffer)
        } catch {
            failure = error
            return -1
        }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(ExtractionError) -> Int {
        let length: Int
        switch content {
        case .memory(let bytes, let position):
            length = min(buffer.count, bytes.count - position)
            buffer.copyBytes(from: bytes[position..<(position + length)])
            content = .memory(bytes, position: position + length)
        case .entry(let pass):
            length = try pass.read(into: buffer)
        }
        count += length
        // Reading again what is in memory costs time too, and a document may refer to one part a million times.
        try budget.unpack(length, partBytes: count)
        return length
    }
}
