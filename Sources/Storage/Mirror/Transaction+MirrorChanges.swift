public import Domain
public import Foundation
import Postgres

/// What became of a row since the last position, in one of the partitions it is or was in.
public struct MirrorChange: Sendable {
    public let id: ChunkID
    public let partition: UUID
    /// The row as it stands now; nil when it is no longer in this partition, or has no vector.
    public let current: MirrorRow?
}

extension MirrorChange {
    /// A row with `row_id`, `partition_id` and the columns of ``MirrorRow``.
    init(_ row: PostgresRow) throws {
        id = try row.decode("row_id", as: ChunkID.self)
        partition = try row.decode("partition_id", as: UUID.self)
        current = try row.decode("id", as: ChunkID?.self).map { _ in try MirrorRow(named: row) }
    }
}

/// What lies between a replica's last position and now.
public struct MirrorOutlook: Sendable {
    /// The position of this transaction's snapshot.
    public let position: MirrorPosition
    /// False when changes the replica has not seen were removed: then it has to load everything anew.
    public let isRegistered: Bool
    /// Changes that have come, each partition of a row counted; the same row may be among them several times.
    public let changes: Int
    /// How long ago the oldest of them was made, in seconds; nil without any.
    public let age: Double?
    /// Whether everything was taken away meanwhile (TRUNCATE); then the changes do not tell of every row.
    public let wasEmptied: Bool
    /// Whose vectors the rows have; nil before the first.
    public let model: String?
}

extension Transaction {
    /// The rows of the outbox that are visible now and were not at a position: those of transactions that had not begun then, and of those
    /// that were running. By their own ids, since a transaction that stays open for long holds back `xmin` and would have all later rows
    /// read again and again.
    private static func unseen(since last: MirrorPosition, _ columns: SQL) -> SQL {
        """
        SELECT \(columns) FROM knowledge_changes WHERE xid >= pg_snapshot_xmax(\(last.description)::pg_snapshot)
        UNION ALL
        SELECT \(columns) FROM knowledge_changes
        WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip(\(last.description)::pg_snapshot)))
        """
    }

    /// The position of this transaction's snapshot. Only meaningful inside ``Database/readSnapshot(_:isolation:_:)``.
    public func mirrorPosition() async throws -> MirrorPosition {
        try Self.position(try await connection.query("SELECT pg_current_snapshot()::text AS position").first)
    }

    /// What has come since a position. Only meaningful inside ``Database/readSnapshot(_:isolation:_:)``.
    public func mirrorOutlook(since last: MirrorPosition, of replica: ReplicaID) async throws -> MirrorOutlook {
        let row = try await connection.query(
            """
            SELECT pg_current_snapshot()::text AS position, EXISTS (SELECT FROM mirror_replicas WHERE id = \(replica)) AS registered,
                count(*) AS changes, extract(epoch FROM clock_timestamp() - min(changed_at))::double precision AS age,
                coalesce(bool_or(row_id IS NULL), false) AS emptied,
                (SELECT value #>> '{}' FROM system_settings WHERE key = 'embedding_model') AS model
            FROM (\(Self.unseen(since: last, "changed_at, row_id"))) AS c
            """
        ).first
        return MirrorOutlook(
            position: try Self.position(row), isRegistered: try row?.decode("registered", as: Bool.self) ?? false,
            changes: Int(try row?.decode("changes", as: Int64.self) ?? 0), age: try row?.decode("age", as: Double?.self) ?? nil,
            wasEmptied: try row?.decode("emptied", as: Bool.self) ?? false, model: try row?.decode("model", as: String?.self) ?? nil)
    }

    /// Streams what changed between a position and this transaction's snapshot, each row once for each partition it is or was in, in batches, in
    /// bounded memory. A transaction that commits late, behind others with higher numbers, is found all the same.
    public func forEachMirrorChange(
        since last: MirrorPosition, batchSize: Int, _ body: ([MirrorChange]) async throws -> Void
    ) async throws {
        var batch: [MirrorChange] = []
        try await connection.stream(
            """
            SELECT c.row_id, c.partition_id, k.*
            FROM (SELECT DISTINCT row_id, partition_id FROM (\(Self.unseen(since: last, "row_id, partition_id"))) AS u
                  WHERE row_id IS NOT NULL) AS c
            LEFT JOIN LATERAL (\(MirrorRow.lookUp)) AS k ON true
            """
        ) { row in
            batch.append(try MirrorChange(row))
            guard batch.count >= batchSize else { return }
            try await body(batch)
            batch.removeAll(keepingCapacity: true)
        }
        if !batch.isEmpty { try await body(batch) }
    }

    static func position(_ row: PostgresRow?) throws -> MirrorPosition {
        guard let position = MirrorPosition(try row?.decode("position", as: String.self) ?? "") else {
            throw Problem(.internalFault, code: "mirror_position", "The database's snapshot has an unknown form.")
        }
        return position
    }
}
