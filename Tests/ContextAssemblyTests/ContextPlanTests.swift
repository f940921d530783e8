import Domain
import Testing

@testable import ContextAssembly
@testable import Retrieval

@Suite("The plan of a context")
struct ContextPlanTests {
    private let ledger = TokenLedger()

    private func recount(_ messages: [Message]) -> Int {
        messages.reduce(TokenLedger.perList) { $0 + ledger.cost($1) }
    }

    @Test("The total never exceeds the budget, is the sum of its parts, and equals a recount", arguments: 0..<8)
    func budgets(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<12 {
            let system = randomText(words: .random(in: 0...60, using: &generator), &generator)
            let question = randomText(words: .random(in: 1...40, using: &generator), &generator)
            let budget = Int.random(in: 64...1_500, using: &generator)
            var plan: ContextPlan
            do {
                plan = try ContextPlan(system: system, question: question, budget: budget, ledger: ledger)
            } catch {
                try confirmRefusal(error, system: system, question: question, budget: budget)
                continue
            }
            plan.addHistory(
                (0..<Int.random(in: 0...8, using: &generator)).map { index in
                    Message(role: index.isMultiple(of: 2) ? .user : .assistant, content: randomText(words: index * 3, &generator))
                })
            let offered = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                passage(randomText(words: .random(in: 1...120, using: &generator), &generator))
            }
            plan.addPassages(offered)
            check(plan, budget: budget)
        }
    }

    @Test(
        "Room that is left goes to the passages around the chosen ones, and never more than there is",
        arguments: [200, 300, 400, 600, 2_000])
    func neighbors(budget: Int) throws {
        let file = FileID()
        let parts = (0..<9).map { place in
            passage("Part \(place) of the handbook tells what the rules of this house are.", fileID: file, ordinal: place, at: place * 100)
        }
        var plan = try ContextPlan(system: "", question: "What are the rules?", budget: budget, ledger: ledger)
        plan.addPassages([parts[4], parts[7], parts[0]], neighbors: Neighbors(parts.map(\.passage)), reach: 1)
        check(plan, budget: budget)
        #expect(plan.leftOut(of: [parts[4], parts[7], parts[0]]) == 0)
        let chunks = plan.citations.map(\.chunks)
        #expect(Set(chunks.joined()).count == chunks.joined().count, "no passage stands in the context twice")
        let text = try #require(plan.messages.last).content
        let shown = (0..<9).count { text.contains("Part \($0) ") }
        #expect(shown == chunks.joined().count)
        if budget == 2_000 {
            // 3 to 5 and 6 to 8 follow each other; 0 has only 1 behind it.
            #expect(chunks == [parts[3...8].map(\.passage.id), parts[0...1].map(\.passage.id)])
        }
    }

    private func check(_ plan: ContextPlan, budget: Int) {
        let report = plan.report(reserve: 17)
        #expect(report.total <= budget)
        #expect(report.budget == budget)
        #expect(report.reserve == 17)
        #expect(report.total == report.system + report.history + report.knowledge + report.query)
        #expect(report.total == recount(plan.messages))
        #expect(min(report.system, report.knowledge, report.query) > 0)
        #expect(report.history >= 0)
        #expect(plan.citations.map(\.number) == Array(1..<(plan.citations.count + 1)))
    }

    /// The refusal names the tokens that are needed, and with exactly those it works.
    private func confirmRefusal(_ problem: Problem, system: String, question: String, budget: Int) throws {
        #expect(problem.kind == .invalidRequest)
        #expect(problem.parameter == "max_tokens")
        let numbers = problem.detail.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
        let needed = try #require(numbers.first)
        #expect(needed > budget)
        let plan = try ContextPlan(system: system, question: question, budget: needed, ledger: ledger)
        #expect(recount(plan.messages) == needed)
        #expect(throws: Problem.self) { try ContextPlan(system: system, question: question, budget: needed - 1, ledger: ledger) }
    }

    @Test("The system prompt comes first, the question last")
    func order() throws {
        var plan = try ContextPlan(system: "Persona.", question: "Why?", budget: 4_000, ledger: ledger)
        plan.addHistory([Message(role: .user, content: "Hello"), Message(role: .assistant, content: "Good day")])
        plan.addPassages([passage("Because.")])
        #expect(plan.messages.map(\.role) == [.system, .user, .assistant, .user])
        #expect(plan.messages.first?.content == "Persona.")
        #expect(plan.messages.last?.content.hasSuffix("\n\nQuestion: Why?") == true)
    }

    @Test("Without a passage the text says that nothing was found")
    func nothingFound() throws {
        let plan = try ContextPlan(system: "", question: "Why?", budget: 4_000, ledger: ledger)
        #expect(plan.messages.last?.content.hasPrefix("No passage was found") == true)
        #expect(plan.citations.isEmpty)
    }

    @Test("History keeps whole exchanges, newest first, until one does not fit")
    func history() throws {
        let long = String(repeating: "much was said ", count: 400)
        let exchanges: [[Message]] = [
            [Message(role: .user, content: "first"), Message(role: .assistant, content: "1")],
            [Message(role: .user, content: "second"), Message(role: .assistant, content: long)],
            [Message(role: .user, content: "third"), Message(role: .assistant, content: "3"), Message(role: .tool, content: "t")],
            [Message(role: .user, content: "fourth"), Message(role: .assistant, content: "4")],
        ]
        var plan = try ContextPlan(system: "Persona.", question: "Why?", budget: 600, ledger: ledger)
        plan.addHistory(exchanges.flatMap(\.self))
        // The second does not fit, and what lies before it would be out of context.
        #expect(Array(plan.messages.dropFirst().dropLast()) == exchanges[2] + exchanges[3])
    }

    @Test("A passage that does not fit is passed over for a smaller one; numbers follow what was taken")
    func passages() throws {
        let big = passage(String(repeating: "long text ", count: 2_000), file: "big.md")
        let small = [passage("alpha", file: "one.md"), passage("beta", file: "two.md")]
        var plan = try ContextPlan(system: "", question: "Why?", budget: 300, ledger: ledger)
        plan.addPassages([small[0], big, small[1]])
        #expect(plan.citations.map(\.file) == ["one.md", "two.md"])
        let text = try #require(plan.messages.last?.content)
        #expect(text.contains("[1] one.md\nalpha"))
        #expect(text.contains("[2] two.md\nbeta"))
        #expect(text.contains("big.md") == false)
        #expect(plan.citations.map(\.chunkID) == small.map(\.passage.id))
    }
}
