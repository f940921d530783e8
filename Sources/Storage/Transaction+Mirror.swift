public import Domain
public import Foundation
import Postgres

/// A point in the database's history: which transactions a reader has seen. The text form of `pg_snapshot`, xmin:xmax:running.
public struct MirrorPosition: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let oldestRunning: UInt64
    private let next: UInt64
    private let running: Set<UInt64>

    /// Nil unless the text is a `pg_snapshot`.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let oldest = UInt64(parts[0]), let next = UInt64(parts[1]) else { return nil }
        let running = parts[2].split(separator: ",").compactMap { UInt64($0) }
        self.description = description
        self.oldestRunning = oldest
        self.next = next
        self.running = Set(running)
    }

    /// Whether a committed write with this token is part of what has been seen.
    public func includes(_ token: WriteToken) -> Bool {
        let id = token.transactionID
        return id < oldestRunning || (id < next && !running.contains(id))
    }
}

/// One row of the mirror.
public struct MirrorRow: Sendable {
    public let id: ChunkID
    /// The assistant, or the system user for shared knowledge.
    public let partition: UUID
    public let embedding: [Float]
}

/// What became of a row since the last position.
public struct MirrorChange: Sendable {
    public let id: ChunkID
    /// Every partition the row was in; it is taken out of those it is not in now.
    public let formerPartitions: Set<UUID>
    /// The row as it stands now; nil when it is gone.
    public let current: MirrorRow?
}

extension Transaction {
    /// The position of this transaction's snapshot. Only meaningful inside ``Database/readSnapshot(_:isolation:_:)``.
    public func mirrorPosition() async throws -> MirrorPosition {
        let rows = try await connection.query("SELECT pg_current_snapshot()::text AS position")
        guard let position = MirrorPosition(try rows.first?.decode("position", as: String.self) ?? "") else {
            throw Problem(.internalFault, code: "mirror_position", "The database's snapshot has an unknown form.")
        }
        return position
    }

    /// Streams every row that has a vector, in batches of about `batchSize`, in bounded memory.
    public func forEachMirrorRow(batchSize: Int, _ body: ([MirrorRow]) async throws -> Void) async throws {
        var batch: [MirrorRow] = []
        try await connection.stream(
            "SELECT id, coalesce(conversation_id, secretary_id, user_id) AS partition, embedding FROM knowledge_base WHERE embedding IS NOT NULL"
        ) { row in
            batch.append(try MirrorRow(row))
            guard batch.count >= batchSize else { return }
            try await body(batch)
            batch.removeAll(keepingCapacity: true)
        }
        if !batch.isEmpty { try await body(batch) }
    }

    /// What changed between two positions: the rows of the outbox that are visible now and were not then. A transaction that commits
    /// late, behind others with higher numbers, is found all the same.
    public func mirrorChanges(since last: MirrorPosition) async throws -> [MirrorChange] {
        let rows = try await connection.query(
            """
            SELECT c.row_id, c.partitions, k.id, coalesce(k.conversation_id, k.secretary_id, k.user_id) AS partition, k.embedding
            FROM (SELECT row_id, array_agg(DISTINCT partition_id) AS partitions FROM knowledge_changes
                  WHERE xid >= pg_snapshot_xmin(\(last.description)::pg_snapshot)
                      AND NOT pg_visible_in_snapshot(xid, \(last.description)::pg_snapshot)
                  GROUP BY row_id) c
            LEFT JOIN knowledge_base k ON k.id = c.row_id AND k.embedding IS NOT NULL
            """)
        return try rows.map { row in
            MirrorChange(
                id: try row.decode("row_id", as: ChunkID.self),
                formerPartitions: Set(try row.decode("partitions", as: [UUID].self)),
                current: try row.decode("id", as: ChunkID?.self).map { _ in try MirrorRow(row) })
        }
    }

    /// Removes outbox rows older than a day; a mirror that was away longer rebuilds itself.
    public func pruneMirrorChanges() async throws -> Int {
        try await connection.execute("DELETE FROM knowledge_changes WHERE changed_at < now() - interval '1 day'")
    }
}

extension MirrorRow {
    fileprivate init(_ row: PostgresRow) throws {
        id = try row.decode("id", as: ChunkID.self)
        partition = try row.decode("partition", as: UUID.self)
        embedding = try row.decode("embedding", as: PostgresVector.self).values
    }
}
