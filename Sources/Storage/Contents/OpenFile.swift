import Crypto
import Domain
import Foundation
import Glibc

/// An open file, closed with its last reference. Everything it does blocks: it belongs on the content store's queue.
final class OpenFile: Sendable {
    /// What is read and written at a time, in bytes.
    static let blockSize = 256 << 10

    let path: String
    let descriptor: Int32

    /// - Throws: `storage_full`, or `environment` with the path for the log alone.
    init(_ path: String, _ flags: Int32) throws(Problem) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DiskFailure.problem("open", path) }
    }

    deinit { close(descriptor) }

    /// Takes the file for itself; false when somebody else has it, in this process or another. Given back with the last reference.
    func lock() throws(Problem) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw DiskFailure.problem("lock", path) }
            return false
        }
        return true
    }

    /// The size in bytes.
    func byteCount() throws(Problem) -> Int {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw DiskFailure.problem("examine", path) }
        return Int(facts.st_size)
    }

    /// Cuts the file off at a length and goes on writing there.
    func goOn(at offset: Int) throws(Problem) {
        guard ftruncate(descriptor, off_t(offset)) == 0, lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
            throw DiskFailure.problem("cut", path)
        }
    }

    func write(_ bytes: [UInt8]) throws(Problem) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw DiskFailure.problem("write", path) }
            offset += written
        }
    }

    func sync() throws(Problem) {
        guard fsync(descriptor) == 0 else { throw DiskFailure.problem("sync", path) }
    }

    /// Size and address of the bytes in the file, read a block at a time; afterwards it stands at its start.
    func digest() throws(Problem) -> (ContentDigest, byteCount: Int) {
        var (hash, offset) = (SHA256(), 0)
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        while true {
            let count = block.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DiskFailure.problem("read", path) }
            guard count > 0 else { break }
            block.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            offset += count
        }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw DiskFailure.problem("read", path) }
        return (ContentDigest(hash: hash.finalize()), offset)
    }

    /// All bytes from where the file stands.
    func rest() throws -> [UInt8] {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        return [UInt8](try file.readToEnd() ?? Data())
    }
}

extension ContentDigest {
    init(hash: SHA256.Digest) {
        guard let digest = ContentDigest(bytes: Array(hash)) else {
            preconditionFailure("SHA-256 has 32 bytes by definition")
        }
        self = digest
    }
}
