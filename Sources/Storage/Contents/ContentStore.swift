import Crypto
import Dispatch
public import Domain
import Foundation
import Glibc

/// The bytes of uploaded files on disk, each distinct content once, under `<first two digits>/<SHA-256>`.
///
/// A content comes in as a stream (``writer(atMost:refusal:)``) and is durable when ``store(_:)`` returns: written aside, synced, renamed,
/// and its folder synced. All disk work runs on a queue of its own.
public struct ContentStore: Sendable {
    /// The codes by which ``read(_:)`` tells that the stored bytes are at fault, which storing the same content again mends.
    public static let faultCodes = ["content_missing", "content_damaged"]

    let folders: ContentFolders
    let queue = DispatchQueue(label: "bunko.contents", qos: .userInitiated, attributes: .concurrent)
    let uploadTurns = UploadTurnTable()

    /// - Parameter directory: made (mode 0700) with the first content when it is missing.
    public init(directory: String) {
        folders = ContentFolders(root: directory)
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

    /// Takes a content in as it comes.
    /// - Parameters:
    ///   - limit: most bytes that are taken.
    ///   - refusal: thrown when there are more.
    public func writer(atMost limit: Int, refusal: Problem) -> ContentWriter {
        ContentWriter(self, atMost: limit, refusal: refusal)
    }

    /// Gives a content its place, durably; does nothing when the same content is there already, and whole.
    /// - Throws: `storage_full` when the disk is full, `environment` for any other failure of the disk.
    public func store(_ content: IncomingContent) async throws {
        try await onQueue { try place(content) }
    }

    /// As ``store(_:)``, for several: their syncs wait for the disk together.
    public func store(_ contents: [IncomingContent]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (count, content) in contents.enumerated() {
                if count >= Self.syncsTogether { try await group.next() }
                group.addTask { try await store(content) }
            }
            try await group.waitForAll()
        }
    }

    /// A file system gathers what is synced at the same time; each waits on a thread.
    private static let syncsTogether = 8

    /// As ``store(_:)``, for bytes at hand.
    public func store(_ bytes: [UInt8], digest: ContentDigest) async throws {
        try await store(IncomingContent(digest: digest, byteCount: bytes.count, place: .memory(bytes)))
    }

    /// Reads a content back and checks it against its address; for what may be in memory as a whole.
    /// - Throws: `content_missing` or `content_damaged` when its bytes are at fault, `disk_failure` when there are too many open files.
    public func read(_ digest: ContentDigest) async throws -> [UInt8] {
        try await onQueue {
            let bytes = try Self.readable { try opened(digest).rest() }
            guard Self.digest(of: bytes) == digest else { throw Self.damaged }
            return bytes
        }
    }

    /// Lends the open file of a content, at its start, after its bytes were checked against its address a block at a time. The descriptor
    /// can be read only, is closed on exec, and is the body's alone, who may move its position.
    /// - Throws: as ``read(_:)``, and what the body throws.
    public func withDescriptor<R>(
        _ digest: ContentDigest, isolation: isolated (any Actor)? = #isolation, _ body: (Int32) async throws -> R
    ) async throws -> R {
        let file = try await onQueue { try checked(digest) }
        defer { withExtendedLifetime(file) {} }
        return try await body(file.descriptor)
    }

    /// Reads a content through and checks it against its address, in constant memory.
    /// - Throws: as ``read(_:)``.
    public func check(_ digest: ContentDigest) async throws {
        try await onQueue { _ = try checked(digest) }
    }

    /// Removes a content; true when it was there.
    public func remove(_ digest: ContentDigest) async throws -> Bool {
        let path = absolutePath(digest)
        return try await onQueue { unlink(path) == 0 }
    }

    func onQueue<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}

/// What blocks.
extension ContentStore {
    func absolutePath(_ digest: ContentDigest) -> String {
        "\(folders.root)/\(Self.path(of: digest))"
    }

    /// Whether the content stands in its place, undamaged.
    func isWhole(_ digest: ContentDigest) -> Bool {
        (try? opened(digest).digest().0) == digest
    }

    private func place(_ content: IncomingContent) throws {
        switch content.place {
        case .memory(let bytes):
            if isWhole(content.digest) { return }
            let incoming = try IncomingFile(in: folders, queue: queue)
            do {
                try incoming.file.write(bytes)
                try incoming.file.sync()
                try move(incoming, to: content.digest)
            } catch {
                incoming.remove()
                throw error
            }
        case .file(let incoming, let isStanding):
            // One that stood was read through, and one that is no longer incoming was moved here: since then it may only have been removed.
            if isStanding || !incoming.isThere, (try? opened(content.digest).byteCount()) == content.byteCount { return }
            if isStanding { try incoming.file.sync() }
            try move(incoming, to: content.digest)
        }
    }

    private func move(_ incoming: IncomingFile, to digest: ContentDigest) throws {
        let target = absolutePath(digest)
        guard rename(incoming.file.path, target) == 0 else { throw DiskFailure.problem("rename", target) }
        try ContentFolders.sync("\(folders.root)/\(digest.description.prefix(2))")
    }

    private func opened(_ digest: ContentDigest) throws -> OpenFile { try OpenFile(absolutePath(digest), O_RDONLY) }

    private func checked(_ digest: ContentDigest) throws -> OpenFile {
        try Self.readable {
            let file = try opened(digest)
            guard try file.digest().0 == digest else { throw Self.damaged }
            return file
        }
    }

    /// Turns the disk's refusal to open or read a content into the fault that storing it again mends.
    private static func readable<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let problem as Problem where problem.code == damaged.code {
            throw problem
        } catch {
            let failure = (error as? Problem)?.underlying as? DiskFailure
            if failure?.isShortage == true { throw error }
            throw Problem(
                .environment, code: "content_missing", "The stored bytes of this file cannot be read.",
                remedy: "Upload the file again; `bunko doctor` checks the data folder.", underlying: failure ?? error)
        }
    }

    private static var damaged: Problem {
        Problem(
            .environment, code: "content_damaged", "The stored bytes of this file are not what was uploaded.",
            remedy: "Upload the file again and check the disk.")
    }
}
