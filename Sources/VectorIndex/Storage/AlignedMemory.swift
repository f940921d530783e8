import Glibc

/// A piece of memory, aligned to cache lines or, from 2 MB on, to huge pages, and freed with its last owner.
///
/// `@unchecked Sendable`: who may write which part when is the business of the types that own it; each says so.
final class AlignedMemory: @unchecked Sendable {
    private static let hugePageBytes = 2 << 20

    let base: UnsafeMutableRawPointer
    let bytes: Int

    init(bytes: Int) {
        self.bytes = max(64, bytes)
        let huge = bytes >= Self.hugePageBytes
        base = UnsafeMutableRawPointer.allocate(byteCount: self.bytes, alignment: huge ? Self.hugePageBytes : 64)
        // Advice only: without it a scan is about 12 % slower, for want of address translations.
        if huge { madvise(base, self.bytes, MADV_HUGEPAGE) }
    }

    deinit {
        base.deallocate()
    }
}
