public import Domain
public import Embeddings
import Foundation
public import Storage
import RowFilters

/// A question with its vectors; made by ``Retriever/prepare(_:for:after:)``.
public struct PreparedQuestion: Sendable {
    public let text: String
    /// Whose use of the model it is.
    let owner: UsageOwner
    /// Whose vector it is.
    var model: String
    /// Nil when the model had none to give: then words alone are looked for.
    var vector: QueryVector?
    /// Why there is no vector.
    var problem: Problem?
    /// Whether the indexes can answer; else the database does.
    let usesIndex: Bool
    let timings: [RetrievalResult.Stage]
}

/// How much is wanted, and of what.
public struct RetrievalQuery: Sendable {
    /// Passages wanted, 1 to 1,000.
    public var k: Int
    public var filter: Filter?
    /// Passages with a lower score are left out, 0 to 1.
    public var threshold: Double?
    public var ranking: Ranking
    /// Whether every vector is compared, so that what the index misses can be told.
    public var isExact = false
    /// A conversation with the assistant, whose attachments are searched as well.
    public var conversation: UUID?
    /// What becomes of ranked passages before they are the answer.
    public var selection = Selection()

    public init(k: Int, filter: Filter? = nil, threshold: Double? = nil, conversation: UUID? = nil, ranking: Ranking = .fusion) {
        self.k = k
        self.filter = filter
        self.threshold = threshold
        self.conversation = conversation
        self.ranking = ranking
    }
}

/// Where vectors are compared.
public enum RetrievalBackend: String, Sendable, Codable, CaseIterable {
    /// In the index of this process, which follows the database.
    case memory
    /// In PostgreSQL, by pgvector: slower, always as the table stands.
    case pgvector
}

/// A passage and how well it answers.
public struct ScoredPassage: Sendable {
    /// Of several that were joined: their text, under the id of the best of them.
    public var passage: Passage
    /// 0…1: how much of what a passage could offer for the question this one does. 1 is a passage that has all of the question's words that are
    /// known at all, each as often as counts, and its meaning; a passage with neither has 0.
    public var score: Float
    /// The passages that were joined into this one, in the order of the text; usually itself alone.
    public var chunks: [ChunkID]
    /// Passages left out of the answer because this one says what they say.
    public var duplicates: [ChunkID] = []
    /// The place of the last of ``chunks`` in the file.
    var lastOrdinal: Int?

    public init(passage: Passage, score: Float) {
        self.passage = passage
        self.score = score
        chunks = [passage.id]
        lastOrdinal = passage.ordinal
    }
}

/// What a question was compared by.
public enum SearchArm: String, Sendable, Codable {
    case dense, lexical
}

/// The answer to a query, best passage first, with what the index did for it and how long each stage took.
public struct RetrievalResult: Sendable {
    public var passages: [ScoredPassage]
    /// Who found them: the index in memory, or the database itself.
    public var backend: RetrievalBackend
    /// What was searched: vectors, words, or both.
    public var arms: [SearchArm]
    /// Why vectors were not searched although they were wanted.
    public var problem: Problem?
    /// Of the search by vectors.
    public var exact: Bool
    public var probes: Int
    public var scanned: Int
    public var matched: Int
    public var timings: [Stage]

    /// One stage of the work.
    public struct Stage: Sendable {
        public let name: String
        public let milliseconds: Double
    }
}

/// Finds the passages of one assistant that answer a text.
///
/// The index proposes, the database disposes: each hit is joined to its live row under the caller's row-level security before it
/// leaves, so a stale index can miss a row but never show a deleted or foreign one. While the index loads, and where there is none, the database
/// compares the vectors itself.
public struct Retriever: Sendable {
    /// Longest query text, in bytes of UTF-8.
    public static let longestQuery = 32_768
    /// Range of ``RetrievalQuery/k``.
    public static let validK = 1...1_000

    private let database: Database
    private let mirror: KnowledgeMirror?
    private let embedder: EmbedderInUse
    private let usage: UsageRecorder
    private let remembered: QueryVectorCache

    /// Questions whose vectors are remembered: some 24 MB.
    private static let rememberedQuestions = 2_000

