import Accounts
import Domain
import Hummingbird
import Operations
import Retrieval
import Storage

/// `GET /v1/index`: what the index of this replica holds, how far it has followed, and which replicas there are; and its comparison with the
/// table. For administrators.
struct IndexRoutes: Sendable {
    let mirror: KnowledgeMirror?
    let upkeep: Upkeep
    let contents: ContentStore
    let database: Database
    let administration: UserAdministration

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.get("index", use: state)
        group.post("index/verify", use: verify)
    }

    struct State: Encodable, Sendable {
        struct Lag: Encodable, Sendable {
            let changes: Int
            let seconds: Double
        }

        let object = "index"
        let backend: RetrievalBackend
        let state: String
        @Nullable var origin: KnowledgeMirror.Origin?
        @Nullable var position: String?
        @Nullable var lag: Lag?
        let rows: Int
        /// Rows whose vector has no direction.
        let refused: Int
        let tombstones: Int
        let partitions: Int
        let lists: Int
        let bytes: Int
        @Nullable var words: Words?
        @Nullable var memory: Memory?
        @Nullable var recall: LiveRecall?
        @Nullable var drift: Drift?
        let replicas: [ReplicaState]
    }

    /// The index of words, whose rows are those of the vectors.
    struct Words: Encodable, Sendable {
        let rows: Int
        let bytes: Int
    }

    struct Memory: Encodable, Sendable {
        @Nullable var budget: Int?
        let resident: Int
        let in_files: Int
        let on_disk: Int
        let evicted_partitions: Int
        @Nullable var problem: String?
    }

    struct Drift: Encodable, Sendable {
        let trained_partitions: Int
        let trainings: Int
        let imbalance: Double
        let growth: Double
    }

    struct VerifyBody: Decodable {
        let repair: Bool?
        let assistant: String?
    }

    struct Verification: Encodable, Sendable {
        let object = "verification"
        @Nullable var index: IndexVerification?
        @Nullable var files: FileVerification?
    }

    @Sendable
    func verify(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Verification> {
        let scope = try context.scope
        try await administration.requireAdministrator(scope)
        let body = try await request.json(VerifyBody.self)
        let repair = body.repair ?? false
        if let reference = body.assistant {
            let assistant = try await database.read(scope) { try await $0.usableAssistant(reference) }
            let found = try await mirror?.verify(assistant.id, repair: repair)
            return JSONResponse(Verification(index: found, files: nil))
        }
        let found = try await mirror?.verify(repair: repair)
        return JSONResponse(Verification(index: found, files: try await upkeep.verifyFiles(contents, repair: repair)))
    }

    @Sendable
    func state(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<State> {
        try await administration.requireAdministrator(try context.scope)
        return JSONResponse(State(mirror, replicas: try await upkeep.replicas()))
    }
}

extension IndexRoutes.State {
    init(_ mirror: KnowledgeMirror?, replicas: [ReplicaState]) {
        guard let mirror else {
            self.init(
                backend: .pgvector, state: "none", origin: nil, position: nil, lag: nil, rows: 0, refused: 0, tombstones: 0, partitions: 0,
                lists: 0, bytes: 0, words: nil, memory: nil, recall: nil, drift: nil, replicas: replicas)
            return
        }
        let (statistics, words, lag, memory, drift) = (mirror.statistics, mirror.wordStatistics, mirror.lag, mirror.memory, mirror.drift)
        self.init(
            backend: .memory, state: mirror.phase == .following ? "following" : "loading", origin: mirror.origin,
            position: mirror.position?.description, lag: .init(changes: lag.changes, seconds: lag.seconds.roundedToMicroseconds),
            rows: statistics.rows, refused: mirror.refusedRows, tombstones: statistics.tombstones, partitions: statistics.partitions,
            lists: statistics.lists, bytes: statistics.bytes, words: .init(rows: words.documents, bytes: words.bytes),
            memory: .init(
                budget: memory.budget, resident: memory.resident, in_files: memory.inFiles, on_disk: memory.onDisk,
                evicted_partitions: memory.evictedPartitions,
                problem: memory.problem?.description),
            recall: mirror.recall,
            drift: .init(
                trained_partitions: drift.trainedPartitions, trainings: drift.trainings, imbalance: drift.imbalance, growth: drift.growth),
            replicas: replicas)
    }
}
