import ContextAssembly
import Domain
import Foundation
import Hummingbird
import Retrieval

/// `POST /v1/search`: the passages themselves.
struct SearchRoutes: Sendable {
    let retriever: Retriever

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("search", use: search)
    }

    struct SearchBody: Decodable {
        let assistant: String
        let query: String
        let k: Int?
        let filters: Filter?
        let threshold: Double?
        let conversation: UUID?
        let ranking: Ranking?
        let exact: Bool?
        let fold_duplicates: Bool?
        let diversity: Double?
        let join_adjacent: Bool?
        let neighbors: Int?
    }

    @Sendable
    func search(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<SearchAnswer> {
        let scope = try context.scope
        let body = try await request.json(SearchBody.self)
        var query = RetrievalQuery(
            k: body.k ?? 10, filter: body.filters, threshold: body.threshold, conversation: body.conversation,
            ranking: body.ranking ?? .fusion)
        query.isExact = body.exact ?? false
        query.selection.foldsDuplicates = body.fold_duplicates ?? true
        query.selection.diversity = body.diversity ?? 0
        query.selection.joinsAdjacent = body.join_adjacent ?? false
        query.selection.neighbors = body.neighbors ?? 0
        let found = try await retriever.search(
            body.query, query, assistant: body.assistant, after: try request.wantedWrite, scope: scope)
        return JSONResponse(SearchAnswer(found))
    }
}

/// Search results on the wire.
struct SearchAnswer: Encodable, Sendable {
    struct Result: Encodable, Sendable {
        let chunk_id: String
        /// The chunks that were joined into this passage, in the order of the text.
        let chunk_ids: [String]
        /// Chunks left out because this passage says what they say.
        let duplicates: [String]
        @Nullable var file: String?
        @Nullable var file_id: String?
        @Nullable var title: String?
        let heading_path: [String]
        @Nullable var page: Int?
        @Nullable var char_start: Int?
        @Nullable var char_end: Int?
        let content: String
        let tags: [String]
        let score: Double
    }

    let object = "search"
    let results: [Result]
    let backend: RetrievalBackend
    let arms: [SearchArm]
    /// Why vectors were not searched.
    @Nullable var degraded: String?
    let exact: Bool
    let probes: Int
    let scanned: Int
    let matched: Int
    let timings_ms: [String: Double]

    init(_ found: RetrievalResult) {
        results = found.passages.map(Result.init)
        backend = found.backend
        arms = found.arms
        _degraded = Nullable(wrappedValue: found.problem?.code)
        exact = found.exact
        probes = found.probes
        scanned = found.scanned
        matched = found.matched
        timings_ms = .init(found.timings.map { ($0.name, $0.milliseconds.roundedToMicroseconds) }, uniquingKeysWith: +)
    }
}

extension SearchAnswer.Result {
    fileprivate init(_ scored: ScoredPassage) {
        let passage = scored.passage
        chunk_id = passage.id.description
        chunk_ids = scored.chunks.map(\.description)
        duplicates = scored.duplicates.map(\.description)
        _file = Nullable(wrappedValue: passage.fileName)
        _file_id = Nullable(wrappedValue: passage.fileID?.description)
        _title = Nullable(wrappedValue: passage.title)
        heading_path = passage.headingPath
        _page = Nullable(wrappedValue: passage.pageFrom)
        _char_start = Nullable(wrappedValue: passage.charStart)
        _char_end = Nullable(wrappedValue: passage.charEnd)
        content = passage.content
        tags = passage.tags
        score = Double(scored.score).roundedToMillionths
    }
}

extension Double {
    /// Milliseconds to three decimals.
    var roundedToMicroseconds: Double { (self * 1_000).rounded() / 1_000 }
    /// Scores to six decimals: float32 has no more to say.
    var roundedToMillionths: Double { (self * 1_000_000).rounded() / 1_000_000 }
}
