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
    private let piece: VectorPiece?

    init(bytes: Int) {
        self.bytes = max(64, bytes)
        mapping = nil
        piece = nil
        let huge = bytes >= Self.hugePageBytes
        base = UnsafeMutableRawPointer.allocate(byteCount: self.bytes, alignment: huge ? Self.hugePageBytes : 64)
        // Advice only: without it a scan is about 12 % slower, for want of address translations.
        if huge { madvise(base, self.bytes, MADV_HUGEPAGE) }
    }

    /// Bytes of a mapping, which lives at least as long, and so does the piece of a file that they are. They lie inside it.
    init(_ range: Range<Int>, of mapping: MappedBytes, keeping piece: VectorPiece? = nil) {
        self.mapping = mapping
        self.piece = piece
        bytes = range.count
        base = mapping.base + range.lowerBound
    }

    /// Whether the bytes lie in a file, from which they come into memory as they are read.
    var isInFile: Bool { mapping != nil }

    /// Lets the pages go that lie inside, if they are a file's: the next reader has them read again.
    func letGo() {
        guard isInFile else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let start = (UInt(bitPattern: base) + page - 1) / page * page
        let end = (UInt(bitPattern: base) + UInt(bytes)) / page * page
        // Advice only: pages that stay take memory, which the kernel takes back when it is short.
        if start < end { madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED) }
    }

    deinit {
        if mapping == nil { base.deallocate() }
    }
}