    /// How long a question waits for the index to see a write.
    private static let patience = Duration.seconds(2)
    /// Of how many times the wanted passages a diverse answer is chosen.
    private static let poolOfDiversity = 4
    /// Passages that the database is asked for beyond the wanted ones.
    private static let leastSpare = 10
    /// More files than these that a filter names are looked for by SQL.
    private static let mostFilteredFiles = 200

    /// - Parameters:
    ///   - mirror: nil where vectors are compared in the database alone.
    ///   - usage: takes down each call of the embedder.
    ///   - shared: where the vectors of questions are shared with other servers; nil where each remembers for itself.
    public init(
        database: Database, mirror: KnowledgeMirror?, embedder: EmbedderInUse, usage: UsageRecorder, shared: SharedVectors? = nil
    ) {
        self.database = database
        self.mirror = mirror
        self.embedder = embedder
        self.usage = usage
        remembered = QueryVectorCache(capacity: Self.rememberedQuestions, shared: shared)
    }

    /// Where the vectors of questions came from.
    public var questionStatistics: QuestionStatistics { remembered.statistics }

    /// Embeds a question. It needs no database, so it is done before a transaction is opened: a remote model may be slow. When the model has
    /// no vector to give, words alone are looked for, as long as the index of words can answer.
    /// - Parameters:
    ///   - write: what the answer must know of. The index is waited for a while; then the database answers itself.
    ///   - ranking: by which it will be searched. For words alone no model is asked while the index can answer.
    /// - Throws: `invalid_request` for an empty or overlong text, `unavailable` or `bad_gateway` when there is neither vector nor index.
    @concurrent
    public func prepare(
        _ text: String, for owner: UsageOwner, after write: WriteToken? = nil, ranking: Ranking = .fusion
    ) async throws -> PreparedQuestion {
        try Self.checkText(text)
        var watch = Stopwatch()
        let usesIndex = await isReady(after: write)
        if write != nil { watch.lap("wait") }
        let embedder = embedder.current
        var vector: QueryVector?
        var problem: Problem?
        if ranking != .lexical || !usesIndex {
            (vector, problem) = try await embed(text, by: embedder, for: owner)
            watch.lap("embed")
        }
        if let problem, !usesIndex { throw problem }
        return PreparedQuestion(
            text: text, owner: owner, model: embedder.model.id, vector: vector, problem: problem, usesIndex: usesIndex,
            timings: watch.stages)
    }

    /// A question's vector, or why there is none.
    private func embed(
        _ text: String, by embedder: any EmbeddingProvider, for owner: UsageOwner
    ) async throws -> (vector: QueryVector?, problem: Problem?) {
        do {
            return (try await vector(of: text, by: embedder, for: owner), nil)
        } catch let error as EmbeddingError {
            return (nil, Problem(error))
        }
    }

    /// The question as the knowledge's model has it: where that has become another one since it was embedded, it is embedded again. That is
    /// so seldom, and so soon over, that it may be done inside a transaction.
    private func current(_ question: PreparedQuestion, in transaction: Transaction) async throws -> PreparedQuestion {
        guard let model = try await transaction.embeddingModel(), model != question.model else { return question }
        var question = question
        question.model = model
        (question.vector, question.problem) = try await embed(
            question.text, by: await embedder.follow(model).provider, for: question.owner)
        return question
    }

    private func vector(of text: String, by embedder: any EmbeddingProvider, for owner: UsageOwner) async throws -> QueryVector {
        let text = QuestionKey.normalized(text)
        let key = QuestionKey(text, embedder.model)
        if let vector = await remembered.vector(of: key, dimensions: embedder.model.dimensions) { return vector }
        let charge = embedder.charge(for: [text])
        let call = UsageRecord(owner, apiName: "embeddings", model: embedder.model.id, tokens: charge.tokens, cost: charge.cost)
        let vector = try await usage.measure(call) { call in
            let vector = try await embedder.queryVector(text)
            if let tokens = vector.tokens { (call.tokens, call.cost) = (tokens, embedder.cost(of: tokens)) }
            return vector
        }
        remembered.remember(vector, of: key)
        return vector
    }

    private func isReady(after write: WriteToken?) async -> Bool {
        guard let mirror, mirror.phase == .following else { return false }
        guard let write else { return true }
        return await mirror.waitUntilIncluded(write, atMost: Self.patience)
    }

