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

    /// Takes the passages in order of score, each that still fits; one that does not is passed over for a smaller one behind it. Those that follow each
    /// other in a file become one. What room is left is given to the passages around them, the best one's first.
    /// - Parameter neighbors: passages around them; `reach` of them on either side of each are taken.
    mutating func addPassages(_ passages: [ScoredPassage], neighbors: Neighbors = Neighbors(), reach: Int = 0) {
        let fixed = TokenLedger.perList + ledger.cost(system) + historyCost
        var expected = fixed + ledger.count(KnowledgeBlock.frame) + ledger.count(question) + 2 * TokenLedger.perMessage
        for passage in passages {
            let cost = ledger.count(KnowledgeBlock.entry(number: chosen.count + 1, passage.passage)) + 1
            guard expected + cost <= budget else { continue }
            chosen.append(passage)
            expected += cost
        }
        chosen = ScoredPassage.joiningAdjacent(chosen)
        // The parts were counted one by one; the whole decides.
        while !chosen.isEmpty, fixed + turnCost(chosen) > budget { chosen.removeLast() }
        guard reach > 0 else { return }
        let extended = extended(by: reach, neighbors, room: budget - fixed - turnCost(chosen))
        if fixed + turnCost(extended) <= budget { chosen = extended }
    }

    private func turnCost(_ passages: [ScoredPassage]) -> Int {
        ledger.cost(Self.turn(passages, question))
    }

    private func extended(by reach: Int, _ neighbors: Neighbors, room: Int) -> [ScoredPassage] {
        var (neighbors, room) = (neighbors, room)
        let extended = chosen.enumerated().map { place, passage in
            neighbors.extending(passage, by: reach) { shorter, longer in
                let cost = entryCost(place, longer) - entryCost(place, shorter)
                guard cost <= room else { return false }
                room -= cost
                return true
            }
        }
        return ScoredPassage.joiningAdjacent(extended)
    }

    private func entryCost(_ place: Int, _ passage: ScoredPassage) -> Int {
        ledger.count(KnowledgeBlock.entry(number: place + 1, passage.passage))
    }

    /// How many of some passages are in none of the chosen ones.
    func leftOut(of passages: [ScoredPassage]) -> Int {
        let chunks = Set(chosen.flatMap(\.chunks))
        return passages.count { !chunks.contains($0.passage.id) }
    }

    /// System prompt, conversation, then passages and question as the user's turn.
    var messages: [Message] {
        [system] + history + [Self.turn(chosen, question)]
    }

    var citations: [Citation] {
        chosen.enumerated().map { Citation(number: $0 + 1, $1) }
    }

    func report(reserve: Int) -> TokenReport {
        let turn = turnCost(chosen)
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
            charStart: passage.charStart, charEnd: passage.charEnd, score: scored.score, chunkID: passage.id, chunks: scored.chunks,
            duplicates: scored.duplicates, fileID: passage.fileID)
    }
}
