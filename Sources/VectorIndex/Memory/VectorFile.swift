import RowFilters
import CVectorKernels
import FoundationEssentials
import Glibc

/// A file without a name, which takes vectors that leave memory, and through which they are read in place. What nobody refers to any more gives
/// its room on the disk back.
final class VectorFile: Sendable {
    /// Where the next piece goes: mapped in large parts, since a process has only some 65,000 mappings.
    private struct End {
        var offset = 0
        var part: MappedBytes?
        var partStart = 0
    }

    private static let partBytes = 256 << 20
    private static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    private let path: String
    private let descriptor: Int32
    private let end = Guarded(End())

    /// Makes the file in a folder, which is made when it is not there.
    init(in folder: URL) throws(SnapshotError) {
        path = folder.path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system(path: path, operation: "making the folder", code: errno) }
        let name = "\(path)/vectors-\(UUID().uuidString)"
        descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path: path, operation: "making a file for vectors", code: errno) }
        unlink(name)
    }

    deinit {
        close(descriptor)
    }

    /// Bytes on the disk that the file takes.
    var onDisk: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }

    /// Writes bytes into the file.
    /// - Returns: the same bytes, in place, for as long as somebody refers to them.
    /// - Throws: the system's refusal, such as a full disk.
    func write(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) -> AlignedMemory {
        let length = (max(1, bytes.count) + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
        let (offset, part, partStart) = try end.withLock { end throws(SnapshotError) in try reserve(length, &end) }
        let piece = VectorPiece(file: self, range: offset..<offset + length)
        var written = 0
        while written < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, offset + written)
            if count < 0 {
                guard errno == EINTR else { throw refusal("writing vectors") }
            } else {
                written += count
            }
        }
        let start = offset - partStart
        return AlignedMemory(start..<start + bytes.count, of: part, keeping: piece)
    }

    private func reserve(_ length: Int, _ end: inout End) throws(SnapshotError) -> (offset: Int, part: MappedBytes, partStart: Int) {
        if let part = end.part, end.offset + length <= end.partStart + part.count {
            defer { end.offset += length }
            return (end.offset, part, end.partStart)
        }
        let start = end.part.map { end.partStart + $0.count } ?? 0
        let count = max(length, Self.partBytes)
        guard ftruncate(descriptor, start + count) == 0 else { throw refusal("lengthening a file for vectors") }
        guard let part = MappedBytes(descriptor: descriptor, offset: start, count: count) else { throw refusal("mapping vectors") }
        end = End(offset: start + length, part: part, partStart: start)
        return (start, part, start)
    }

    private func refusal(_ operation: String) -> SnapshotError {
        .system(path: path, operation: operation, code: errno)
    }

    fileprivate func giveBack(_ range: Range<Int>) {
        // A file system that knows no holes keeps the room until the file goes.
        _ = bunko_punch_hole(descriptor, Int64(range.lowerBound), Int64(range.count))
    }
}

/// A part of the file that is in use, and free with its last owner.
final class VectorPiece: Sendable {
    private let file: VectorFile
    private let range: Range<Int>

    fileprivate init(file: VectorFile, range: Range<Int>) {
        self.file = file
        self.range = range
    }

    deinit {
        file.giveBack(range)
    }
}