    /// Whose use it is when a question is put to an assistant. A key bound to assistants is refused here: it uses no model in the name of
    /// another assistant of its user.
    public func owner(of reference: String, scope: Scope) async throws -> UsageOwner {
        if scope.assistants != nil { _ = try await database.read(scope) { try await $0.usableAssistant(reference) } }
        return UsageOwner(try scope.userID, named: reference)
    }

    /// Searches the assistant's passages in the transaction that found the assistant.
    /// - Throws: `invalid_request` for a query out of range, `not_found` for an assistant that is not the scope's.
    @concurrent
    public func search(
        _ question: PreparedQuestion, _ query: RetrievalQuery, assistant: Assistant, in transaction: Transaction
    ) async throws -> RetrievalResult {
        try transaction.scope.require(.read)
        try Self.check(query)
        var watch = Stopwatch()
        if let conversation = query.conversation {
            guard try await transaction.assistant(ofConversation: conversation) == assistant.id else {
                throw Problem.notFound("conversation", conversation.uuidString.lowercased())
            }
        }
        let partitions = try IndexPartitions(of: assistant, conversation: query.conversation, scope: transaction.scope)
        var question = question
        var inMemory: Finding?
        if question.usesIndex, let mirror {
            inMemory = try await find(query, question, partitions, transaction, in: mirror)
            if inMemory == nil {
                question = try await current(question, in: transaction)
                inMemory = try await find(query, question, partitions, transaction, in: mirror)
            }
        }
        let found = if let inMemory { inMemory } else { try await findInDatabase(query, question, partitions, transaction) }
        watch.lap("search")
        return RetrievalResult(
            passages: found.passages, backend: inMemory == nil ? .pgvector : .memory, arms: found.arms,
            problem: query.ranking == .lexical ? nil : question.problem, exact: found.exact, probes: found.probes,
            scanned: found.scanned, matched: found.matched, timings: question.timings + watch.stages)
    }

    /// Searches the passages of the assistant with this id or name, in a transaction of its own.
    /// - Throws: as ``prepare(_:for:after:)`` and ``search(_:_:assistant:in:)``.
    public func search(
        _ text: String, _ query: RetrievalQuery, assistant reference: String, after write: WriteToken? = nil, scope: Scope
    ) async throws -> RetrievalResult {
        try scope.require(.read)
        let question = try await prepare(
            text, for: try await owner(of: reference, scope: scope), after: write, ranking: query.ranking)
        return try await database.read(scope) { transaction in
            try await search(question, query, assistant: try await transaction.usableAssistant(reference), in: transaction)
        }
    }

    private static func checkText(_ text: String) throws(Problem) {
        guard text.utf8.count <= longestQuery else {
            throw Problem.invalid(
                "query", "The query has \(text.utf8.count) bytes; the limit is \(longestQuery).",
                remedy: "Send the question alone; long material belongs into a file.")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw Problem.invalid("query", "The query is empty.", remedy: "Send the question as text.")
        }
    }

    private static func check(_ query: RetrievalQuery) throws(Problem) {
        let selection = query.selection
        guard (0...1).contains(selection.diversity) else {
            throw Problem.invalid("diversity", "The diversity is \(selection.diversity); it must be between 0 and 1.")
        }
        guard Selection.validNeighbors.contains(selection.neighbors) else {
            throw Problem.invalid("neighbors", "neighbors is \(selection.neighbors); it must be between 0 and 5.")
        }
        guard validK.contains(query.k) else {
            throw Problem.invalid("k", "k is \(query.k); it must be between \(validK.lowerBound) and \(validK.upperBound).")
        }
        if let threshold = query.threshold, !(0...1).contains(threshold) {
            throw Problem.invalid("threshold", "The threshold is \(threshold); it must be between 0 and 1.")
        }
        if let filter = query.filter, filter.conditionCount > Filter.maximumConditions {
            throw Problem.invalid("filters", "The filter has more than \(Filter.maximumConditions) conditions.")
        }
    }

