public import Domain

/// Questions to an assistant whose answers are known, as they stand in a file beside its knowledge, with how many must be found.
public struct GoldenQuestions: Sendable {
    /// Passages a question asks for at most.
    public static let validK = 1...100

    /// A question, and what its passages must be.
    public struct Question: Sendable, Equatable {
        public var text: String
        /// Names of files, one of which the passage must be from; empty: any.
        public var files: [String]
        /// Texts that must stand in the passage, each; case does not matter.
        public var texts: [String]
        /// Whether there is no answer, so that nothing must be found.
        public var hasNoAnswer: Bool
    }

    public var assistant: String
    /// Passages that are looked at for each question.
    public var k: Int
    /// What a search takes; nil: none.
    public var threshold: Double?
    /// The share of questions that must be met, 0…1.
    public var leastMet: Double
    /// The least mean of one over the rank of the first right passage, 0…1; nil: any.
    public var leastReciprocalRank: Double?
    public var questions: [Question]

    /// - Parameter file: its name, for messages.
    /// - Throws: `invalid_request` that names the member and the question that is wrong: a misspelt expectation must not pass for one that is met.
    public init(_ document: JSONValue, file: String) throws(Problem) {
        let reader = GoldenReader(file: file)
        let members = try reader.object(document, "The file", allowed: ["assistant", "k", "threshold", "minimum", "questions"])
        guard let assistant = try reader.text(members["assistant"], "assistant") else {
            throw reader.problem("assistant is missing.", "Name the assistant that is asked.")
        }
        self.assistant = assistant
        k = try reader.whole(members["k"], "k", in: Self.validK) ?? 5
        threshold = try reader.share(members["threshold"], "threshold")
        let minimum = try reader.object(members["minimum"] ?? .object([:]), "minimum", allowed: ["met", "mrr"])
        leastMet = try reader.share(minimum["met"], "minimum.met") ?? 1
        leastReciprocalRank = try reader.share(minimum["mrr"], "minimum.mrr")
        guard case .array(let list)? = members["questions"], !list.isEmpty else {
            throw reader.problem("questions is not a list with at least one question.")
        }
        var questions: [Question] = []
        for (place, value) in list.enumerated() { questions.append(try reader.question(value, number: place + 1)) }
        self.questions = questions
        if threshold == nil, let place = questions.firstIndex(where: \.hasNoAnswer) {
            throw reader.problem(
                "Question \(place + 1) has no answer, but there is no threshold: something is always nearest.",
                "Set threshold, to 0.2 perhaps; `bunko eval --unanswerable` tells what thresholds do.")
        }
    }
}

/// Reads the members of a file of golden questions.
private struct GoldenReader {
    let file: String

    func problem(_ detail: String, _ remedy: String? = nil) -> Problem {
        Problem(
            .invalidRequest, code: "golden_malformed", "\(file): \(detail)", remedy: remedy ?? "Correct it and run this again.",
            parameter: "--golden")
    }

    func question(_ value: JSONValue, number: Int) throws(Problem) -> GoldenQuestions.Question {
        let name = "Question \(number)"
        let members = try object(value, name, allowed: ["ask", "expect", "contains", "nothing"])
        guard let text = try text(members["ask"], "\(name): ask") else { throw problem("\(name) has no ask.") }
        let files = try texts(members["expect"], "\(name): expect")
        let contained = try texts(members["contains"], "\(name): contains")
        var hasNoAnswer = false
        if let value = members["nothing"] {
            guard case .boolean(true) = value else { throw problem("\(name): nothing is true, or it is left out.") }
            hasNoAnswer = true
        }
        guard hasNoAnswer == (files.isEmpty && contained.isEmpty) else {
            throw problem(
                hasNoAnswer ? "\(name) expects nothing and something." : "\(name) does not say what is expected.",
                "Give it expect, contains, or both, or nothing: true.")
        }
        return GoldenQuestions.Question(text: text, files: files, texts: contained, hasNoAnswer: hasNoAnswer)
    }

    func object(_ value: JSONValue, _ name: String, allowed: Set<String>) throws(Problem) -> [String: JSONValue] {
        guard case .object(let members) = value else { throw problem("\(name) is not a mapping of names to values.") }
        if let unknown = members.keys.sorted().first(where: { !allowed.contains($0) }) {
            throw problem("\(name) has \"\(unknown)\", which is none of \(allowed.sorted().joined(separator: ", ")).")
        }
        return members
    }

    func text(_ value: JSONValue?, _ name: String) throws(Problem) -> String? {
        switch value {
        case nil: return nil
        case .string(let text)? where text.contains { !$0.isWhitespace }: return text
        default: throw problem("\(name) is not a text.", "Write it in quotes.")
        }
    }

    /// One text or a list of them.
    func texts(_ value: JSONValue?, _ name: String) throws(Problem) -> [String] {
        guard let value else { return [] }
        guard case .array(let list) = value else { return [try text(value, name)].compactMap(\.self) }
        guard !list.isEmpty else { throw problem("\(name) is an empty list.") }
        var texts: [String] = []
        for value in list { if let text = try text(value, name) { texts.append(text) } }
        return texts
    }

    func whole(_ value: JSONValue?, _ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value else { return nil }
        guard case .integer(let number) = value, range.contains(number) else {
            throw problem("\(name) is not a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func share(_ value: JSONValue?, _ name: String) throws(Problem) -> Double? {
        let number: Double? =
            switch value {
            case .integer(let whole)?: Double(whole)
            case .number(let number)?: number
            default: nil
            }
        if value == nil { return nil }
        guard let number, (0...1).contains(number) else { throw problem("\(name) is not a number from 0 to 1.") }
        return number
    }
}
