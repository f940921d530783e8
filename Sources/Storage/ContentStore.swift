import Crypto
import Dispatch
public import Domain
import Foundation
import Glibc

/// The bytes of uploaded files on disk, each distinct content once, under `<first two digits>/<SHA-256>`.
///
/// A content is durable when ``store(_:digest:)`` returns: written aside, synced, renamed, and its folder synced. All disk work runs
/// on a queue of its own.
public struct ContentStore: Sendable {
    /// The codes by which ``read(_:)`` tells that the stored bytes are at fault, which storing the same content again mends.
    public static let faultCodes = ["content_missing", "content_damaged"]

    private let directory: String
    private let queue = DispatchQueue(label: "bunko.contents", qos: .userInitiated, attributes: .concurrent)

    /// - Parameter directory: made (mode 0700) with the first content when it is missing.
    public init(directory: String) {
        self.directory = directory
    }

    /// The address of some bytes.
    public static func digest(of bytes: [UInt8]) -> ContentDigest {
        ContentDigest(hash: SHA256.hash(data: bytes))
    }

    /// Where a content stands below the directory, as it is recorded in `files.storage_path`.
    public static func path(of digest: ContentDigest) -> String {
        let name = digest.description
        return "\(name.prefix(2))/\(name)"
    }

    /// Stores the bytes durably; does nothing when the same content is there already, and whole.
    /// - Throws: `storage_full` when the disk is full, `environment` for any other failure of the disk.
    public func store(_ bytes: [UInt8], digest: ContentDigest) async throws {
        let target = absolutePath(digest)
        try await onQueue {
            if let standing = try? Self.bytes(at: target), Self.digest(of: standing) == digest { return }
            try Self.write(bytes, to: target, root: directory)
        }
    }

    /// Reads a content back and checks it against its address.
    /// - Throws: `content_missing` or `content_damaged` when its bytes are at fault, `disk_failure` when there are too many open files.
    public func read(_ digest: ContentDigest) async throws -> [UInt8] {
        let path = absolutePath(digest)
        return try await onQueue {
            let bytes = try Self.bytes(at: path)
            guard Self.digest(of: bytes) == digest else {
                throw Problem(
                    .environment, code: "content_damaged", "The stored bytes of this file are not what was uploaded.",
                    remedy: "Upload the file again and check the disk.")
            }
            return bytes
        }
    }

    /// Removes a content; true when it was there.
    public func remove(_ digest: ContentDigest) async throws -> Bool {
        let path = absolutePath(digest)
        return try await onQueue { unlink(path) == 0 }
    }

    private func absolutePath(_ digest: ContentDigest) -> String {
        "\(directory)/\(Self.path(of: digest))"
    }

    private func onQueue<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    /// - Throws: as ``read(_:)``, but for the digest.
    private static func bytes(at path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 || (errno != EMFILE && errno != ENFILE) else { throw failure("open", path) }
        do {
            guard descriptor >= 0 else { throw FileSystemError("open", path, errno) }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            return [UInt8](try file.readToEnd() ?? Data())
        } catch {
            throw Problem(
                .environment, code: "content_missing", "The stored bytes of this file cannot be read.",
                remedy: "Upload the file again; `bunko doctor` checks the data folder.", underlying: error)
        }
    }

    private static func write(_ bytes: [UInt8], to target: String, root: String) throws {
        let folder = String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)])
        try makeFolder(root)
        if try makeFolder(folder) { try syncFolder(root) }
        let aside = "\(folder)/.incoming-\(UUID().uuidString)"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", aside) }
        do {
            defer { close(descriptor) }
            try writeAll(bytes, to: descriptor, path: aside)
            guard fsync(descriptor) == 0 else { throw failure("sync", aside) }
            guard rename(aside, target) == 0 else { throw failure("rename", aside) }
        } catch {
            unlink(aside)
            throw error
        }
        try syncFolder(folder)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        try bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let written = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw failure("write", path) }
                offset += written
            }
        }
    }

    /// True when the folder was made now.
    @discardableResult
    private static func makeFolder(_ path: String) throws -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        if errno == EEXIST { return false }
        guard errno == ENOENT else { throw failure("create", path) }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw failure("create", path)
        }
        return true
    }

    private static func syncFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    private static func failure(_ action: String, _ path: String) -> Problem {
        let code = errno
        if code == ENOSPC || code == EDQUOT {
            return Problem(
                .storageFull, code: "disk_full", "The server's disk is full, so nothing was stored.",
                remedy: "Free disk space on the server, then repeat the upload.", underlying: FileSystemError(action, path, code))
        }
        return Problem(
            .environment, code: "disk_failure", "The server could not store or read the file's bytes.",
            remedy: "The server's log names the path; check its permissions and its disk.", underlying: FileSystemError(action, path, code))
    }
}

/// What the operating system refused, for the log.
struct FileSystemError: Error, CustomStringConvertible {
    let description: String

    init(_ action: String, _ path: String, _ code: Int32) {
        description = "cannot \(action) \(path): \(String(cString: strerror(code)))"
    }
}

extension ContentDigest {
    fileprivate init(hash: SHA256.Digest) {
        guard let digest = ContentDigest(bytes: Array(hash)) else {
            preconditionFailure("SHA-256 has 32 bytes by definition")
        }
        self = digest
    }
}
