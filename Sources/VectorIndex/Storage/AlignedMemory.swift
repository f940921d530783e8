import Glibc

/// A piece of memory, aligned to cache lines or, from 2 MB on, to huge pages, and freed with its last owner; or a part of a mapped file, which
/// nobody may write to.
///
/// `@unchecked Sendable`: who may write which part when is the business of the types that own it; each says so.
final class AlignedMemory: @unchecked Sendable {
    private static let hugePageBytes = 2 << 20

    let base: UnsafeMutableRawPointer
    let bytes: Int
    private let isAllocated: Bool
    private let mapping: MappedBytes?
    private let piece: VectorPiece?

    init(bytes: Int) {
        self.bytes = max(64, bytes)
        mapping = nil
        piece = nil
        if bytes >= Self.hugePageBytes, let pages = Self.hugePages(self.bytes) {
            base = pages
            isAllocated = false
        } else {
            base = .allocate(byteCount: self.bytes, alignment: 64)
            isAllocated = true
        }
    }

    /// Memory of the system's own, since what an allocator gets back it may keep. Nil when the system refuses.
    private static func hugePages(_ bytes: Int) -> UnsafeMutableRawPointer? {
        let span = bytes + hugePageBytes
        guard let start = mmap(nil, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED else {
            return nil
        }
        let offset = (hugePageBytes - Int(bitPattern: start) % hugePageBytes) % hugePageBytes
        let mapped = pages(bytes)
        if offset > 0 { munmap(start, offset) }
        if span > offset + mapped { munmap(start + offset + mapped, span - offset - mapped) }
        // Advice only: without it a scan is about 12 % slower, for want of address translations.
        madvise(start + offset, mapped, MADV_HUGEPAGE)
        return start + offset
    }

    private static func pages(_ bytes: Int) -> Int {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        return (bytes + page - 1) / page * page
    }

    /// Bytes of a mapping, which lives at least as long, and so does the piece of a file that they are. They lie inside it.
    init(_ range: Range<Int>, of mapping: MappedBytes, keeping piece: VectorPiece? = nil) {
        self.mapping = mapping
        self.piece = piece
        bytes = range.count
        base = mapping.base + range.lowerBound
        isAllocated = false
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
        if isAllocated {
            base.deallocate()
        } else if mapping == nil {
            munmap(base, Self.pages(bytes))
        }
    }
}
