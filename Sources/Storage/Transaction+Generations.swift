public import Domain
import Postgres

/// A set of vectors of one model, of which one is searched, and one may stand beside it.
public struct EmbeddingGeneration: Sendable, Equatable {
    /// What a generation is there for.
    public enum Role: String, Sendable, Encodable {
        /// Searched, and added to with each row.
        case live
        /// Filled, to be the live one.
        case next
        /// Was the live one, and may be again.
        case former
        /// On its way out.
        case dropped
    }

    public let model: String
    public let role: Role
    /// Rows that have its vector.
    public let rows: Int
    /// Rows that the live generation has and this one lacks.
    public let missing: Int
}

/// The generations of a database.
public struct EmbeddingGenerations: Sendable, Equatable {
    /// Nil before the first vector.
    public let live: EmbeddingGeneration?
    public let shadow: EmbeddingGeneration?
}

/// What filling a generation takes.
public struct GenerationWork: Sendable, Equatable {
    public let rows: Int
    /// As they were counted when the rows were stored; about a quarter of the bytes where they were not.
    public let tokens: Int
}

/// A row that lacks its shadow vector, with what its text is made of.
public struct UnfilledPassage: Sendable {
    public let id: ChunkID
    public let userID: UserID
    public let assistantID: AssistantID?
    /// Changes with each change of the row.
    public let version: String
    public let content: String
    /// What is embedded in front of the content; nil where it was not kept.
    public let context: String?
    /// Of its file, else its own.
    public let title: String?
    public let headingPath: [String]
    /// Whether it was cut from a document.
    public let isCut: Bool
}

/// A place in the order in which rows are gone through.
public struct PassagePlace: Sendable {
    public let userID: UserID
    public let id: ChunkID

    public init(_ userID: UserID, _ id: ChunkID) {
        self.userID = userID
        self.id = id
    }
}

extension Database {
    /// Runs the body unless another process fills, switches or drops a generation.
    /// - Throws: `conflict` then.
    public func aloneWithGenerations<R: Sendable>(_ scope: Scope, _ body: () async throws -> R) async throws -> R {
        guard let result = try await exclusively("bunko.generations", scope, body) else {
            throw Problem(
                .conflict, code: "reembedding_under_way", "Another process is at the generations of vectors.",
                remedy: "Wait until it has ended; bunko reembed --status tells how far it is.")
        }
        return result
    }
}

extension Transaction {
    /// The generations, and how many rows each has; reads the whole table, but no vector. For the service's own scope.
    public func embeddingGenerations() async throws -> EmbeddingGenerations {
        let (live, shadow) = try await generationNames()
        let row = try await connection.query(
            """
            SELECT count(embedding) AS live, count(embedding_shadow) AS shadow,
                count(*) FILTER (WHERE embedding IS NOT NULL AND embedding_shadow IS NULL) AS missing
            FROM knowledge_base
            """
        ).first
        func count(_ name: String) throws -> Int { Int(try row?.decode(name, as: Int64.self) ?? 0) }
        return EmbeddingGenerations(
            live: try live.map { EmbeddingGeneration(model: $0, role: .live, rows: try count("live"), missing: 0) },
            shadow: try shadow.map {
                EmbeddingGeneration(model: $0.model, role: $0.role, rows: try count("shadow"), missing: try count("missing"))
            })
    }

    /// The models of the generations, without counting rows.
    private func generationNames() async throws -> (live: String?, shadow: (model: String, role: EmbeddingGeneration.Role)?) {
        let row = try await connection.query(
            """
            SELECT (SELECT value #>> '{}' FROM system_settings WHERE key = 'embedding_model') AS live, value ->> 'model' AS shadow,
                value ->> 'role' AS role
            FROM system_settings WHERE key = 'embedding_shadow'
            """
        ).first
        let shadow = try row?.decode("shadow", as: String?.self)
        let role = try row?.decode("role", as: String?.self).flatMap(EmbeddingGeneration.Role.init)
        return (try row?.decode("live", as: String?.self), shadow.flatMap { model in role.map { (model, $0) } })
    }

    // MARK: - Filling

