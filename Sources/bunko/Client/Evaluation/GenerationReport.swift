import Domain
import Embeddings
import Evaluation
import Foundation
import Retrieval
import Storage

/// How two generations answer the same questions: `bunko reembed --compare`.
struct GenerationReport: Encodable {
    struct Side: Encodable {
        let model: String
        /// Nil without judgements.
        let ndcg_at_10: Double?

        private enum CodingKeys: String, CodingKey {
            case model
            case ndcg_at_10 = "ndcg@10"
        }
    }

    let questions: Int
    /// Those with judgements of passages that are in the knowledge.
    let judged: Int
    let k: Int
    /// The mean share of the nearest k rows of one that are among those of the other.
    let overlap: Double
    /// Questions of which the generations have no row in common.
    let disjoint: Int
    let live: Side
    let shadow: Side

    func show() {
        func metric(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }
        TextTable(
            ["", "model", "nDCG@10"],
            [
                ["searched", live.model, metric(live.ndcg_at_10)], ["beside it", shadow.model, metric(shadow.ndcg_at_10)],
            ]
        ).print()
        Output.line(
            String(format: "Of the nearest %d rows %.1f %% are the same", k, overlap * 100)
                + " over \(Readable.count(questions, "question")); \(disjoint) have none in common.")
        if judged > 0 { Output.line("nDCG@10 is that of the \(judged) with known answers.") }
    }
}

/// The questions of a comparison, and what is known of their answers.
struct ComparisonQuestions: Sendable {
    /// Of the conversations' questions, and of a file's.
    private static let mostLatest = 200
    /// Rows that are kept of each question: a document may have several before the tenth other one.
    static let depth = 100

    let questions: [ComparedQuestion]
    /// For each question, by document, how well it answers; empty where nothing is known.
    let judgements: [[String: Int]]

    /// - Parameters:
    ///   - path: a text file with a question on each line, or a folder with questions and judgements as `bunko eval` takes it, whose passages are
    ///     documents of the knowledge: a passage is the file of its id, with or without an ending. Nil: what users asked last.
    ///   - assistant: whose knowledge is searched; nil: that of each conversation, and for a path all.
    /// - Throws: `invalid_request` for what cannot be read or holds no question.
    init(_ path: String?, assistant reference: String?, _ database: Database, _ scope: Scope) async throws {
        var assistant: AssistantID?
        if let reference { assistant = try await database.read(scope) { try await $0.anyAssistant(reference) } }
        guard let path else {
            let latest = try await database.read(scope) { try await $0.latestQuestions(to: assistant, limit: Self.mostLatest) }
            guard !latest.isEmpty else {
                throw Problem.invalid(
                    "--compare", "No conversation has a question yet.", remedy: "Name a file of questions with --questions.")
            }
            questions = latest.map {
                ComparedQuestion($0.text, assistant: $0.assistant, owner: UsageOwner($0.userID, assistant: $0.assistant))
            }
            judgements = latest.map { _ in [:] }
            return
        }
        let asked = try await Blocking.run { _ in try Self.read(path) }
        questions = asked.map { ComparedQuestion($0.text, assistant: assistant, owner: UsageOwner(.local, assistant: assistant)) }
        judgements = asked.map(\.judgements)
    }

    private static func read(_ path: String) throws(Problem) -> [(text: String, judgements: [String: Int])] {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            let dataset = try RetrievalDataset(folder: path)
            return dataset.questions.map { ($0.text, dataset.judgements[$0.id] ?? [:]) }
        }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw Problem.invalid(
                "--questions", "\(path) cannot be read as UTF-8.", remedy: "Give a text file with a question on each line.")
        }
        let lines = text.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }
        guard !lines.isEmpty else { throw Problem.invalid("--questions", "\(path) holds no question.") }
        return lines.map { (String($0), [:]) }
    }

    func report(_ rankings: [ComparedRankings], k: Int, live: EmbeddingModel, shadow: EmbeddingModel) -> GenerationReport {
        let overlaps = rankings.map { $0.overlap(at: k) }
        let metrics = zip(rankings, judgements).compactMap { rankings, judgements -> (live: Double, shadow: Double)? in
            guard !judgements.isEmpty else { return nil }
            func ndcg(_ hits: [ComparedRankings.Hit]) -> Double {
                RankingMetrics(ranking: Self.documents(hits, judgements), judgements: judgements).ndcgAt10
            }
            return (ndcg(rankings.live), ndcg(rankings.shadow))
        }
        func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
        return GenerationReport(
            questions: rankings.count, judged: metrics.count, k: k, overlap: mean(overlaps) ?? 1, disjoint: overlaps.count { $0 == 0 },
            live: .init(model: live.id, ndcg_at_10: mean(metrics.map(\.live))),
            shadow: .init(model: shadow.id, ndcg_at_10: mean(metrics.map(\.shadow))))
    }

    /// The documents of rows, each at its best row's place, by the name that judgements have for it.
    private static func documents(_ hits: [ComparedRankings.Hit], _ judgements: [String: Int]) -> [String] {
        var seen: Set<String> = []
        return hits.compactMap { hit in
            let name = hit.fileName ?? hit.id.description
            let stem = (name as NSString).deletingPathExtension
            let document = judgements[name] != nil ? name : stem
            return seen.insert(document).inserted ? document : nil
        }
    }
}