    /// - Returns: nil when the indexes began to load anew meanwhile, or hold vectors of another model than the question's.
    private func find(
        _ query: RetrievalQuery, _ question: PreparedQuestion, _ partitions: IndexPartitions, _ transaction: Transaction,
        in mirror: KnowledgeMirror
    ) async throws -> Finding? {
        var search = HybridSearch(
            text: question.text, vector: query.ranking == .lexical ? nil : question.vector, of: question.model,
            partitions: partitions.keys, ranking: query.ranking, wanted: query.k)
        search.isExact = query.isExact
        if let filter = query.filter { try await restrict(&search, to: filter, partitions, transaction) }
        while true {
            guard let answer = try search.run(in: mirror) else { return nil }
            let ranked = answer.ranked.filter { Double($0.score) >= query.threshold ?? 0 }
            let chosen = try await choose(ranked, query, partitions, transaction) { ids in
                mirror.ready?.vectors.vectors(of: ids, in: partitions.keys) ?? [:]
            }
            // Rows deleted since the indexes last looked leave a gap, and so do duplicates; as many more are looked for.
            if chosen.count < query.k, chosen.count < ranked.count, ranked.count == answer.ranked.count, answer.hasMore,
                search.pool < HybridSearch.largestPool
            {
                search.pool = min(search.pool * 2, HybridSearch.largestPool)
                continue
            }
            return Finding(
                passages: try await complete(chosen, query, partitions, transaction), arms: answer.arms, exact: answer.exact,
                probes: answer.probes, scanned: answer.scanned, matched: answer.matched)
        }
    }

    /// Takes as many ranked passages as are wanted, of those that still exist and that say something new.
    private func choose(
        _ ranked: [(id: UUID, score: Float)], _ query: RetrievalQuery, _ partitions: IndexPartitions, _ transaction: Transaction,
        vectors: ([UUID]) async throws -> [UUID: [Float]]
    ) async throws -> [ScoredPassage] {
        var ranked = ranked
        var known: [UUID: [Float]] = [:]
        if query.selection.diversity > 0 {
            let pool = min(ranked.count, Self.poolOfDiversity * query.k)
            known = try await vectors(ranked.prefix(pool).map(\.id))
            let relevance = MarginalRelevance(diversity: Float(query.selection.diversity), vectors: known)
            ranked = relevance.ordered(Array(ranked.prefix(pool)), first: query.k) + ranked.dropFirst(pool)
        }
        var folding = DuplicateFolding()
        var read = 0
        while folding.kept.count < query.k, read < ranked.count {
            let part = ranked[read..<min(read + query.k - folding.kept.count, ranked.count)]
            let live = try await hydrate(part.map { (ChunkID(rawValue: $0.id), $0.score) }, query, partitions, transaction)
            read = part.endIndex
            if query.selection.foldsDuplicates {
                let missing = live.map(\.passage.id.rawValue).filter { known[$0] == nil }
                known.merge(try await vectors(missing), uniquingKeysWith: { first, _ in first })
                for passage in live { folding.add(passage, vectors: known) }
            } else {
                folding.keep(live)
            }
        }
        return folding.kept
    }

    /// Joins passages to others of their files, as the query wants it.
    private func complete(
        _ passages: [ScoredPassage], _ query: RetrievalQuery, _ partitions: IndexPartitions, _ transaction: Transaction
    ) async throws -> [ScoredPassage] {
        let reach = query.selection.neighbors
        guard reach > 0 else { return query.selection.joinsAdjacent ? ScoredPassage.joiningAdjacent(passages) : passages }
        var neighbors = try await neighbors(of: passages, reach: reach, partitions.source, transaction)
        let extended = ScoredPassage.joiningAdjacent(passages).map { neighbors.extending($0, by: reach) { _, _ in true } }
        return ScoredPassage.joiningAdjacent(extended)
    }

    /// The passages around some, in their files, without those themselves.
    /// - Parameter reach: how many before and after each.
    public func neighbors(
        of passages: [ScoredPassage], reach: Int, _ assistant: Assistant, conversation: UUID? = nil, in transaction: Transaction
    ) async throws -> Neighbors {
        let partitions = try IndexPartitions(of: assistant, conversation: conversation, scope: transaction.scope)
        return try await neighbors(of: passages, reach: reach, partitions.source, transaction)
    }

    private func neighbors(
        of passages: [ScoredPassage], reach: Int, _ source: KnowledgeSource, _ transaction: Transaction
    ) async throws -> Neighbors {
        let places = Neighbors.places(around: passages, reach: reach)
        return Neighbors(places.isEmpty ? [] : try await transaction.passages(at: places, source))
    }