    /// Makes a model's generation the one beside the live one, or goes on with it.
    /// - Throws: `conflict` when the model is the live one, when another generation stands beside it, and before the first vector.
    public func beginGeneration(_ model: String) async throws {
        try await connection.execute(
            """
            UPDATE system_settings SET value = jsonb_build_object('model', \(model)::text, 'role', 'next')
            WHERE key = 'embedding_shadow' AND value = 'null'
                AND EXISTS (SELECT FROM system_settings WHERE key = 'embedding_model' AND value NOT IN ('null', to_jsonb(\(model)::text)))
            """)
        try await checkGeneration(model)
    }

    /// Makes sure that a model's generation may stand, or stands, beside the live one.
    /// - Throws: as ``beginGeneration(_:)``.
    public func checkGeneration(_ model: String) async throws {
        let (live, shadow) = try await generationNames()
        guard let live else {
            throw Problem(
                .conflict, code: "no_embedding_model", "The knowledge has no embedding model yet, so there is nothing to embed again.",
                remedy: "Start the server with embedding.model \(model).")
        }
        guard live != model else {
            throw Problem(.conflict, code: "generation_live", "The knowledge has the vectors of \(model) already.", parameter: "--model")
        }
        if let shadow, shadow.model != model || shadow.role == .dropped {
            throw Problem(
                .conflict, code: "generation_exists", "There is a generation of \(shadow.model) already.",
                remedy: "Remove it first: bunko reembed --drop.", parameter: "--model")
        }
    }

    /// What filling the generation beside the live one takes from here on, of whichever model.
    public func generationWork() async throws -> GenerationWork {
        let row = try await connection.query(
            """
            SELECT count(*) AS rows, coalesce(sum(
                CASE WHEN token_count > 0 THEN token_count ELSE octet_length(content) / 4 END + octet_length(coalesce(context, '')) / 4), 0)::bigint AS tokens
            FROM knowledge_base
            WHERE embedding IS NOT NULL AND embedding_shadow IS NULL
            """
        ).first
        return GenerationWork(
            rows: Int(try row?.decode("rows", as: Int64.self) ?? 0), tokens: Int(try row?.decode("tokens", as: Int64.self) ?? 0))
    }

    /// The next rows that lack their shadow vector, by user and id; for the service's own scope.
    public func unfilledPassages(after place: PassagePlace?, limit: Int) async throws -> [UnfilledPassage] {
        try await connection.query(
            """
            SELECT k.id, k.user_id, k.secretary_id, k.xmin::text AS version, k.content, k.context, k.heading_path, k.ordinal IS NOT NULL AS is_cut,
                coalesce((SELECT f.metadata ->> 'title' FROM files f WHERE f.user_id = k.user_id AND f.id = k.file_id), k.metadata ->> 'title') AS title
            FROM knowledge_base k
            WHERE \(Self.behind(place)) AND k.embedding IS NOT NULL AND k.embedding_shadow IS NULL
            ORDER BY k.user_id, k.id LIMIT \(Int64(limit))
            """
        ).map { row in
            UnfilledPassage(
                id: try row.decode("id", as: ChunkID.self), userID: try row.decode("user_id", as: UserID.self),
                assistantID: try row.decode("secretary_id", as: AssistantID?.self), version: try row.decode("version", as: String.self),
                content: try row.decode("content", as: String.self), context: try row.decode("context", as: String?.self),
                title: try row.decode("title", as: String?.self), headingPath: try row.decode("heading_path", as: [String].self),
                isCut: try row.decode("is_cut", as: Bool.self))
        }
    }

    private static func behind(_ place: PassagePlace?) -> SQL {
        place.map { "(k.user_id, k.id) > (\($0.userID), \($0.id))" } ?? "true"
    }

    /// Gives rows of the scope's user their shadow vectors. Those that have changed since they were read, or that somebody is changing, are
    /// left as they are: nobody waits for this, and it for nobody.
    /// - Returns: how many rows have theirs now.
    public func fillGeneration(_ model: String, _ vectors: [(passage: UnfilledPassage, vector: [Float])]) async throws -> Int {
        try await beginFilling()
        let (ids, versions) = (vectors.map(\.passage.id), vectors.map(\.passage.version))
        return try await connection.execute(
            """
            WITH free AS (
                SELECT k.id, new.vector
                FROM unnest(\(ids)::uuid[], \(versions)::text[], \(vectors.map { PostgresVector($0.vector) })::vector[]) AS new (id, version, vector)
                JOIN knowledge_base k ON k.user_id = \(try scope.userID) AND k.id = new.id AND k.xmin::text = new.version
                FOR NO KEY UPDATE OF k SKIP LOCKED
            )
            UPDATE knowledge_base k SET embedding_shadow = free.vector, embedding_shadow_model = \(model)
            FROM free WHERE k.user_id = \(try scope.userID) AND k.id = free.id
            """)
    }

