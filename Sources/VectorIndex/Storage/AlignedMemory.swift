import Glibc

/// A piece of memory, aligned to cache lines or, from 2 MB on, to huge pages, and freed with its last owner; or a part of a mapped file, which
/// nobody may write to.
///
/// `@unchecked Sendable`: who may write which part when is the business of the types that own it; each says so.
final class AlignedMemory: @unchecked Sendable {
    private static let hugePageBytes = 2 << 20

    let base: UnsafeMutableRawPointer
    let bytes: Int
    private let mapping: MappedBytes?

    init(bytes: Int) {
        self.bytes = max(64, bytes)
        mapping = nil
        let huge = bytes >= Self.hugePageBytes
        base = UnsafeMutableRawPointer.allocate(byteCount: self.bytes, alignment: huge ? Self.hugePageBytes : 64)
        // Advice only: without it a scan is about 12 % slower, for want of address translations.
        if huge { madvise(base, self.bytes, MADV_HUGEPAGE) }
    }

    /// Bytes of a mapping, which lives at least as long. They lie inside it.
    init(_ range: Range<Int>, of mapping: MappedBytes) {
        self.mapping = mapping
        bytes = range.count
        base = mapping.base + range.lowerBound
    }

    deinit {
        if mapping == nil { base.deallocate() }
    }
}
