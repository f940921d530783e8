import Crypto
import Domain
import Synchronization

/// Takes a content as it comes, in pieces of any size, for one task at a time.
///
/// In memory stands at most one block; what is more goes to an incoming file, and the address is computed meanwhile.
public final class ContentWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var hash = SHA256()
        var byteCount = 0
        var file: IncomingFile?
    }

    private let store: ContentStore
    private let limit: Int
    private let refusal: Problem
    private let state = Mutex(State())

    init(_ store: ContentStore, atMost limit: Int, refusal: Problem) {
        self.store = store
        self.limit = limit
        self.refusal = refusal
    }

    /// Takes more bytes.
    /// - Throws: the writer's refusal as soon as the limit is passed; `storage_full`, `environment`. Then the writer is of no more use.
    public func append(_ bytes: some Collection<UInt8>) async throws {
        let isFull = try state.withLock { state in
            guard bytes.count <= limit - state.byteCount else { throw refusal }
            state.byteCount += bytes.count
            state.pending.append(contentsOf: bytes)
            return state.pending.count >= OpenFile.blockSize
        }
        if isFull { try await store.onQueue { try self.flush() } }
    }

    /// Ends the content. What is not small is durable then, under a name that is not yet its own, unless the store has it already.
    public func finish() async throws -> IncomingContent {
        try await store.onQueue { try self.settled() }
    }

    private func flush() throws {
        try state.withLock { state in
            let file = try state.file ?? IncomingFile(in: store.folders, queue: store.queue)
            state.file = file
            state.hash.update(data: state.pending)
            try file.file.write(state.pending)
            state.pending.removeAll(keepingCapacity: true)
        }
    }

    private func settled() throws -> IncomingContent {
        let isSmall = state.withLock { $0.file == nil }
        if isSmall { return IncomingContent(state.withLock { $0.pending }) }
        try flush()
        let (digest, byteCount, file) = state.withLock { (ContentDigest(hash: $0.hash.finalize()), $0.byteCount, $0.file) }
        guard let file else { throw Problem(.internalFault, code: "content_unwritten", "A large content has no incoming file.") }
        let isStanding = store.isWhole(digest)
        if !isStanding { try file.file.sync() }
        return IncomingContent(digest: digest, byteCount: byteCount, place: .file(file, isStanding: isStanding))
    }
}
