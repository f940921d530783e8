public import Domain
public import Retrieval
public import Storage

/// Assembles the whole context of a call: persona, conversation, knowledge and question, inside a token budget.
///
/// The stable parts come first (the same bytes from turn to turn, for prompt caches), the passages and the question last.
public struct ContextAssembler: Sendable {
    private let database: Database
    private let retriever: Retriever
    private let ledger = TokenLedger()

    public init(database: Database, retriever: Retriever) {
        self.database = database
        self.retriever = retriever
    }

    /// Assembles a context for an assistant, by its id or name, or for another user's public one by its id.
    /// - Parameter write: what the context must know of, as `Retriever.prepare` takes it.
    /// - Throws: `not_found` for an assistant that is not the scope's, `invalid_request` for a member out of range or a budget into
    ///   which persona and question do not fit.
    public func assemble(
        _ request: ContextRequest, assistant reference: String, after write: WriteToken? = nil, scope: Scope
    ) async throws -> AssembledContext {
        try scope.require(.read)
        let start = ContinuousClock.now
        let (question, history) = try Self.split(request)
        let prepared = try await retriever.prepare(
            question, for: try await retriever.owner(of: reference, scope: scope), after: write)
        // One transaction for all that is read: fewer round trips, and one connection held once.
        let reach = request.neighbors ?? ContextRequest.defaultNeighbors
        guard Selection.validNeighbors.contains(reach) else {
            throw Problem.invalid("neighbors", "neighbors is \(reach); it must be between 0 and \(Selection.validNeighbors.upperBound).")
        }
        let (assistant, persona, loading, found, neighbors) = try await database.read(scope) { transaction in
            let opened = ContinuousClock.now
            let assistant = try await transaction.usableAssistant(reference)
            let persona = try await transaction.persona(of: assistant)
            let loading = ContinuousClock.now - opened
            let found = try await retriever.search(prepared, try Self.retrieval(request, assistant), assistant: assistant, in: transaction)
            let neighbors =
                reach == 0 ? Neighbors() : try await retriever.neighbors(of: found.passages, reach: reach, assistant, in: transaction)
            return (assistant, persona, loading, found, neighbors)
        }
        let retrieved = ContinuousClock.now
        var plan = try ContextPlan(
            system: Self.systemPrompt(persona, assistant), question: question, budget: try Self.budget(request, assistant), ledger: ledger)
        plan.addHistory(history)
        plan.addPassages(found.passages, neighbors: neighbors, reach: reach)
        let end = ContinuousClock.now
        return AssembledContext(
            assistant: assistant, persona: persona, messages: plan.messages, citations: plan.citations,
            tokens: plan.report(reserve: request.reserveTokens ?? 0),
            timings: [("load", loading)].map(Self.timing) + found.timings.map { ($0.name, $0.milliseconds) }
                + [("assemble", end - retrieved), ("total", end - start)].map(Self.timing),
            retrieval: RetrievalReport(
                backend: found.backend, arms: found.arms, degraded: found.problem?.code, exact: found.exact, probes: found.probes,
                scanned: found.scanned, matched: found.matched,
                leftOut: plan.leftOut(of: found.passages)))
    }

    private static func timing(_ name: String, _ duration: Duration) -> (stage: String, milliseconds: Double) {
        (name, duration / .milliseconds(1))
    }

    /// The question and what was said before it.
    private static func split(_ request: ContextRequest) throws(Problem) -> (question: String, history: [Message]) {
        guard request.messages.allSatisfy({ $0.role != .system }) else {
            throw Problem.invalid(
                "messages", "The conversation holds a system message; the system prompt comes from the assistant's persona.",
                remedy: "Leave system messages out, or put their text into the assistant's custom_system_prompt.")
        }
        if let query = request.query { return (query, request.messages) }
        guard let last = request.messages.last, last.role == .user else {
            throw Problem.invalid(
                "query", "There is neither a query nor a last message of the user.",
                remedy: "Send \"query\", or \"messages\" that end with a user message.")
        }
        return (last.content, request.messages.dropLast())
    }

    private static func budget(_ request: ContextRequest, _ assistant: Assistant) throws(Problem) -> Int {
        let budget = request.maxTokens ?? assistant.settings.maxTokens ?? ContextRequest.defaultMaxTokens
        guard ContextRequest.validMaxTokens.contains(budget) else {
            throw Problem.invalid("max_tokens", "max_tokens is \(budget); it must be between 64 and 2000000.")
        }
        if let reserve = request.reserveTokens, !(0...ContextRequest.validMaxTokens.upperBound).contains(reserve) {
            throw Problem.invalid("reserve_tokens", "reserve_tokens is \(reserve); it must be between 0 and 2000000.")
        }
        return budget
    }

    private static func retrieval(
        _ request: ContextRequest, _ assistant: Assistant
    ) throws(Problem) -> RetrievalQuery {
        let k = request.k ?? assistant.settings.k ?? ContextRequest.defaultK
        guard ContextRequest.validK.contains(k) else {
            throw Problem.invalid("k", "k is \(k); it must be between 1 and 100.")
        }
        // A setting from the time when it was a cosine may be below 0.
        let usual = assistant.settings.threshold.map { max(0, $0) }
        var query = RetrievalQuery(k: k, filter: request.filter, threshold: request.threshold ?? usual)
        query.selection.diversity = request.diversity ?? 0
        return query
    }

    private static func systemPrompt(_ persona: Persona, _ assistant: Assistant) -> String {
        [persona.systemPrompt, assistant.customSystemPrompt ?? ""].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
}
