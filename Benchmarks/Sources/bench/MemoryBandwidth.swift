import Foundation
import Glibc

/// The rate at which this machine reads memory in sequence: the bound of any scan of rows that do not fit the caches.
final class MemoryBandwidth: @unchecked Sendable {
    // @unchecked: the buffer is written in init only, and read afterwards.
    private let buffer: UnsafeMutableBufferPointer<SIMD16<Float>>

    private static let hugePageBytes = 2 << 20
    private static let passes = 15
    /// Places a thread reads from in turn; one alone does not keep the memory busy.
    private static let streams = 4

    /// A buffer of so many bytes, several times the last-level cache.
    init(bytes: Int) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.hugePageBytes)
        madvise(memory, bytes, MADV_HUGEPAGE)
        buffer = UnsafeMutableRawBufferPointer(start: memory, count: bytes).bindMemory(to: SIMD16<Float>.self)
        buffer.initialize(repeating: SIMD16(repeating: 1))
    }

    deinit {
        UnsafeMutableRawBufferPointer(buffer).deallocate()
    }

    /// Bytes a second read by all threads together, each its own part: the best pass.
    func read(threads: Int) -> Double {
        let part = buffer.count / threads / Self.streams * Self.streams
        let passes = (0..<Self.passes).compactMap { _ in
            try? onThreads(threads) { [self] thread in
                guard sum(from: thread * part, count: part) > 0 else { throw WrongAnswer() }
            }
        }
        let bytes = Double(part * threads * MemoryLayout<SIMD16<Float>>.stride)
        return passes.min().map { bytes / $0 } ?? 0
    }

    private func sum(from start: Int, count: Int) -> Float {
        let length = count / Self.streams
        var sums = (SIMD16<Float>.zero, SIMD16<Float>.zero, SIMD16<Float>.zero, SIMD16<Float>.zero)
        for position in start..<start + length {
            sums.0 += buffer[position]
            sums.1 += buffer[position + length]
            sums.2 += buffer[position + 2 * length]
            sums.3 += buffer[position + 3 * length]
        }
        return (sums.0 + sums.1 + sums.2 + sums.3).sum()
    }
}
