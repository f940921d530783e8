import Crypto
import Dispatch
import Domain
import Foundation
import Glibc

/// Whole files, read and written a piece at a time. All of it blocks: call it by ``offPool(_:)``.
enum DiskFile {
    private static let pieceSize = 1 << 20

    /// Size and SHA-256 of a file.
    static func digest(of path: String) throws -> (bytes: Int, sha256: String) {
        let source = try opened(path, O_RDONLY | O_CLOEXEC)
        defer { close(source) }
        return try digest(of: source, path) { _ in }
    }

    /// Copies a file durably to a place where nothing stands; what was copied.
    static func copy(_ path: String, to target: String) throws -> (bytes: Int, sha256: String) {
        let source = try opened(path, O_RDONLY | O_CLOEXEC)
        defer { close(source) }
        let made = try opened(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
        defer { close(made) }
        let copied = try digest(of: source, path) { try write($0, to: made, target) }
        guard fsync(made) == 0 else { throw failure("sync", target) }
        return copied
    }

    /// Writes a new file durably.
    static func write(_ data: Data, to path: String) throws {
        let made = try opened(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
        defer { close(made) }
        try data.withUnsafeBytes { try write($0, to: made, path) }
        guard fsync(made) == 0 else { throw failure("sync", path) }
    }

    /// Makes a file that another program wrote durable.
    static func sync(_ path: String) throws {
        let descriptor = try opened(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    /// Makes a folder that only its owner can enter; one that exists stays as it is.
    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Problem(
                .environment, code: "folder_not_made", "The folder \(path) cannot be made: \(error.localizedDescription)",
                remedy: "Choose another place with --to, or mend its permissions.", parameter: path, underlying: error)
        }
    }

    private static func digest(
        of source: Int32, _ path: String, _ piece: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> (bytes: Int, sha256: String) {
        var hash = SHA256()
        var total = 0
        var buffer = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            guard count > 0 else { return (total, hash.finalize().hexadecimal) }
            try buffer.withUnsafeBytes { bytes in
                let filled = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                hash.update(bufferPointer: filled)
                try piece(filled)
            }
            total += count
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, base, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private static func opened(_ path: String, _ flags: Int32) throws -> Int32 {
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    private static func failure(_ action: String, _ path: String) -> Problem {
        let code = errno
        let reason = String(cString: strerror(code))
        return code == ENOSPC || code == EDQUOT
            ? Problem(
                .storageFull, code: "disk_full", "The disk of \(path) is full.", remedy: "Free some space, or choose another place.",
                parameter: path)
            : Problem(
                .environment, code: "disk_failure", "Cannot \(action) \(path): \(reason).",
                remedy: "Check its permissions and its disk.", parameter: path)
    }
}

private let queue = DispatchQueue(label: "bunko.operations", attributes: .concurrent)

/// Runs work that waits for disks outside the threads of Swift's tasks.
func offPool<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Result { try work() }) }
    }
}
