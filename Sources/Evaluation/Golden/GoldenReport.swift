import Foundation

/// What came of golden questions.
public struct GoldenReport: Codable, Sendable {
    /// A passage that a question found, as far as it is judged.
    public struct Passage: Codable, Sendable {
        public var file: String?
        public var text: String
        public var score: Double

        public init(file: String?, text: String, score: Double) {
            self.file = file
            self.text = text
            self.score = score
        }
    }

    /// What one question found.
    public struct Outcome: Codable, Sendable {
        public var question: String
        public var isMet: Bool
        /// Of the first right passage, from 1; nil when there is none, or none is wanted.
        public var rank: Int?
        /// The first passage's.
        public var file: String?
        public var score: Double?

        private enum CodingKeys: String, CodingKey {
            case question, rank, file, score
            case isMet = "met"
        }
    }

    public var assistant: String
    /// The share of questions that are met.
    public var met: Double
    /// The mean of one over the rank of the first right passage, over the questions that have an answer; nil when none has.
    public var reciprocalRank: Double?
    public var passes: Bool
    public var outcomes: [Outcome]

    private enum CodingKeys: String, CodingKey {
        case assistant, met, passes
        case reciprocalRank = "mrr"
        case outcomes = "questions"
    }

    /// - Parameter found: for each question, its passages, best first.
    public init(_ golden: GoldenQuestions, found: [[Passage]]) {
        assistant = golden.assistant
        outcomes = zip(golden.questions, found).map { question, passages in
            let rank = passages.firstIndex { question.isMet(by: $0) }.map { $0 + 1 }
            return Outcome(
                question: question.text, isMet: question.hasNoAnswer ? passages.isEmpty : rank != nil,
                rank: question.hasNoAnswer ? nil : rank, file: passages.first?.file, score: passages.first?.score)
        }
        met = Double(outcomes.count(where: \.isMet)) / Double(outcomes.count)
        let answerable = zip(golden.questions, outcomes).filter { !$0.0.hasNoAnswer }.map(\.1)
        let ranks = answerable.map { $0.rank.map { 1 / Double($0) } ?? 0 }
        reciprocalRank = ranks.isEmpty ? nil : ranks.reduce(0, +) / Double(ranks.count)
        passes = met >= golden.leastMet && (reciprocalRank ?? 1) >= golden.leastReciprocalRank ?? 0
    }
}

extension GoldenQuestions.Question {
    fileprivate func isMet(by passage: GoldenReport.Passage) -> Bool {
        guard files.isEmpty || passage.file.map(files.contains) == true else { return false }
        return texts.allSatisfy { passage.text.range(of: $0, options: .caseInsensitive) != nil }
    }
}
