import Domain
import Synchronization

/// What the server has of a target's files, by source path: the list as it was read, and what this import has changed since.
final class Inventory: Sendable {
    struct Standing: Sendable, Equatable {
        let id: String
        let sha256: String
        let tags: [String]
        let isDone: Bool
        let chunks: Int

        /// Whether importing this content would change nothing.
        func isUnchanged(_ digest: ContentDigest, tags: [String]) -> Bool {
            isDone && sha256 == digest.description && self.tags == tags
        }
    }

    private let standing: Mutex<[ExactPath: Standing]>

    init(_ standing: [ExactPath: Standing] = [:]) {
        self.standing = Mutex(standing)
    }

    /// Reads the whole list, some hundred bytes a file.
    static func read(_ target: ImportTarget, _ client: APIClient) async throws -> Inventory {
        guard let query = target.listing else { return Inventory() }
        var standing: [ExactPath: Standing] = [:]
        try await client.eachPage("/v1/files", of: FileAnswer.self, query: query) { _, page in
            for file in page where file.conversation_id == nil { standing[ExactPath(file.source_path)] = Standing(file) }
        }
        return Inventory(standing)
    }

    subscript(_ path: ExactPath) -> Standing? {
        get { standing.withLock { $0[path] } }
        set { standing.withLock { $0[path] = newValue } }
    }

    /// The file that was uploaded under this path is done.
    func finish(_ path: ExactPath, id: String, chunks: Int) {
        standing.withLock { standing in
            guard let file = standing[path], file.id == id else { return }
            standing[path] = Standing(id: id, sha256: file.sha256, tags: file.tags, isDone: true, chunks: chunks)
        }
    }

    /// What stands under paths that `isMeant` takes, sorted by path.
    func files(where isMeant: (ExactPath) -> Bool) -> [(path: ExactPath, file: Standing)] {
        standing.withLock { $0.filter { isMeant($0.key) } }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }
}

extension Inventory.Standing {
    init(_ file: FileAnswer) {
        self.init(id: file.id, sha256: file.sha256, tags: file.tags, isDone: file.state == "done", chunks: file.chunks)
    }
}
