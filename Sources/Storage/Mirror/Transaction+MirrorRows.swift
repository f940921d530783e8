public import Domain
public import Foundation
import Postgres

extension Transaction {
    /// Rows as they stand, each in its partition; what is not there, or has no vector, comes as a change without a row.
    public func mirrorRows(_ wanted: [(id: ChunkID, partition: UUID)]) async throws -> [MirrorChange] {
        let rows = try await connection.query(
            """
            SELECT c.row_id, c.partition_id, k.* FROM unnest(\(wanted.map(\.id))::uuid[], \(wanted.map(\.partition))::uuid[]) AS c (row_id, partition_id)
            LEFT JOIN LATERAL (\(MirrorRow.lookUp)) AS k ON true
            """)
        return try rows.map(MirrorChange.init)
    }

    /// The partitions of an assistant and of its conversations.
    public func mirrorPartitions(of assistant: AssistantID) async throws -> Set<UUID> {
        let conversations = try await connection.query("SELECT id FROM conversations WHERE assistant_id = \(assistant)")
        return Set(try conversations.map { try $0.decode("id", as: UUID.self) } + [assistant.rawValue])
    }

    /// The rows nearest to one row's vector by cosine among those of its partition, itself left out, by the database's own arithmetic. Reads every
    /// vector of the partition: an order by a sum is none that an index on vectors offers.
    public func nearestRows(to id: ChunkID, partition: UUID, k: Int) async throws -> [(id: ChunkID, score: Float)] {
        try await connection.query(
            """
            SELECT n.id, (1 - n.distance)::real AS score FROM knowledge_base q CROSS JOIN LATERAL (
                SELECT k.id, k.embedding <=> q.embedding AS distance FROM knowledge_base k
                WHERE k.user_id = q.user_id AND k.secretary_id IS NOT DISTINCT FROM q.secretary_id
                    AND k.conversation_id IS NOT DISTINCT FROM q.conversation_id AND k.embedding IS NOT NULL AND k.id <> q.id
                ORDER BY (k.embedding <=> q.embedding) + 0 LIMIT \(Int64(k))) AS n
            WHERE n.distance <> 'NaN' AND q.id = \(id) AND coalesce(q.conversation_id, q.secretary_id, q.user_id) = \(partition)
            """
        ).map { (try $0.decode("id", as: ChunkID.self), try $0.decode("score", as: Float.self)) }
    }
}
