public import Domain
import Foundation
import Postgres

/// A file that is done and has another number of passages than it says.
public struct PassageMismatch: Sendable, Codable, Hashable {
    public let file: FileID
    public let user: UserID
    public let name: String
    public let expected: Int
    public let found: Int
}

extension Transaction {
    /// Files that are done and have other passages than they say, of all users. What belongs to an archived conversation has none until it returns.
    public func passageMismatches() async throws -> [PassageMismatch] {
        try await connection.query(
            """
            SELECT f.id, f.user_id, f.file_name::text AS name, f.chunk_count, count(k.id) AS found
            FROM files f LEFT JOIN knowledge_base k ON k.user_id = f.user_id AND k.file_id = f.id
            WHERE f.processing_state = 'done' AND f.archived_conversation_id IS NULL
            GROUP BY f.user_id, f.id HAVING count(k.id) <> f.chunk_count ORDER BY f.user_id, f.id
            """
        ).map { row in
            PassageMismatch(
                file: try row.decode("id", as: FileID.self), user: try row.decode("user_id", as: UserID.self),
                name: try row.decode("name", as: String.self), expected: Int(try row.decode("chunk_count", as: Int32.self)),
                found: Int(try row.decode("found", as: Int64.self)))
        }
    }

    /// Puts a file that is done into the queue again.
    /// - Returns: false when it is no longer done.
    public func processAgain(_ file: FileID, of user: UserID) async throws -> Bool {
        try await connection.execute(
            """
            WITH again AS (
                UPDATE files SET processing_state = 'pending'
                WHERE user_id = \(user) AND id = \(file) AND processing_state = 'done' AND archived_conversation_id IS NULL
                RETURNING user_id, assistant_id, id)
            INSERT INTO jobs (user_id, assistant_id, file_id) SELECT user_id, assistant_id, id FROM again
            """) > 0
    }

    /// The addresses of stored contents that files refer to, in their order, behind one of them.
    public func referredContents(after last: ContentDigest?, limit: Int) async throws -> [ContentDigest] {
        try await connection.query(
            """
            SELECT sha256 FROM file_contents WHERE reference_count > 0 AND sha256 > \(last?.bytes ?? []) ORDER BY sha256 LIMIT \(Int64(limit))
            """
        ).compactMap { ContentDigest(bytes: try $0.decode("sha256", as: [UInt8].self)) }
    }

    /// The ids of files with a content, of all users.
    public func files(with digest: ContentDigest) async throws -> [FileID] {
        try await connection.query("SELECT id FROM files WHERE sha256 = \(digest.bytes) ORDER BY id").map {
            try $0.decode("id", as: FileID.self)
        }
    }

    /// Of contents that stand on disk, those that no row knows of.
    public func unknownContents(_ contents: [StandingContent]) async throws -> [StandingContent] {
        let rows = try await connection.query(
            "SELECT sha256 FROM file_contents WHERE sha256 = ANY (\(contents.map { Data($0.digest.bytes) }))")
        let known = Set(try rows.map { try $0.decode("sha256", as: [UInt8].self) })
        return contents.filter { !known.contains($0.digest.bytes) }
    }

    /// Takes contents of which no row knows down as released when they were last changed, whereupon the clean-up removes them as it does all
    /// that is released (``takeReleasedContents(limit:)``): never under an upload that refers to them meanwhile, and never during a backup.
    /// - Returns: how many were taken down.
    public func takeDown(_ contents: [StandingContent]) async throws -> Int {
        try await connection.execute(
            """
            INSERT INTO file_contents (sha256, byte_count, reference_count, released_at)
            SELECT sha256, byte_count, 0, changed_at
            FROM unnest(\(contents.map { Data($0.digest.bytes) }), \(contents.map(\.byteCount)), \(contents.map(\.changedAt)))
                AS standing (sha256, byte_count, changed_at)
            ON CONFLICT DO NOTHING
            """)
    }

    /// Of uploads with bytes on disk, those without a row.
    public func unknownUploads(_ ids: [UploadID]) async throws -> [UploadID] {
        let rows = try await connection.query("SELECT id FROM uploads WHERE id = ANY (\(ids))")
        let known = Set(try rows.map { try $0.decode(UploadID.self) })
        return ids.filter { !known.contains($0) }
    }
}
