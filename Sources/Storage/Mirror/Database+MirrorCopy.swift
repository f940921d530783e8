public import Domain
import Foundation
import Postgres
import Synchronization

extension Database {
    /// Blocks of the table that one statement copies: enough that its start costs nothing, few enough that connections end together.
    private static let blocksPerCopy: Int64 = 512

    /// Reads every row that has a vector by COPY, through several connections that see the same moment.
    ///
    /// Memory is bounded by the connections times the batch. A connection reads the next rows while its last batch is being taken.
    /// - Parameters:
    ///   - scope: a system scope.
    ///   - assistant: whose rows, and those of its conversations; nil for all.
    ///   - total: called first, with the number of rows that the statistics expect.
    ///   - body: takes a batch, from several tasks at once, in no particular order.
    /// - Returns: the position of that moment, and the model whose vectors the rows had.
    /// - Throws: what `body` throws; `Problem` of the database. Either ends all connections.
    public func copyMirrorRows(
        _ scope: Scope, of assistant: AssistantID? = nil, connections: Int, batchSize: Int, total: @Sendable (Int) -> Void,
        _ body: @escaping @Sendable ([MirrorRow]) async throws -> Void
    ) async throws -> (position: MirrorPosition, model: String?) {
        try await readSnapshot(scope) { transaction in
            let (position, model) = (try await transaction.mirrorPosition(), try await transaction.embeddingModel())
            // Statistics of a table that was just filled know nothing; its length does not lie.
            let row = try await transaction.connection.query(
                """
                SELECT pg_export_snapshot() AS snapshot, pg_relation_size('knowledge_base') / current_setting('block_size')::bigint AS blocks,
                    (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'knowledge_base'::regclass) AS rows
                """
            ).first
            // It stands in a statement that takes no parameters.
            guard let snapshot = try row?.decode("snapshot", as: String.self), !snapshot.contains("'"),
                let blocks = try row?.decode("blocks", as: Int64.self)
            else {
                throw Problem(.internalFault, code: "mirror_snapshot", "The database exported no snapshot.")
            }
            total(Int(try row?.decode("rows", as: Int64.self) ?? 0))
            let filter: SQL = assistant.map { "k.secretary_id = \($0)" } ?? "true"
            try await copyBlocks(blocks, of: snapshot, filter, connections: connections, batchSize: batchSize, body)
            return (position, model)
        }
    }

    private func copyBlocks(
        _ blocks: Int64, of snapshot: String, _ filter: SQL, connections: Int, batchSize: Int,
        _ body: @escaping @Sendable ([MirrorRow]) async throws -> Void
    ) async throws {
        let next = BlockCounter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, connections) {
                group.addTask {
                    try await self.worker.withTransaction(.readOnlySnapshot) { connection in
                        try await connection.execute("SET TRANSACTION SNAPSHOT '\(unescaped: snapshot)'")
                        // Before the first range: a table that is rewritten (VACUUM FULL) between two of them has its rows elsewhere.
                        try await connection.execute("LOCK TABLE knowledge_base IN ACCESS SHARE MODE")
                        while true {
                            let first = next.take(Self.blocksPerCopy)
                            guard first < blocks else { return }
                            let end = first + Self.blocksPerCopy
                            // The last takes what lies behind, should the table have been rewritten longer than it was.
                            let range: SQL =
                                "k.ctid >= \("(\(first),0)")::tid AND \(end < blocks ? "k.ctid < \("(\(end),0)")::tid" as SQL : "true")"
                            try await Self.copy("\(range) AND \(filter)", batchSize, connection, body)
                        }
                    }
                }
            }
            // Waiting for all would not end the others with the first that fails.
            for try await _ in group {}
        }
    }

    private static func copy(
        _ filter: SQL, _ batchSize: Int, _ connection: PostgresConnection, _ body: @Sendable ([MirrorRow]) async throws -> Void
    ) async throws {
        let rows = connection.copyOut(
            """
            SELECT \(MirrorRow.columns) FROM knowledge_base k WHERE k.embedding IS NOT NULL AND \(filter)
            """)
        var batch: [MirrorRow] = []
        for try await row in rows {
            batch.append(try MirrorRow(copied: row))
            guard batch.count >= batchSize else { continue }
            try await body(batch)
            batch.removeAll(keepingCapacity: true)
        }
        if !batch.isEmpty { try await body(batch) }
    }
}

/// Hands out blocks from the first on.
private final class BlockCounter: Sendable {
    private let next = Atomic<Int64>(0)

    func take(_ count: Int64) -> Int64 { next.add(count, ordering: .relaxed).oldValue }
}
