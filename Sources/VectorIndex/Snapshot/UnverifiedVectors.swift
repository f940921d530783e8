import CVectorKernels
import Glibc

/// Vectors in a snapshot's file that nobody has compared with their checksums yet.
struct UnverifiedVectors: Sendable {
    private var data: SegmentReader?
    /// The first to be read is the last.
    private var segments: [(bytes: Range<Int>, checksum: UInt32)] = []
    private var letsGo = false
    /// Of the segment that is being read: how many bytes were, and their checksum.
    private var count = 0
    private var checksum: UInt32 = 0

    /// None.
    init() {}

    /// - Parameter letsGo: whether pages are given back once they are read, for an index that must stay small.
    init(_ segments: [(bytes: Range<Int>, checksum: UInt32)], of data: SegmentReader, letsGo: Bool) {
        guard !segments.isEmpty else { return }
        self.data = data
        self.segments = segments.reversed()
        self.letsGo = letsGo
    }

    var isEmpty: Bool { segments.isEmpty }

    /// Reads so many bytes more. What does not match stays, so that the next call throws as well.
    mutating func verify(atMost limit: Int) throws(SnapshotError) {
        var left = limit
        while left > 0, let data, let (bytes, expected) = segments.last {
            let taken = min(left, bytes.count - count)
            let start = data.bytes.base + bytes.lowerBound + count
            // Advice only, to a system that may read ahead, and that finds what it gives back in its cache.
            madvise(start, taken, MADV_WILLNEED)
            checksum = bunko_crc32c(checksum, start, taken)
            if letsGo { madvise(start, taken, MADV_DONTNEED) }
            count += taken
            left -= taken
            guard count == bytes.count else { return }
            guard checksum == expected else { throw data.damaged("the checksum of the vectors does not match", at: bytes.lowerBound) }
            segments.removeLast()
            (count, checksum) = (0, 0)
        }
        // The file, if it has been replaced, is given up with the last vector that is used in place.
        if segments.isEmpty { data = nil }
    }
}
