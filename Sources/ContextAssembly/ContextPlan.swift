import Domain
import Retrieval

/// Fits the parts of a context into its budget, the most important first: persona and question, then conversation, then passages.
struct ContextPlan {
    private let system: Message
    private let question: String
    private let budget: Int
    private let ledger: TokenLedger
    private let baseCost: Int
    private var history: [Message] = []
    private var historyCost = 0
    private var chosen: [ScoredPassage] = []

    /// - Throws: `invalid_request` when persona and question alone are over the budget.
    init(system prompt: String, question: String, budget: Int, ledger: TokenLedger) throws(Problem) {
        system = Message(role: .system, content: prompt)
        self.question = question
        self.budget = budget
        self.ledger = ledger
        let bare = Self.turn([], question)
        baseCost = TokenLedger.perList + ledger.cost(system) + ledger.cost(bare)
        guard baseCost <= budget else {
            throw Problem.invalid(
                "max_tokens", "The persona and the question need \(baseCost) tokens; max_tokens is \(budget).",
                remedy: "Raise max_tokens to at least \(baseCost), or shorten the question or the system prompt.")
        }
    }

    /// Takes the newest messages, whole exchanges at a time, into at most half of what is free, so that passages keep room.
    mutating func addHistory(_ messages: [Message]) {
        let ceiling = (budget - baseCost) / 2
        for exchange in Self.exchanges(messages).reversed() {
            let cost = exchange.reduce(0) { $0 + ledger.cost($1) }
            guard historyCost + cost <= ceiling else { return }
            history.insert(contentsOf: exchange, at: 0)
            historyCost += cost
        }
    }

    /// Takes the passages in order of score, each that still fits; one that does not is passed over for a smaller one behind it.
    mutating func addPassages(_ passages: [ScoredPassage]) {
        let fixed = TokenLedger.perList + ledger.cost(system) + historyCost
        var expected = fixed + ledger.count(KnowledgeBlock.frame) + ledger.count(question) + 2 * TokenLedger.perMessage
        for passage in passages {
            let cost = ledger.count(KnowledgeBlock.entry(number: chosen.count + 1, passage.passage)) + 1
            guard expected + cost <= budget else { continue }
            chosen.append(passage)
            expected += cost
        }
        // The parts were counted one by one; the whole decides.
        while !chosen.isEmpty, fixed + ledger.cost(Self.turn(chosen, question)) > budget {
            chosen.removeLast()
        }
    }

    /// System prompt, conversation, then passages and question as the user's turn.
    var messages: [Message] {
        [system] + history + [Self.turn(chosen, question)]
    }

    var citations: [Citation] {
        chosen.enumerated().map { Citation(number: $0 + 1, $1) }
    }

    func report(reserve: Int) -> TokenReport {
        let turn = ledger.cost(Self.turn(chosen, question))
        let asked = ledger.count(question) + TokenLedger.perMessage
        let systemCost = ledger.cost(system) + TokenLedger.perList
        return TokenReport(
            total: systemCost + historyCost + turn, budget: budget, reserve: reserve, system: systemCost, history: historyCost,
            knowledge: turn - asked, query: asked)
    }

    private static func turn(_ passages: [ScoredPassage], _ question: String) -> Message {
        Message(role: .user, content: "\(KnowledgeBlock(passages).text)\n\nQuestion: \(question)")
    }

    /// The conversation in pieces that begin with a user's message.
    private static func exchanges(_ messages: [Message]) -> [[Message]] {
        messages.reduce(into: []) { pieces, message in
            if message.role == .user || pieces.isEmpty {
                pieces.append([message])
            } else {
                pieces[pieces.count - 1].append(message)
            }
        }
    }
}

extension Citation {
    fileprivate init(number: Int, _ scored: ScoredPassage) {
        let passage = scored.passage
        self.init(
            number: number, file: passage.fileName, title: passage.title, headingPath: passage.headingPath, page: passage.pageFrom,
            charStart: passage.charStart, charEnd: passage.charEnd, score: scored.score, chunkID: passage.id, fileID: passage.fileID)
    }
}
