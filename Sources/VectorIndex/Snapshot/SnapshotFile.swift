import Glibc

/// An open file or folder, closed when it goes.
struct SnapshotFile: ~Copyable {
    let descriptor: Int32
    let path: String

    init(_ path: String, flags: Int32) throws(SnapshotError) {
        let descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path: path, operation: "opening it", code: errno) }
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 {
                guard errno == EINTR else { throw .system(path: path, operation: "writing", code: errno) }
            } else {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }

    /// Returns when the bytes, or a folder's entries, will outlive a power cut.
    func synchronize() throws(SnapshotError) {
        guard fsync(descriptor) == 0 else { throw .system(path: path, operation: "writing it to disk", code: errno) }
    }

    /// Waits until no other writer holds the folder; it is let go when this value goes.
    func lock() throws(SnapshotError) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system(path: path, operation: "locking it", code: errno) }
        }
    }

    /// All of a regular file in place.
    func mapped() throws(SnapshotError) -> MappedBytes {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(path: path, operation: "reading its size", code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .damaged(path: path, offset: 0, reason: "it is not a file") }
        guard let bytes = MappedBytes(descriptor: descriptor, count: Int(status.st_size)) else {
            throw .system(path: path, operation: "mapping it", code: errno)
        }
        return bytes
    }
}
