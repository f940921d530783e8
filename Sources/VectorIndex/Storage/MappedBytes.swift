import Glibc

/// The bytes of a file in place: a read-only mapping that ends with its last owner.
///
/// The file may be renamed or unlinked meanwhile; shortening it in place would end the process at the next access, so nothing here does.
///
/// `@unchecked Sendable`: nobody writes through the mapping, and bytes of the file are written once, before somebody is told where they lie.
final class MappedBytes: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let count: Int
    private let isMapped: Bool

    /// Maps `count` bytes, which are there, of an open file, from a page's start on. Nil with `errno` set when the system refuses.
    init?(descriptor: Int32, offset: Int = 0, count: Int) {
        self.count = count
        // No mapping may be empty.
        isMapped = count > 0
        guard isMapped else {
            base = .allocate(byteCount: 64, alignment: 64)
            return
        }
        guard let mapped = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, offset), mapped != MAP_FAILED else { return nil }
        base = mapped
    }

    /// A copy in memory of its own, with nothing behind its end.
    init(copying bytes: [UInt8]) {
        count = bytes.count
        isMapped = false
        base = .allocate(byteCount: max(1, bytes.count), alignment: 64)
        bytes.withUnsafeBytes { if let source = $0.baseAddress { base.copyMemory(from: source, byteCount: bytes.count) } }
    }

    deinit {
        if isMapped { munmap(base, count) } else { base.deallocate() }
    }
}
