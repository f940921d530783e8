public import Domain
public import Foundation
import Postgres

/// A row of knowledge as the indexes want it: where it lies, its vector, its texts, and what filters may ask about it.
public struct MirrorRow: Sendable {
    public let id: ChunkID
    /// The conversation it is attached to, else the assistant, else the system user for shared knowledge.
    public let partition: UUID
    public let embedding: [Float]
    public let content: String
    public let headingPath: [String]
    /// Of its file, else its own.
    public let title: String?
    public let tags: [String]
    public let sourceType: String?
    public let file: FileID?
    public let createdAt: Date
    /// A JSON object.
    public let metadata: String?
    /// Of the vector; nil where the row does not tell.
    public let model: String?

    /// What a statement selects, in this order, of `knowledge_base k`.
    static let columns: SQL = """
        k.id, coalesce(k.conversation_id, k.secretary_id, k.user_id) AS partition, k.embedding, k.content, k.heading_path,
        coalesce((SELECT f.metadata ->> 'title' FROM files f WHERE f.user_id = k.user_id AND f.id = k.file_id), k.metadata ->> 'title') AS title,
        k.tags, k.source_type::text AS source_type, k.file_id, k.created_at, k.metadata::text AS metadata,
        k.embedding_model
        """

    /// The row of `c.row_id` in `c.partition_id`, for a lateral join. By partition as well, since an id is unique only with its user. LIMIT keeps
    /// the planner from any other way than a look-up for each, whatever old statistics say.
    static let lookUp: SQL = """
        SELECT \(columns) FROM knowledge_base k
        WHERE k.id = c.row_id AND coalesce(k.conversation_id, k.secretary_id, k.user_id) = c.partition_id AND k.embedding IS NOT NULL LIMIT 1
        """
}

extension MirrorRow {
    /// A row with the names of ``columns``.
    init(named row: PostgresRow) throws {
        id = try row.decode("id", as: ChunkID.self)
        partition = try row.decode("partition", as: UUID.self)
        embedding = try row.decode("embedding", as: PostgresVector.self).values
        content = try row.decode("content", as: String.self)
        headingPath = try row.decode("heading_path", as: [String].self)
        title = try row.decode("title", as: String?.self)
        tags = try row.decode("tags", as: [String].self)
        sourceType = try row.decode("source_type", as: String?.self)
        file = try row.decode("file_id", as: FileID?.self)
        createdAt = try row.decode("created_at", as: Date.self)
        metadata = try row.decode("metadata", as: String?.self)
        model = try row.decode("embedding_model", as: String?.self)
    }

    /// A copied row, which bears no names.
    init(copied row: PostgresRow) throws {
        let vector: PostgresVector
        (id, partition, vector, content, headingPath, title, tags, sourceType, file, createdAt, metadata, model) = try row.decode(
            ChunkID.self, UUID.self, PostgresVector.self, String.self, [String].self, String?.self, [String].self, String?.self,
            FileID?.self, Date.self, String?.self, String?.self)
        embedding = vector.values
    }
}
