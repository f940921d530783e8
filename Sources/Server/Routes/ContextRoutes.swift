import ContextAssembly
import Domain
import Foundation
import Hummingbird
import Retrieval

/// `POST /v1/context`: the finished context for one call.
struct ContextRoutes: Sendable {
    let assembler: ContextAssembler

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("context", use: assemble)
    }

    struct ContextBody: Decodable {
        let assistant: String
        let query: String?
        let messages: [Message]?
        let max_tokens: Int?
        let reserve_tokens: Int?
        let k: Int?
        let threshold: Double?
        let filters: Filter?
        let diversity: Double?
        let neighbors: Int?
        let format: String?
    }

    @Sendable
    func assemble(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<ContextAnswer> {
        let scope = try context.scope
        let body = try await request.json(ContextBody.self)
        guard body.format ?? "openai" == "openai" else {
            throw Problem.invalid("format", "The format \"\(body.format ?? "")\" is not offered; \"openai\" is.")
        }
        let assembled = try await assembler.assemble(
            ContextRequest(body), assistant: body.assistant, after: try request.wantedWrite, scope: scope)
        return JSONResponse(ContextAnswer(assembled, id: context.requestID))
    }
}

/// A finished context on the wire.
struct ContextAnswer: Encodable, Sendable {
    struct CitationBody: Encodable, Sendable {
        let number: Int
        @Nullable var file: String?
        @Nullable var title: String?
        let heading_path: [String]
        @Nullable var page: Int?
        @Nullable var char_start: Int?
        @Nullable var char_end: Int?
        let score: Double
        let chunk_id: String
        let chunk_ids: [String]
        let duplicates: [String]
        @Nullable var file_id: String?
    }

    struct Tokens: Encodable, Sendable {
        let total: Int
        let budget: Int
        let reserve: Int
        let left: Int
        let system: Int
        let history: Int
        let knowledge: Int
        let query: Int
    }

    struct Search: Encodable, Sendable {
        let backend: RetrievalBackend
        let arms: [SearchArm]
        /// Why vectors were not searched.
        @Nullable var degraded: String?
        let exact: Bool
        let probes: Int
        let scanned: Int
        let matched: Int
        let left_out: Int
    }

    let id: String
    let object = "context"
    let assistant: String
    let persona: String
    let model: String?
    let messages: [Message]
    let citations: [CitationBody]
    let tokens: Tokens
    let search: Search
    let timings_ms: [String: Double]

    init(_ context: AssembledContext, id: String) {
        self.id = "ctx_\(id)"
        assistant = context.assistant.name
        persona = context.persona.slug ?? context.persona.id.description
        model = context.assistant.defaultModel
        messages = context.messages
        citations = context.citations.map(CitationBody.init)
        tokens = Tokens(context.tokens)
        search = Search(
            backend: context.retrieval.backend, arms: context.retrieval.arms,
            degraded: context.retrieval.degraded, exact: context.retrieval.exact, probes: context.retrieval.probes,
            scanned: context.retrieval.scanned, matched: context.retrieval.matched, left_out: context.retrieval.leftOut)
        timings_ms = .init(context.timings.map { ($0.stage, $0.milliseconds.roundedToMicroseconds) }, uniquingKeysWith: +)
    }
}

extension ContextAnswer.CitationBody {
    fileprivate init(_ citation: Citation) {
        number = citation.number
        _file = Nullable(wrappedValue: citation.file)
        _title = Nullable(wrappedValue: citation.title)
        heading_path = citation.headingPath
        _page = Nullable(wrappedValue: citation.page)
        _char_start = Nullable(wrappedValue: citation.charStart)
        _char_end = Nullable(wrappedValue: citation.charEnd)
        score = Double(citation.score).roundedToMillionths
        chunk_id = citation.chunkID.description
        chunk_ids = citation.chunks.map(\.description)
        duplicates = citation.duplicates.map(\.description)
        _file_id = Nullable(wrappedValue: citation.fileID?.description)
    }
}

extension ContextAnswer.Tokens {
    fileprivate init(_ report: TokenReport) {
        total = report.total
        budget = report.budget
        reserve = report.reserve
        left = report.budget - report.total
        system = report.system
        history = report.history
        knowledge = report.knowledge
        query = report.query
    }
}

extension ContextRequest {
    fileprivate init(_ body: ContextRoutes.ContextBody) {
        self.init(
            query: body.query, messages: body.messages ?? [], maxTokens: body.max_tokens, reserveTokens: body.reserve_tokens, k: body.k,
            threshold: body.threshold, filter: body.filters, diversity: body.diversity, neighbors: body.neighbors)
    }
}
