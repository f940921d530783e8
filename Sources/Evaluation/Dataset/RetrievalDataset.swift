public import Domain
import Foundation

/// Passages, questions, and which passages answer which question: a folder of `corpus.jsonl`, `queries.jsonl` and `qrels.tsv`, as BEIR
/// (Thakur et al., 2021) lays out its sets.
public struct RetrievalDataset: Sendable {
    /// A line of `corpus.jsonl`: `{"id", "title", "text"}`; BEIR's own `_id` is read as well. The title may be missing.
    public struct Passage: Sendable, Equatable {
        public let id: String
        public let title: String
        public let text: String

        public init(id: String, title: String, text: String) {
            self.id = id
            self.title = title
            self.text = text
        }
    }

    /// A line of `queries.jsonl`: `{"id", "text"}`.
    public struct Question: Sendable, Equatable {
        public let id: String
        public let text: String

        public init(id: String, text: String) {
            self.id = id
            self.text = text
        }
    }

    /// The folder's name.
    public let name: String
    public let passages: [Passage]
    /// Those that have an answer, in the file's order.
    public let questions: [Question]
    /// By question, how well passages answer it, by passage: 1 or more. Judgements of 0 say that a passage is no answer and are left out.
    public let judgements: [String: [String: Int]]

    /// Reads a folder.
    /// - Throws: `invalid_request` with file, line and reason for what cannot be read, for ids that stand twice, and for judgements of
    ///   questions or passages that there are not.
    public init(folder: String) throws(Problem) {
        let url = URL(filePath: folder)
        name = url.lastPathComponent
        passages = try Self.passages(url.appending(path: "corpus.jsonl"))
        let questions = try Self.questions(url.appending(path: "queries.jsonl"))
        judgements = try Self.judgements(
            url.appending(path: "qrels.tsv"), questions: Set(questions.map(\.id)), passages: Set(passages.map(\.id)))
        self.questions = questions.filter { [judgements] in judgements[$0.id] != nil }
        guard !self.questions.isEmpty else { throw Self.problem(url.appending(path: "qrels.tsv"), nil, "no question has an answer") }
    }

    /// - Parameter judgements: by question and passage, of 1 or more.
    public init(name: String, passages: [Passage], questions: [Question], judgements: [String: [String: Int]]) {
        self.name = name
        self.passages = passages
        self.questions = questions.filter { judgements[$0.id] != nil }
        self.judgements = judgements
    }

    /// Several sets as one: all passages together, which makes each question harder. Ids must be unique over all.
    public static func pooled(_ sets: [RetrievalDataset]) -> RetrievalDataset {
        RetrievalDataset(
            name: sets.map(\.name).joined(separator: "+"), passages: sets.flatMap(\.passages), questions: sets.flatMap(\.questions),
            judgements: sets.reduce(into: [:]) { $0.merge($1.judgements) { first, _ in first } })
    }

    // MARK: - Reading

    /// A gain is 2 to the power of the grade: sets use grades up to 4.
    private static let highestGrade = 20

    private struct PassageLine: Decodable {
        let id: String?
        let _id: String?
        let title: String?
        let text: String
    }

    private static func passages(_ file: URL) throws(Problem) -> [Passage] {
        try lines(file) { number, line, known throws(Problem) in
            let read: PassageLine = try decoded(line, file, number)
            return Passage(id: try identity(read.id ?? read._id, &known, file, number), title: read.title ?? "", text: read.text)
        }
    }

    private static func questions(_ file: URL) throws(Problem) -> [Question] {
        try lines(file) { number, line, known throws(Problem) in
            let read: PassageLine = try decoded(line, file, number)
            return Question(id: try identity(read.id ?? read._id, &known, file, number), text: read.text)
        }
    }

    private static func decoded<Line: Decodable>(_ line: Substring, _ file: URL, _ number: Int) throws(Problem) -> Line {
        do {
            return try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        } catch {
            throw problem(file, number, "it is not JSON with an id and a text", underlying: error)
        }
    }

    private static func identity(_ id: String?, _ known: inout Set<String>, _ file: URL, _ number: Int) throws(Problem) -> String {
        guard let id, !id.isEmpty else { throw problem(file, number, "it has no id") }
        guard known.insert(id).inserted else { throw problem(file, number, "the id \(id) stands there twice") }
        return id
    }

    /// Calls `body` with each line that is not empty, its number from 1, and the ids seen so far.
    private static func lines<Element>(
        _ file: URL, _ body: (Int, Substring, inout Set<String>) throws(Problem) -> Element
    ) throws(Problem) -> [Element] {
        let text = try content(file)
        var known: Set<String> = []
        var elements: [Element] = []
        // By bytes: "\r\n" is one character, which is not "\n".
        for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let line = Substring(line)
            if line.allSatisfy(\.isWhitespace) { continue }
            elements.append(try body(index + 1, line, &known))
        }
        return elements
    }

    private static func content(_ file: URL) throws(Problem) -> String {
        do {
            return try String(contentsOf: file, encoding: .utf8)
        } catch {
            throw Problem.invalid(
                "dataset", "\(file.path(percentEncoded: false)) cannot be read as UTF-8.",
                remedy: "Give a folder with corpus.jsonl, queries.jsonl and qrels.tsv.")
        }
    }

    /// Lines of question, passage and judgement with tabs between; BEIR's heading is passed over, and so is TREC's second column.
    private static func judgements(
        _ file: URL, questions: Set<String>, passages: Set<String>
    ) throws(Problem) -> [String: [String: Int]] {
        var judgements: [String: [String: Int]] = [:]
        _ = try lines(file) { number, line, _ throws(Problem) in
            let columns = line.split(whereSeparator: { $0 == "\t" || $0 == "\r" || $0 == "\r\n" }).map(String.init)
            if number == 1, columns.first == "query-id" { return }
            guard columns.count == 3 || columns.count == 4, let grade = Int(columns[columns.count - 1]), grade <= highestGrade else {
                throw problem(file, number, "it is not a question, a passage and a whole number up to \(highestGrade) with tabs between")
            }
            let (question, passage) = (columns[0], columns[columns.count - 2])
            guard questions.contains(question) else { throw problem(file, number, "there is no question \(question)") }
            guard passages.contains(passage) else { throw problem(file, number, "there is no passage \(passage)") }
            if grade > 0 { judgements[question, default: [:]][passage] = grade }
        }
        return judgements
    }

    private static func problem(_ file: URL, _ line: Int?, _ reason: String, underlying: (any Error)? = nil) -> Problem {
        Problem(
            .invalidRequest, code: "invalid_dataset",
            "\(file.lastPathComponent)\(line.map { ", line \($0)" } ?? ""): \(reason).",
            remedy: "Mend the file, or leave the line out.", parameter: "dataset", underlying: underlying)
    }
}
