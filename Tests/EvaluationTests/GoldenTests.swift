import Domain
import Foundation
import Testing

@testable import Evaluation

@Suite struct GoldenTests {
    private func golden(_ members: [String: JSONValue]) throws -> GoldenQuestions {
        let usual: [String: JSONValue] = [
            "assistant": .string("handbook"), "threshold": .number(0.2),
            "questions": .array([.object(["ask": .string("When?"), "expect": .string("a.md"), "contains": .string("At NINE")])]),
        ]
        return try GoldenQuestions(.object(usual.merging(members) { $1 }), file: "golden.yaml")
    }

    private func question(_ members: [String: JSONValue]) -> JSONValue {
        .array([.object(members)])
    }

    @Test func aFileIsReadWithItsDefaults() throws {
        let read = try golden([:])
        #expect(read.assistant == "handbook" && read.k == 5 && read.threshold == 0.2)
        #expect(read.leastMet == 1 && read.leastReciprocalRank == nil)
        #expect(read.questions == [.init(text: "When?", files: ["a.md"], texts: ["At NINE"], hasNoAnswer: false)])
        let other = try golden(["k": .integer(9), "minimum": .object(["met": .number(0.5), "mrr": .integer(1)])])
        #expect(other.k == 9 && other.leastMet == 0.5 && other.leastReciprocalRank == 1)
    }

    @Test func whatIsWrongIsNamed() throws {
        let ask = JSONValue.string("When?")
        let cases: [([String: JSONValue], String)] = [
            (["assistant": .null], "assistant"), (["questions": .array([])], "questions"), (["question": ask], "\"question\""),
            (["k": .integer(0)], "k is not"), (["k": .string("5")], "k is not"), (["threshold": .number(1.5)], "threshold"),
            (["minimum": .object(["hit": .integer(1)])], "\"hit\""), (["minimum": .integer(1)], "minimum"),
            (["questions": question(["expect": .string("a.md")])], "Question 1 has no ask"),
            (["questions": question(["ask": ask])], "Question 1 does not say"),
            (["questions": question(["ask": ask, "expects": .string("a.md")])], "\"expects\""),
            (["questions": question(["ask": ask, "expect": .array([])])], "empty list"),
            (["questions": question(["ask": ask, "contains": .integer(45)])], "contains is not a text"),
            (["questions": question(["ask": ask, "nothing": .boolean(false)])], "nothing is true"),
            (["questions": question(["ask": ask, "nothing": .boolean(true), "expect": .string("a.md")])], "nothing and something"),
        ]
        for (members, word) in cases {
            let problem = #expect(throws: Problem.self) { try golden(members) }
            #expect(problem?.detail.contains(word) == true, "\(members): \(problem?.detail ?? "")")
            #expect(problem?.detail.hasPrefix("golden.yaml: ") == true)
        }
        let without: [String: JSONValue] = [
            "assistant": .string("a"), "questions": question(["ask": ask, "nothing": .boolean(true)]),
        ]
        let problem = #expect(throws: Problem.self) { try GoldenQuestions(.object(without), file: "golden.yaml") }
        #expect(problem?.detail.contains("no threshold") == true)
    }

    @Test func questionsAreMetByFileAndTextTogether() throws {
        let read = try golden([
            "minimum": .object(["met": .number(0.6), "mrr": .number(0.5)]),
            "questions": .array([
                .object(["ask": .string("1"), "expect": .array([.string("a.md"), .string("b.md")]), "contains": .string("At NINE")]),
                .object(["ask": .string("2"), "expect": .string("a.md")]),
                .object(["ask": .string("3"), "contains": .array([.string("one"), .string("two")])]),
                .object(["ask": .string("4"), "nothing": .boolean(true)]),
            ]),
        ])
        func passage(_ file: String?, _ text: String) -> GoldenReport.Passage { .init(file: file, text: text, score: 0.5) }
        let report = GoldenReport(
            read,
            found: [
                [passage("c.md", "at nine"), passage("b.md", "at ten"), passage("b.md", "It begins at nine.")],
                [passage("a.md", "")],
                [passage(nil, "just one"), passage(nil, "just two")],
                [],
            ])
        #expect(report.outcomes.map(\.isMet) == [true, true, false, true])
        #expect(report.outcomes.map(\.rank) == [3, 1, nil, nil])
        #expect(report.met == 0.75)
        #expect(abs((report.reciprocalRank ?? 0) - (1.0 / 3 + 1) / 3) < 1e-12)
        #expect(!report.passes, "the ranks are under the minimum")
        let found = GoldenReport(read, found: [[passage("a.md", "at nine")], [passage("a.md", "")], [], [passage("c.md", "")]])
        #expect(found.outcomes.map(\.isMet) == [true, true, false, false] && !found.passes)
        let enough = GoldenReport(read, found: [[passage("a.md", "at nine")], [passage("a.md", "")], [], []])
        #expect(enough.passes && enough.met == 0.75)
    }
}