    /// What is written from here on to the end of the transaction are shadow vectors alone, which no index follows.
    private func beginFilling() async throws {
        try await connection.execute("SELECT set_config('app.filling_embeddings', 'on', true)")
    }

    // MARK: - Switching

    /// Makes the generation beside the live one the live one, and keeps that: vectors, models and setting, all at once. For the service's
    /// own scope.
    /// - Parameter role: what the generation must be there for: `next` to go on to it, `former` to go back.
    /// - Returns: the generations' models as they are now.
    /// - Throws: `conflict` when there is no such generation, and when rows lack their vector of it, with their number.
    public func switchGenerations(to role: EmbeddingGeneration.Role) async throws -> (live: String, shadow: String) {
        let (live, shadow) = try await generationNames()
        guard let live, let shadow, shadow.role == role else {
            throw Problem(
                .conflict, code: "no_such_generation",
                role == .former
                    ? "There is no former generation to go back to." : "There is no generation that was filled to be switched to.",
                remedy: "bunko reembed --status tells what there is.")
        }
        let roleAfter: EmbeddingGeneration.Role = role == .former ? .next : .former
        let row = try await connection.query(
            "SELECT swap_embedding_generations(\(live), \(shadow.model), \(roleAfter.rawValue)) AS missing"
        ).first
        let missing = Int(try row?.decode("missing", as: Int64.self) ?? 0)
        guard missing == 0 else {
            throw Problem(
                .conflict, code: "generation_incomplete",
                "\(missing == 1 ? "1 row has" : "\(missing) rows have") no vector of \(shadow.model), so nothing was changed.",
                remedy: "Fill them first: bunko reembed --model \(shadow.model).")
        }
        return (shadow.model, live)
    }

    // MARK: - Dropping

    /// Takes note that the generation beside the live one is on its way out: nothing is added to it any more.
    /// - Throws: `conflict` when there is none.
    public func beginDrop() async throws {
        let found = try await connection.execute(
            """
            UPDATE system_settings SET value = value || jsonb_build_object('role', 'dropped') WHERE key = 'embedding_shadow' AND value <> 'null'
            """)
        guard found > 0 else {
            throw Problem(.conflict, code: "no_such_generation", "There is no generation beside the live one.")
        }
    }

    /// The next rows that have a shadow vector, by user and id; for the service's own scope.
    public func filledPassages(after place: PassagePlace?, limit: Int) async throws -> [PassagePlace] {
        try await connection.query(
            """
            SELECT k.user_id, k.id FROM knowledge_base k WHERE \(Self.behind(place)) AND k.embedding_shadow IS NOT NULL
            ORDER BY k.user_id, k.id LIMIT \(Int64(limit))
            """
        ).map { PassagePlace(try $0.decode("user_id", as: UserID.self), try $0.decode("id", as: ChunkID.self)) }
    }

    /// Removes the shadow vectors of rows of the scope's user, but for those that somebody is changing.
    /// - Returns: how many rows have none any more.
    public func emptyGeneration(_ ids: [ChunkID]) async throws -> Int {
        try await beginFilling()
        return try await connection.execute(
            """
            WITH free AS (
                SELECT id FROM knowledge_base WHERE user_id = \(try scope.userID) AND id = ANY (\(ids)) FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE knowledge_base k SET embedding_shadow = NULL, embedding_shadow_model = NULL
            FROM free WHERE k.user_id = \(try scope.userID) AND k.id = free.id
            """)
    }

    /// Forgets a generation that is on its way out, once no row has its vector any more.
    /// - Returns: whether it is gone.
    public func endDrop() async throws -> Bool {
        try await connection.execute(
            """
            UPDATE system_settings SET value = 'null'
            WHERE key = 'embedding_shadow' AND value ->> 'role' = 'dropped'
                AND NOT EXISTS (SELECT FROM knowledge_base WHERE embedding_shadow IS NOT NULL)
            """) > 0
    }
}
