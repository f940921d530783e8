public import Domain
import Postgres

/// How the database stands: the designs' monitoring queries and what goes with them.
public struct DatabaseStatistics: Sendable, Codable {
    public struct Table: Sendable, Codable {
        public let name: String
        /// With indexes and out-of-line values.
        public let bytes: Int
        public let estimated_rows: Int
        public let dead_rows: Int
        public let sequential_scans: Int
        public let index_scans: Int
    }

    public struct Index: Sendable, Codable {
        public let table: String
        public let name: String
        public let bytes: Int
        public let scans: Int
        public let tuples_read: Int
        public let tuples_fetched: Int
        /// Keeps a rule besides serving searches.
        public let is_unique: Bool
    }

    public struct Connections: Sendable, Codable {
        public let role: String
        public let count: Int
    }

    public struct Pool: Sendable, Codable {
        public let name: String
        public let leased: Int
        public let idle: Int
        public let waiting: Int
        public let opened: Int
        public let closed: Int
        public let timed_out: Int
    }

    public let database: String
    public let server_version: String
    public let bytes: Int
    public let tables: [Table]
    public let indexes: [Index]
    /// Indexes no query has used since the statistics began, those that keep a rule left out.
    public let unused_indexes: [String]
    public let partitions: [MessagePartition]
    /// Open sessions on this database by role, other programs' included.
    public let connections: [Connections]
    /// The pools of the process that answers.
    public let pools: [Pool]
}

extension Database {
    /// How the database stands, and this process's pools.
    public func statistics(_ scope: Scope) async throws -> DatabaseStatistics {
        let pools = pools.map { name, figures in
            DatabaseStatistics.Pool(
                name: name, leased: figures.leased, idle: figures.idle, waiting: figures.waiting, opened: figures.opened,
                closed: figures.closed, timed_out: figures.timedOut)
        }
        return try await read(scope) { try await $0.statistics(pools: pools) }
    }
}

extension Transaction {
    func statistics(pools: [DatabaseStatistics.Pool]) async throws -> DatabaseStatistics {
        let facts = try await connection.query(
            "SELECT current_database()::text, current_setting('server_version'), pg_database_size(current_database())")
        let (database, version, bytes) = try facts.first?.decode(String.self, String.self, Int.self) ?? ("", "", 0)
        let indexes = try await indexStatistics()
        return DatabaseStatistics(
            database: database, server_version: version, bytes: bytes, tables: try await tableStatistics(), indexes: indexes,
            unused_indexes: indexes.filter { $0.scans == 0 && !$0.is_unique }.map(\.name), partitions: try await messagePartitions(),
            connections: try await connectionStatistics(), pools: pools)
    }

    private func tableStatistics() async throws -> [DatabaseStatistics.Table] {
        try await connection.query(
            """
            SELECT relname::text, pg_total_relation_size(relid), n_live_tup, n_dead_tup, seq_scan, coalesce(idx_scan, 0)
            FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY pg_total_relation_size(relid) DESC, relname
            """
        ).map { row in
            let (name, bytes, live, dead, sequential, index) = try row.decode(
                String.self, Int.self, Int.self, Int.self, Int.self, Int.self)
            return DatabaseStatistics.Table(
                name: name, bytes: bytes, estimated_rows: live, dead_rows: dead, sequential_scans: sequential, index_scans: index)
        }
    }

    private func indexStatistics() async throws -> [DatabaseStatistics.Index] {
        try await connection.query(
            """
            SELECT s.relname::text, s.indexrelname::text, pg_relation_size(s.indexrelid), s.idx_scan, s.idx_tup_read, s.idx_tup_fetch,
                i.indisunique
            FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
            WHERE s.schemaname = 'public' ORDER BY s.idx_scan DESC, s.indexrelname
            """
        ).map { row in
            let (table, name, bytes, scans, read, fetched, isUnique) = try row.decode(
                String.self, String.self, Int.self, Int.self, Int.self, Int.self, Bool.self)
            return DatabaseStatistics.Index(
                table: table, name: name, bytes: bytes, scans: scans, tuples_read: read, tuples_fetched: fetched, is_unique: isUnique)
        }
    }

    private func connectionStatistics() async throws -> [DatabaseStatistics.Connections] {
        try await connection.query(
            """
            SELECT coalesce(usename::text, 'server'), count(*) FROM pg_stat_activity
            WHERE datname = current_database() GROUP BY 1 ORDER BY 2 DESC, 1
            """
        ).map { row in
            let (role, count) = try row.decode(String.self, Int.self)
            return DatabaseStatistics.Connections(role: role, count: count)
        }
    }
}
