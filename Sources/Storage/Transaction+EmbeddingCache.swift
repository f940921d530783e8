public import Domain
import Postgres

extension Transaction {
    /// The vectors the user has of texts by one model, by the SHA-256 of the text; those that are missing are left out.
    public func keptEmbeddings(of texts: [ContentDigest], by model: String) async throws -> [ContentDigest: [Float]] {
        let rows = try await connection.query(
            """
            SELECT text_sha256, embedding FROM embedding_cache
            WHERE user_id = \(try scope.userID) AND model = \(model) AND text_sha256 IN (
                SELECT decode(digest, 'hex') FROM unnest(\(texts.map(\.description))::text[]) AS asked (digest))
            """)
        return try rows.reduce(into: [:]) { found, row in
            guard let digest = ContentDigest(bytes: try row.decode("text_sha256", as: [UInt8].self)) else { return }
            found[digest] = try row.decode("embedding", as: PostgresVector.self).values
        }
    }

    /// Keeps vectors that were paid for.
    /// - Parameter texts: the SHA-256 of each text, in the order of `vectors`.
    public func keepEmbeddings(_ vectors: [[Float]], of texts: [ContentDigest], by model: String) async throws {
        let user = try scope.userID
        for (vector, text) in zip(vectors, texts) {
            try await connection.execute(
                """
                INSERT INTO embedding_cache (user_id, model, text_sha256, embedding)
                VALUES (\(user), \(model), \(text.bytes), \(PostgresVector(vector))) ON CONFLICT DO NOTHING
                """)
        }
    }

    /// Removes vectors nobody asked for in some days; returns how many.
    public func clearEmbeddingCache(olderThanDays days: Int) async throws -> Int {
        try await connection.execute(
            "DELETE FROM embedding_cache WHERE created_at < now() - make_interval(days => \(Int32(days)))")
    }
}
