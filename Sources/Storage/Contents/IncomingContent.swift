import Dispatch
public import Domain
import Foundation
import Glibc

/// A whole content that waits for its place in the store: its size and address are known, its bytes are not stored yet.
///
/// A small one is in memory, a larger one on disk, in a file that is removed with the last reference unless ``ContentStore/store(_:)`` has
/// moved it to its place. So whoever gives it up, by an error or a cancellation, leaves nothing behind.
public final class IncomingContent: Sendable {
    enum Place: Sendable {
        case memory([UInt8])
        /// - Parameter isStanding: whether the store had this content, whole, when the last byte had come; else the file is synced.
        case file(IncomingFile, isStanding: Bool)
    }

    public let digest: ContentDigest
    public let byteCount: Int
    let place: Place

    init(digest: ContentDigest, byteCount: Int, place: Place) {
        self.digest = digest
        self.byteCount = byteCount
        self.place = place
    }

    /// Bytes at hand, for what is small.
    public convenience init(_ bytes: [UInt8]) {
        self.init(digest: ContentStore.digest(of: bytes), byteCount: bytes.count, place: .memory(bytes))
    }
}

/// A file of a name of its own in the store's folder for what is on its way in, taken for itself as long as it is referred to.
final class IncomingFile: Sendable {
    let file: OpenFile
    private let queue: DispatchQueue

    /// An empty file. Blocks.
    init(in folders: ContentFolders, queue: DispatchQueue) throws {
        self.queue = queue
        try folders.make()
        do {
            file = try Self.make(in: folders)
        } catch let problem as Problem where (problem.underlying as? DiskFailure)?.code == ENOENT {
            try folders.makeAnew()
            file = try Self.make(in: folders)
        }
    }

    /// Another name for a file that stands in the store already. Blocks.
    init(linking source: OpenFile, in folders: ContentFolders, queue: DispatchQueue) throws {
        self.queue = queue
        let path = Self.name(in: folders)
        guard link(source.path, path) == 0 else { throw DiskFailure.problem("link", path) }
        file = try OpenFile(path, O_RDONLY)
        _ = try file.lock()
    }

    /// Whether it still has its own name. Blocks.
    var isThere: Bool { access(file.path, F_OK) == 0 }

    /// Removes it now. Blocks.
    func remove() { unlink(file.path) }

    deinit {
        // Freeing a large file's blocks takes a while, and the last reference may end anywhere.
        queue.async { [file] in unlink(file.path) }
    }

    private static func make(in folders: ContentFolders) throws -> OpenFile {
        let file = try OpenFile(name(in: folders), O_RDWR | O_CREAT | O_EXCL)
        _ = try file.lock()
        return file
    }

    private static func name(in folders: ContentFolders) -> String { "\(folders.incoming)/\(UUID().uuidString.lowercased())" }
}