    /// Filters by what the indexes know of their rows; by the ids that SQL finds, where a filter's files are very many.
    private func restrict(
        _ search: inout HybridSearch, to filter: Filter, _ partitions: IndexPartitions, _ transaction: Transaction
    ) async throws {
        let names = filter.fileNames
        let files = try await transaction.files(called: names, partitions.source)
        if names.reduce(0, { $0 + (files[Array($1.utf8)]?.count ?? 0) }) <= Self.mostFilteredFiles {
            search.filter = try RowFilter(filter, files: files)
        } else {
            search.allowed = Set(try await transaction.matchingChunks(filter, partitions.source).map(\.rawValue))
        }
    }

    /// By the vectors alone.
    private func findInDatabase(
        _ query: RetrievalQuery, _ question: PreparedQuestion, _ partitions: IndexPartitions, _ transaction: Transaction
    ) async throws -> Finding {
        guard let vector = question.vector else {
            throw question.problem ?? Problem(.unavailable, code: "index_loading", "The index is still loading.")
        }
        // Some more than wanted, in place of duplicates.
        let pool = query.k + max(Self.leastSpare, query.selection.diversity > 0 ? (Self.poolOfDiversity - 1) * query.k : 0)
        let (hits, matched) = try await transaction.nearestPassages(
            to: vector.alone, of: question.model, k: pool, partitions.source, query.filter)
        // Rows that are another model's by now were not compared.
        let latest = try await current(question, in: transaction)
        guard latest.model == question.model else { return try await findInDatabase(query, latest, partitions, transaction) }
        let scored = hits.map { (id: $0.id.rawValue, score: max(0, $0.score)) }.filter { Double($0.score) >= query.threshold ?? 0 }
        let chosen = try await choose(scored, query, partitions, transaction) { ids in
            let vectors = try await transaction.vectors(of: ids.map(ChunkID.init(rawValue:)), partitions.source)
            return Dictionary(vectors.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        let passages = try await complete(chosen, query, partitions, transaction)
        return Finding(passages: passages, arms: [.dense], exact: true, probes: 0, scanned: matched, matched: matched)
    }

    private func hydrate(
        _ hits: [(id: ChunkID, score: Float)], _ query: RetrievalQuery, _ partitions: IndexPartitions, _ transaction: Transaction
    ) async throws -> [ScoredPassage] {
        guard !hits.isEmpty else { return [] }
        let rows = try await transaction.passages(hits.map(\.id), partitions.source, query.filter)
        let byID = Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return hits.compactMap { hit in byID[hit.id].map { ScoredPassage(passage: $0, score: hit.score) } }
    }
}

/// Passages with what was done to find them.
private struct Finding {
    let passages: [ScoredPassage]
    let arms: [SearchArm]
    let exact: Bool
    let probes: Int
    let scanned: Int
    let matched: Int
}

/// The partitions of the index one scope may search for one assistant. No search happens without, and only a scope opens it.
struct IndexPartitions: Sendable {
    let source: KnowledgeSource
    let keys: [UUID]

    /// - Parameters:
    ///   - assistant: one of the scope's, or another user's public one, whose own knowledge is searched only when it is shared.
    ///   - conversation: one that was found to be the scope's.
    init(of assistant: Assistant, conversation: UUID?, scope: Scope) throws(Problem) {
        let isOwn = try scope.userID == assistant.userID
        guard isOwn ? scope.admits(assistant.id) : (assistant.isPublic && assistant.isActive && scope.assistants == nil) else {
            throw Problem.notFound("assistant", assistant.name)
        }
        source = KnowledgeSource(
            owner: assistant.userID, assistant: assistant.id, conversation: isOwn ? conversation : nil,
            isShared: assistant.settings.usesSharedKnowledge ?? false)
        let searchesItsOwn = isOwn || assistant.settings.sharesKnowledge == true
        keys =
            (searchesItsOwn ? [assistant.id.rawValue] : []) + (source.conversation.map { [$0] } ?? [])
            + (source.isShared ? [UserID.system.rawValue] : [])
    }
}

/// Times the stages of one request.
struct Stopwatch {
    private(set) var stages: [RetrievalResult.Stage] = []
    private var last = ContinuousClock.now

    mutating func lap(_ name: String) {
        let now = ContinuousClock.now
        let elapsed = (now - last) / .milliseconds(1)
        stages.append(.init(name: name, milliseconds: elapsed))
        last = now
    }
}
