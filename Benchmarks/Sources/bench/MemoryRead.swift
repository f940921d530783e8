import Glibc

/// A plain sequential read of as much memory as a query reads: the bound of a scan, measured like for like.
final class MemoryRead: @unchecked Sendable {
    // @unchecked: the buffer is written in init only, and read afterwards.
    private let buffer: UnsafeMutableBufferPointer<SIMD16<Float>>

    private static let hugePageBytes = 2 << 20
    /// Places read from in turn; one alone does not keep the memory busy.
    private static let streams = 4

    /// Bytes one pass reads.
    let bytes: Int

    /// A buffer of about so many bytes, and at least one huge page.
    init(bytes: Int) {
        let unit = MemoryLayout<SIMD16<Float>>.stride * Self.streams
        self.bytes = max(bytes, Self.hugePageBytes) / unit * unit
        let memory = UnsafeMutableRawPointer.allocate(byteCount: self.bytes, alignment: Self.hugePageBytes)
        madvise(memory, self.bytes, MADV_HUGEPAGE)
        buffer = UnsafeMutableRawBufferPointer(start: memory, count: self.bytes).bindMemory(to: SIMD16<Float>.self)
        buffer.initialize(repeating: SIMD16(repeating: 1))
    }

    deinit {
        UnsafeMutableRawBufferPointer(buffer).deallocate()
    }

    /// Reads everything once on the calling thread; throws when the sum is wrong, which keeps the compiler from leaving the reads out.
    func pass() throws {
        let length = buffer.count / Self.streams
        var sums = (SIMD16<Float>.zero, SIMD16<Float>.zero, SIMD16<Float>.zero, SIMD16<Float>.zero)
        for position in 0..<length {
            sums.0 += buffer[position]
            sums.1 += buffer[position + length]
            sums.2 += buffer[position + 2 * length]
            sums.3 += buffer[position + 3 * length]
        }
        guard (sums.0 + sums.1 + sums.2 + sums.3)[0] == Float(buffer.count) else { throw WrongSum() }
    }
}

struct WrongSum: Error, CustomStringConvertible {
    let description = "the memory does not hold what was written to it"
}
