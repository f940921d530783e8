import Domain
import Foundation
import Postgres

/// An answer kept for a request that may be repeated.
public struct KeptAnswer: Sendable, Equatable {
    public var status: Int
    /// The entity tag of the row in the answer, if it has one.
    public var version: String?
    public var body: [UInt8]
    /// The write that the answer tells of; of answers kept by earlier versions it is not known.
    public private(set) var write: WriteToken?

    /// An answer to the write that keeps it.
    public init(status: Int, version: String?, body: [UInt8]) {
        self.status = status
        self.version = version
        self.body = body
    }

    init(_ row: PostgresRow, status: Int) throws {
        self.init(status: status, version: try row.decode("version", as: String?.self), body: try row.decode("body", as: [UInt8].self))
        write = try row.decode("write", as: String?.self).flatMap(UInt64.init).map { WriteToken(transactionID: $0) }
    }
}

extension Transaction {
    /// Claims an idempotency key for this transaction; the answer kept under it when the request was carried out before.
    ///
    /// A request with the same key that is under way is waited for: its transaction holds the row.
    /// - Parameter caller: who sent the key; keys of different users never meet, whoever's rows their requests write.
    /// - Throws: `unprocessable` when the key was used for another request.
    public func claimIdempotencyKey(_ key: String, request: ContentDigest, of caller: Scope) async throws -> KeptAnswer? {
        let user = try caller.userID
        let claimed = try await acting(for: caller) {
            try await connection.execute(
                """
                INSERT INTO idempotency_keys (user_id, key, request_sha256) VALUES (\(user), \(key), \(request.bytes)) ON CONFLICT DO NOTHING
                """)
        }
        guard claimed == 0 else { return nil }
        guard let kept = try await keptAnswer(key, request: request, of: caller) else {
            throw Problem(
                .conflict, code: "idempotency_key_busy", "A request with this Idempotency-Key is under way.",
                remedy: "Try again in a moment.",
                parameter: "Idempotency-Key")
        }
        return kept
    }

    /// The answer kept under an idempotency key, before anything is done for the request.
    /// - Throws: `unprocessable` when the key was used for another request.
    public func keptAnswer(_ key: String, request: ContentDigest, of caller: Scope) async throws -> KeptAnswer? {
        let user = try caller.userID
        let rows = try await acting(for: caller) {
            try await connection.query(
                """
                SELECT request_sha256, status, headers ->> 'etag' AS version, headers ->> 'write' AS write, body FROM idempotency_keys
                WHERE user_id = \(user) AND key = \(key)
                """)
        }
        guard let row = rows.first, let status = try row.decode("status", as: Int32?.self) else { return nil }
        guard try row.decode("request_sha256", as: [UInt8].self) == request.bytes else {
            throw Problem(
                .unprocessable, code: "idempotency_key_reused", "This Idempotency-Key was used for another request.",
                remedy: "Use a new key for a new request.", parameter: "Idempotency-Key")
        }
        return try KeptAnswer(row, status: Int(status))
    }

    /// Keeps the answer under the key this transaction claimed; both become true with its commit.
    public func keep(_ answer: KeptAnswer, idempotencyKey key: String, of caller: Scope) async throws {
        let user = try caller.userID
        _ = try await acting(for: caller) {
            try await connection.execute(
                """
                UPDATE idempotency_keys SET status = \(Int32(answer.status)), body = \(answer.body),
                    headers = jsonb_strip_nulls(jsonb_build_object('etag', \(answer.version)::text, 'write', pg_current_xact_id()::text))
                WHERE user_id = \(user) AND key = \(key)
                """)
        }
    }

    /// Runs statements of a user's transaction under another user's scope, and goes back. What throws ends the transaction, and the
    /// setting with it. The service's own transactions are not bound to a user.
    func acting<R>(for other: Scope, _ body: () async throws -> R) async throws -> R {
        guard case .user(let own) = scope.actor else { return try await body() }
        let user = try other.userID
        guard user != own else { return try await body() }
        try await connection.executeScript("SET LOCAL app.user_id = '\(user)'")
        let result = try await body()
        try await connection.executeScript("SET LOCAL app.user_id = '\(own)'")
        return result
    }
}
