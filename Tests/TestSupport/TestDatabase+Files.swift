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
        let accepted = try await database.write(user.scope) {
            try await $0.putFile(draft, assistant: user.assistant.id, retryFailed: retryFailed)
        }
        return (accepted.file, accepted.outcome)
    }

    /// The file as it stands now.
    public func file(_ id: FileID, of user: TestUser) async throws -> StoredFile {
        try await database.read(user.scope) { try await $0.file(id) }
    }

    /// Takes the oldest job that waits for an instance.
    public func claim(_ instance: InstanceID) async throws -> ClaimedJob? {
        try await database.write(system) { try await $0.claimJobs(for: instance, atMost: 1, small: 0) }.first
    }

    /// The names of the files of the next claim, where a small file has up to 10 bytes.
    public func claims(_ instance: InstanceID, atMost limit: Int) async throws -> [String] {
        try await database.write(system) { try await $0.claimJobs(for: instance, atMost: limit, small: 10) }.map(\.file.name)
    }

    /// Stores the passages of a claimed job's file, as its user.
    public func complete(_ job: ClaimedJob, of instance: InstanceID, with texts: [String]) async throws -> WriteToken? {
        try await database.write(system.acting(for: job.file.userID)) { transaction in
            try await transaction.stage([KnowledgeDraft].passages(texts).map { (job.file.id, $0) })
            return try await transaction.completeJobs([(job, .passages(texts.count))], of: instance)?.token
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
    /// A text of so many passages.
    public static func passages(_ count: Int) -> ProcessedFile {
        ProcessedFile(mediaType: "text/plain", sourceType: "txt", title: "Title", embeddingModel: "test", chunkCount: count)
    }
}

extension [KnowledgeDraft] {
    /// Texts as passages one after another, each with the vector of an axis of its own.
    public static func passages(_ texts: [String]) -> [KnowledgeDraft] {
        var start = 0
        return texts.enumerated().map { ordinal, text in
            defer { start += text.unicodeScalars.count + 1 }
            return KnowledgeDraft(
                ordinal: ordinal, content: text, headingPath: ["Heading"], pageFrom: nil, pageTo: nil, charStart: start,
                charEnd: start + text.unicodeScalars.count, tokenCount: 1, contentSHA256: ContentStore.digest(of: [UInt8](text.utf8)),
                embedding: .unit(ordinal))
        }
    }
}

/// The product as it was built beside the tests.
public let bunkoProgram: String =
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "bunko").path

/// Lends an empty folder and removes it afterwards.
public func withFolder<R>(isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> R) async throws -> R {
    let path = "/tmp/bunko-folder-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
