public import Domain
import Glibc
import Synchronization

/// The bytes of a resumable upload in the hands of one request. The request that takes the upload's next turn goes on with it: whoever had
/// it before, perhaps on a connection that has long been broken, writes no more.
public final class UploadFile: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var end = 0
        var limit = 0
        var refusal: Problem
    }

    let file: OpenFile
    private let store: ContentStore
    private let turn: Int
    private let turns: UploadTurns
    private let state = Mutex(State(refusal: UploadFile.notBegun))

    init(_ file: OpenFile, turn: Int, of turns: UploadTurns, _ store: ContentStore) {
        self.file = file
        self.turn = turn
        self.turns = turns
        self.store = store
    }

    /// How many bytes are there, acknowledged or not.
    public func byteCount() async throws -> Int {
        try await store.onQueue { try self.file.byteCount() }
    }

    /// Goes on at an offset: what stands behind it came with a piece that was never acknowledged, and is cut off.
    /// - Parameters:
    ///   - limit: most bytes that are taken from here on.
    ///   - refusal: thrown when there are more.
    public func goOn(at offset: Int, atMost limit: Int, refusal: Problem) async throws {
        state.withLock { $0 = State(end: offset, limit: offset + limit, refusal: refusal) }
        try await store.onQueue { try self.inTurn { try self.file.goOn(at: offset) } }
    }

    /// Takes more bytes.
    /// - Throws: the refusal as soon as there are too many, `upload_superseded`, `storage_full`, `environment`.
    public func append(_ bytes: some Collection<UInt8>) async throws {
        let isFull = try state.withLock { state in
            guard bytes.count <= state.limit - state.end else { throw state.refusal }
            state.end += bytes.count
            state.pending.append(contentsOf: bytes)
            return state.pending.count >= OpenFile.blockSize
        }
        if isFull { try await store.onQueue { try self.flush() } }
    }

    /// Makes durable what was taken.
    /// - Returns: where the upload goes on.
    public func sync() async throws -> Int {
        try await store.onQueue {
            try self.flush()
            try self.file.sync()
            // The file's own entry, which may be new.
            try ContentFolders.sync(self.store.folders.uploads)
            return self.state.withLock { $0.end }
        }
    }

    /// The whole upload as a content for the store. The upload stays as it is, so that nothing is lost when its import fails; its bytes are
    /// not copied, which takes a file system that knows hard links.
    public func content() async throws -> IncomingContent {
        try await store.onQueue {
            let (digest, byteCount) = try self.file.digest()
            try self.file.sync()
            let incoming = try IncomingFile(linking: self.file, in: self.store.folders, queue: self.store.queue)
            return IncomingContent(
                digest: digest, byteCount: byteCount, place: .file(incoming, isStanding: self.store.isWhole(digest)))
        }
    }

    private func flush() throws {
        try state.withLock { state in
            try inTurn { try file.write(state.pending) }
            state.pending.removeAll(keepingCapacity: true)
        }
    }

    private func inTurn(_ work: () throws -> Void) throws {
        try turns.current.withLock { current in
            guard current == turn else { throw Problem.uploadSuperseded }
            try work()
        }
    }

    private static var notBegun: Problem {
        Problem(.internalFault, code: "upload_not_begun", "An upload was written to before it went on.")
    }
}

/// Whose turn it is to write to an upload in this process: that of the highest number.
final class UploadTurns: Sendable {
    let current = Mutex(0)
}

/// The turns of the uploads that were written to in this process.
final class UploadTurnTable: Sendable {
    private let uploads = Mutex<[UploadID: UploadTurns]>([:])

    /// From here on nobody with a lower turn writes; who is writing a block just now ends it first.
    func take(_ turn: Int, of id: UploadID) -> UploadTurns {
        let turns = uploads.withLock { uploads in
            let turns = uploads[id] ?? UploadTurns()
            uploads[id] = turns
            return turns
        }
        turns.current.withLock { $0 = max($0, turn) }
        return turns
    }

    func forget(_ id: UploadID) {
        uploads.withLock { _ = $0.removeValue(forKey: id) }
    }
}

extension ContentStore {
    /// Takes the bytes of a resumable upload, made empty when there are none.
    /// - Parameter turn: higher than that of every earlier request (``Transaction/takeTurn(upload:)``).
    public func openUpload(_ id: UploadID, turn: Int) async throws -> UploadFile {
        try await onQueue {
            try folders.make()
            let file = try OpenFile(uploadPath(id), O_RDWR | O_CREAT)
            return UploadFile(file, turn: turn, of: uploadTurns.take(turn, of: id), self)
        }
    }

    /// Removes the bytes of a resumable upload; true when there were any.
    @discardableResult
    public func removeUpload(_ id: UploadID) async throws -> Bool {
        let path = uploadPath(id)
        return try await onQueue {
            uploadTurns.forget(id)
            return unlink(path) == 0
        }
    }

    private func uploadPath(_ id: UploadID) -> String { "\(folders.uploads)/\(id)" }
}

extension Problem {
    static var uploadSuperseded: Problem {
        Problem(
            .conflict, code: "upload_superseded", "Another request has gone on with this upload.",
            remedy: "Ask for the upload's offset and send the bytes from there.")
    }
}
