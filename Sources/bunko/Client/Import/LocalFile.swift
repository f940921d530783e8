import Crypto
import Domain
import Glibc

/// A regular file of this machine as it stood when it was read: what changes afterwards is noticed, not mixed in.
struct LocalFile: Sendable, Equatable {
    let path: String
    let size: Int
    let modified: Modified
    let digest: ContentDigest

    struct Modified: Sendable, Equatable {
        let seconds: Int
        let nanoseconds: Int
    }

    /// A file with its bytes when they are few, else to be read part by part.
    struct Read: Sendable {
        let file: LocalFile
        let bytes: [UInt8]?
    }

    /// Reads a file to its digest, streaming beyond `wholeUpTo` bytes. Blocks on the disk.
    /// - Throws: ``FileFault``, `CancellationError`.
    static func read(_ path: String, limit: Int, wholeUpTo: Int, _ interest: Blocking.Interest) throws -> Read {
        try opened(path) { descriptor, status in
            let size = Int(status.st_size)
            guard size > 0 else { throw FileFault(.emptyFile) }
            guard size <= limit else { throw FileFault.tooLarge(size, limit: limit) }
            let bytes = size <= wholeUpTo ? try part(descriptor, offset: 0, count: size) : nil
            let digest = try bytes.map { ContentDigest(bytes: Array(SHA256.hash(data: $0))) } ?? streamed(descriptor, interest)
            guard let digest, try Modified(current(descriptor)) == Modified(status) else { throw FileFault.changed }
            return Read(file: LocalFile(path: path, size: size, modified: Modified(status), digest: digest), bytes: bytes)
        }
    }

    /// A part of the file, when it is still the one that was read. Blocks on the disk.
    func part(offset: Int, count: Int) throws -> [UInt8] {
        try Self.opened(path) { descriptor, status in
            guard Int(status.st_size) == size, Modified(status) == modified else { throw FileFault.changed }
            return try Self.part(descriptor, offset: offset, count: min(count, size - offset))
        }
    }

    /// The whole of a small file.
    static func bytes(of path: String, limit: Int) throws -> [UInt8] {
        try opened(path) { descriptor, status in
            guard Int(status.st_size) <= limit else { throw FileFault.tooLarge(Int(status.st_size), limit: limit) }
            return try part(descriptor, offset: 0, count: Int(status.st_size))
        }
    }

    /// Lends a descriptor of a regular file. Something else that took its place meanwhile (a pipe) is not waited for.
    private static func opened<R>(_ path: String, _ body: (Int32, stat) throws -> R) throws -> R {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileFault.system("opened", errno) }
        defer { close(descriptor) }
        let status = try current(descriptor)
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFault.notRegular }
        return try body(descriptor, status)
    }

    private static func current(_ descriptor: Int32) throws -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFault.system("examined", errno) }
        return status
    }

    private static func part(_ descriptor: Int32, offset: Int, count: Int) throws -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw FileFault.system("read", failure) }
        guard bytes.count == count else { throw FileFault.changed }
        return bytes
    }

    private static func streamed(_ descriptor: Int32, _ interest: Blocking.Interest) throws -> ContentDigest? {
        var hash = SHA256()
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            try interest.check()
            let got = Glibc.read(descriptor, &block, block.count)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FileFault.system("read", errno) }
            guard got > 0 else { return ContentDigest(bytes: Array(hash.finalize())) }
            block.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0.prefix(got))) }
        }
    }
}

extension LocalFile.Modified {
    fileprivate init(_ status: stat) {
        self.init(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
}
