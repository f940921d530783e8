public import Domain
public import Foundation
import Postgres

/// What a replica's snapshot on disk says of itself, so that it can be told whether the database still knows what came after it.
public struct KeptMirror: Sendable, Hashable, Codable {
    /// ``Transaction/databaseIdentity()``.
    public var database: String
    /// Up to where it goes; it may hold more.
    public var position: MirrorPosition
    /// Whose vectors it holds; nil where it does not tell.
    public var model: String?
    /// The snapshot's own name.
    public var token: UUID

    public init(database: String, position: MirrorPosition, model: String? = nil, token: UUID = UUID()) {
        self.database = database
        self.position = position
        self.model = model
        self.token = token
    }
}

/// One running copy of the index, as the database knows it.
public struct ReplicaState: Sendable, Encodable {
    public let id: ReplicaID
    public let host: String
    /// How far it had followed when it was last heard of.
    public let position: String
    /// Of the snapshot on its disk.
    public let keptPosition: String?
    public let startedAt: Date
    public let seenAt: Date

    private enum CodingKeys: String, CodingKey {
        case id, host, position
        case keptPosition = "kept_position"
        case startedAt = "started_at"
        case seenAt = "seen_at"
    }
}

extension Transaction {
    /// Names the database and its history: the server's own identifier, the database's number in it, and the timeline, which is another one once
    /// a backup was restored to a point in time or a standby was promoted, and transaction numbers may stand for other transactions.
    public func databaseIdentity() async throws -> String {
        let rows = try await connection.query(
            """
            SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), oid,
                left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)) AS identity
            FROM pg_database WHERE datname = current_database()
            """)
        return try rows.first?.decode("identity", as: String.self) ?? ""
    }

    /// Whoever removes changes must know of every replica that may need them.
    private func lockReplicas() async throws {
        try await connection.execute("SELECT pg_advisory_xact_lock(\(Self.replicaLock))")
    }

    private static let replicaLock: Int64 = 0x62_6B_5F_72_65_70_6C_69

    /// Registers a replica that begins anew, from now on, in place of the registrations it had before.
    /// - Returns: the position; what is read in a later transaction holds everything that it does not.
    public func registerReplica(_ replica: ReplicaID, host: String, replacing former: [ReplicaID]) async throws -> MirrorPosition {
        try await lockReplicas()
        try await connection.execute("DELETE FROM mirror_replicas WHERE id = ANY (\(former))")
        let rows = try await connection.query(
            """
            INSERT INTO mirror_replicas (id, host, position) VALUES (\(replica), \(host), pg_current_snapshot())
            RETURNING position::text AS position
            """)
        return try Self.position(rows.first)
    }

    /// Registers a replica that begins with its snapshot, in place of the registration it had before.
    /// - Returns: false, with nothing changed, when none of the former registrations knows the snapshot: it was removed since it was away
    ///   for too long, another replica has taken it over, or the database has gone back in time.
    public func registerReplica(_ replica: ReplicaID, host: String, replacing former: [ReplicaID], with kept: KeptMirror) async throws
        -> Bool
    {
        try await lockReplicas()
        guard try await databaseIdentity() == kept.database else { return false }
        let there = try await connection.execute(
            """
            DELETE FROM mirror_replicas
            WHERE id = ANY (\(former)) AND (kept_token = \(kept.token) OR next_token = \(kept.token))
                AND pg_snapshot_xmax(\(kept.position.description)::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
            """)
        guard there > 0 else { return false }
        try await connection.execute("DELETE FROM mirror_replicas WHERE id = ANY (\(former))")
        let position = kept.position.description
        try await connection.execute(
            """
            INSERT INTO mirror_replicas (id, host, position, kept_position, kept_token)
            VALUES (\(replica), \(host), \(position)::pg_snapshot, \(position)::pg_snapshot, \(kept.token))
            """)
        return true
    }

    /// How far the database knows a replica to have followed; nil when it knows of none by that name.
    public func registeredPosition(of replica: ReplicaID) async throws -> MirrorPosition? {
        try await connection.query("SELECT position::text AS position FROM mirror_replicas WHERE id = \(replica)").first.map(Self.position)
    }

    /// Takes down how far a replica has followed.
    public func advanceReplica(_ replica: ReplicaID, to position: MirrorPosition) async throws {
        try await lockReplicas()
        try await connection.execute(
            "UPDATE mirror_replicas SET position = \(position.description)::pg_snapshot, seen_at = now() WHERE id = \(replica)")
    }

