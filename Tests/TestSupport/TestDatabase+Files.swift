public import Domain
import Foundation
import Postgres
public import Storage

extension TestDatabase {
    /// Records a file under its name as an upload would, without storing its bytes.
    @discardableResult
    public func put(
        _ name: String, _ text: String = "text", for user: TestUser, tags: [String] = [], retryFailed: Bool = false
    ) async throws -> (file: StoredFile, outcome: FileOutcome) {
        let bytes = Array(text.utf8)
        let draft = FileDraft(
            name: name, sourcePath: name, byteCount: bytes.count, sha256: ContentStore.digest(of: bytes), tags: tags)
        let (file, outcome) = try await database.write(user.scope) {
            try await $0.putFile(draft, assistant: user.assistant.id, retryFailed: retryFailed)
        }
        return (file, outcome)
    }

    /// The file as it stands now.
    public func file(_ id: FileID, of user: TestUser) async throws -> StoredFile {
        try await database.read(user.scope) { try await $0.file(id) }
    }

    /// Takes the oldest pending file for an instance.
    public func claim(_ instance: InstanceID) async throws -> StoredFile? {
        try await database.write(system) { try await $0.claimFile(for: instance) }
    }

    /// Stores the passages of a claimed file, as its user.
    public func complete(_ file: StoredFile, of instance: InstanceID, with texts: [String]) async throws -> WriteToken? {
        try await database.write(system.acting(for: file.userID)) {
            try await $0.completeFile(file, of: instance, with: .passages(texts))
        }
    }

    /// Inserts a passage by plain SQL as `bunko_app`, as any program might.
    @discardableResult
    public func insertPassage(_ content: String, embedding: [Float]? = nil, for user: TestUser) async throws -> ChunkID {
        let id = ChunkID()
        try await asApp(user) { connection in
            try await connection.execute(
                """
                INSERT INTO knowledge_base (id, user_id, secretary_id, content, embedding)
                VALUES (\(id), \(user.id), \(user.assistant.id), \(content), \(PostgresVector(embedding ?? .unit(0))))
                """)
        }
        return id
    }
}

extension Array where Element == Float {
    /// The unit vector of one axis of the space.
    public static func unit(_ axis: Int) -> [Float] {
        var vector = [Float](repeating: 0, count: 1536)
        vector[axis % 1536] = 1
        return vector
    }
}

extension ProcessedFile {
    /// Texts as passages one after another, each with the vector of an axis of its own.
    public static func passages(_ texts: [String]) -> ProcessedFile {
        var start = 0
        let chunks = texts.enumerated().map { ordinal, text in
            defer { start += text.unicodeScalars.count + 1 }
            return KnowledgeDraft(
                ordinal: ordinal, content: text, headingPath: ["Heading"], pageFrom: nil, pageTo: nil, charStart: start,
                charEnd: start + text.unicodeScalars.count, tokenCount: 1, contentSHA256: ContentStore.digest(of: Array(text.utf8)),
                embedding: .unit(ordinal))
        }
        return ProcessedFile(mediaType: "text/plain", sourceType: "txt", title: "Title", embeddingModel: "test", chunks: chunks)
    }
}

/// Lends an empty folder and removes it afterwards.
public func withFolder<R>(isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> R) async throws -> R {
    let path = "/tmp/bunko-folder-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