    /// Announces a snapshot before its rows are taken, and what came after its position stays in the outbox from here on: the position must have
    /// been taken before, and not from what this replica was registered with later.
    public func announceSnapshot(_ kept: KeptMirror, of replica: ReplicaID) async throws {
        try await lockReplicas()
        // Without a snapshot on the disk the new one's position holds the outbox; a token that is not there yet harms nobody.
        try await connection.execute(
            """
            UPDATE mirror_replicas SET next_token = \(kept.token),
                kept_position = coalesce(kept_position, \(kept.position.description)::pg_snapshot),
                kept_token = coalesce(kept_token, \(kept.token))
            WHERE id = \(replica)
            """)
    }

    /// Takes down that a snapshot lies on the replica's disk; what it holds need not be kept for this replica any longer.
    /// - Returns: false when a part of what came after it is gone meanwhile, and the snapshot is worth nothing.
    public func keepSnapshot(_ kept: KeptMirror, of replica: ReplicaID) async throws -> Bool {
        try await lockReplicas()
        return try await connection.execute(
            """
            UPDATE mirror_replicas
            SET kept_position = \(kept.position.description)::pg_snapshot, kept_token = \(kept.token), next_token = NULL
            WHERE id = \(replica) AND \(kept.token) IN (next_token, kept_token)
            """) > 0
    }

    /// Forgets a replica, which then has to load everything when it comes back.
    public func removeReplica(_ replica: ReplicaID) async throws {
        try await lockReplicas()
        try await connection.execute("DELETE FROM mirror_replicas WHERE id = \(replica)")
    }

    /// The registered replicas, the oldest first.
    public func replicas() async throws -> [ReplicaState] {
        try await connection.query(
            """
            SELECT id, host, position::text AS position, kept_position::text AS kept_position, started_at, seen_at FROM mirror_replicas
            ORDER BY started_at, id
            """
        ).map { row in
            ReplicaState(
                id: try row.decode("id", as: ReplicaID.self), host: try row.decode("host", as: String.self),
                position: try row.decode("position", as: String.self), keptPosition: try row.decode("kept_position", as: String?.self),
                startedAt: try row.decode("started_at", as: Date.self), seenAt: try row.decode("seen_at", as: Date.self))
        }
    }

    /// Removes what every registered replica has seen, and what is older than the limit. A replica that has not seen all of the latter loses
    /// its registration, or the snapshot on its disk its worth.
    /// - Returns: how many changes were removed.
    @discardableResult
    public func pruneMirrorChanges(olderThan limit: Duration) async throws -> Int {
        try await lockReplicas()
        // The first condition is for the index: what no replica has seen yet is not looked at one by one.
        let seen = try await connection.execute(
            """
            DELETE FROM knowledge_changes c
            WHERE xid < (
                    SELECT coalesce(min(pg_snapshot_xmax(coalesce(kept_position, position))), pg_snapshot_xmax(pg_current_snapshot()))
                    FROM mirror_replicas)
                AND NOT EXISTS (
                    SELECT FROM mirror_replicas r WHERE NOT pg_visible_in_snapshot(c.xid, coalesce(r.kept_position, r.position)))
            """)
        let seconds = Double(limit.components.seconds) + Double(limit.components.attoseconds) / 1e18
        let old = try await connection.query(
            """
            WITH old AS (
                DELETE FROM knowledge_changes WHERE changed_at < now() - make_interval(secs => \(seconds)) RETURNING xid),
            lost AS (
                DELETE FROM mirror_replicas r WHERE EXISTS (SELECT FROM old WHERE NOT pg_visible_in_snapshot(xid, r.position)) RETURNING id),
            worthless AS (
                UPDATE mirror_replicas r SET kept_position = NULL, kept_token = NULL, next_token = NULL
                WHERE kept_position IS NOT NULL AND NOT EXISTS (SELECT FROM lost WHERE lost.id = r.id)
                    AND EXISTS (SELECT FROM old WHERE NOT pg_visible_in_snapshot(xid, r.kept_position)))
            SELECT count(*) AS removed FROM old
            """)
        return seen + Int(try old.first?.decode("removed", as: Int64.self) ?? 0)
    }
}
