import Domain
import Evaluation
import Foundation
import Retrieval

/// Runs a set's questions against a server, on an assistant that is made for it and removed again.
struct Evaluator: Sendable {
    let dataset: RetrievalDataset
    /// The set whose questions are asked.
    let asked: RetrievalDataset
    let limit: Int?
    let rankings: [Ranking]
    /// A set whose questions these passages do not answer.
    let strangers: RetrievalDataset?
    let client: APIClient

    /// Chunks that are asked for, of which a long passage may have several.
    private static let chunks = 100
    private static let counted = 10
    /// Questions whose nearest vectors are looked for exactly as well.
    private static let exactQuestions = 200
    /// Questions asked at a time.
    private static let width = 2

    func run() async throws -> EvaluationReport {
        let start = ContinuousClock.now
        let name = "eval-\(UUID().uuidString.lowercased().prefix(13))"
        do {
            try await fill(name)
            let report = try await measure(name, since: start)
            try await remove(name)
            return report
        } catch {
            // The scope goes in any case; why it was ended matters more than that it could not be removed.
            await Task { try? await remove(name) }.value
            throw error
        }
    }

    private func remove(_ name: String) async throws {
        let _: DeletionAnswer = try await client.delete(APIClient.path("assistants", name))
    }

    // MARK: - Passages

    private static func file(_ number: Int) -> String { String(format: "%07d.md", number) }

    private func fill(_ assistant: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: assistant)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Blocking.run { [dataset] _ in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (number, passage) in dataset.passages.enumerated() {
                try Data(passage.markdown.utf8).write(to: folder.appending(path: Self.file(number)))
            }
        }
        let root = ImportRoot(folder.path(percentEncoded: false))
        let pass = try await ImportPass.prepared(ImportOptions(roots: [root], assistant: assistant, jobs: 16), client)
        let outcome = await pass.run()
        if let stop = outcome.stop { throw stop }
        let failed = outcome.report.totals.failed
        if failed > 0 { Output.note("\(failed) of \(dataset.passages.count) passages could not be imported, and are not found.") }
    }

    // MARK: - Questions

    private var questions: [RetrievalDataset.Question] {
        guard let limit, limit < asked.questions.count else { return asked.questions }
        return (0..<limit).map { asked.questions[$0 * asked.questions.count / limit] }
    }

    private struct Body: Encodable {
        let assistant: String
        let query: String
        let k: Int
        let ranking: Ranking
        let exact: Bool
        let fold_duplicates: Bool
    }

    private struct Limits: Decodable {
        struct Embedding: Decodable {
            let model: String
        }
        let embedding: Embedding?
    }

    private func measure(_ assistant: String, since start: ContinuousClock.Instant) async throws -> EvaluationReport {
        let questions = questions
        var arms: [String: EvaluationReport.Arm] = [:]
        for ranking in rankings {
            let metrics = try await forEach(questions) { question in
                let answer = try await search(assistant, question.text, ranking, k: Self.chunks)
                return RankingMetrics(ranking: passages(of: answer), judgements: asked.judgements[question.id] ?? [:])
            }
            arms[ranking.rawValue] = .init(ArmResult(arm: ranking.rawValue, questions: metrics), questions: questions.map(\.id))
        }
        let limits: Limits = try await client.get("/v1/limits")
        var report = EvaluationReport(
            dataset: dataset.name, passages: dataset.passages.count, questions: questions.count, model: limits.embedding?.model, arms: arms,
            indexLoss: .init(recallVsExact: try await recall(assistant, questions)), seconds: 0)
        if let strangers {
            report.refusal = Refusal(
                own: try await bestScores(assistant, questions),
                strange: try await bestScores(assistant, Array(strangers.questions.prefix(questions.count))), from: strangers.name)
        }
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        return report
    }

    private func bestScores(_ assistant: String, _ questions: [RetrievalDataset.Question]) async throws -> [Double] {
        try await forEach(questions) { try await search(assistant, $0.text, .fusion, k: 1).results.first?.score ?? 0 }
    }

    /// The share of the nearest chunks by exact search that the index finds; nil when no arm compares vectors.
    private func recall(_ assistant: String, _ questions: [RetrievalDataset.Question]) async throws -> Double? {
        guard rankings.contains(where: { $0 != .lexical }) else { return nil }
        let shares = try await forEach(Array(questions.prefix(Self.exactQuestions))) { question in
            let found = try await search(assistant, question.text, .dense, k: Self.counted, folds: false)
            let exact = try await search(assistant, question.text, .dense, k: Self.counted, exact: true, folds: false)
            guard let worst = exact.results.last?.score else { return 1.0 }
            // A chunk as near as the last counts, whichever of them was found.
            return min(1, Double(found.results.count { $0.score >= worst - 1e-6 }) / Double(exact.results.count))
        }
        return shares.reduce(0, +) / Double(max(1, shares.count))
    }

    private func search(
        _ assistant: String, _ query: String, _ ranking: Ranking, k: Int, exact: Bool = false, folds: Bool = true
    ) async throws -> SearchAnswer {
        let answer: SearchAnswer = try await client.post(
            "/v1/search", Body(assistant: assistant, query: query, k: k, ranking: ranking, exact: exact, fold_duplicates: folds))
        return answer
    }

    /// The passages of the chunks that were found, each at its best chunk's place.
    private func passages(of answer: SearchAnswer) -> [String] {
        var seen: Set<String> = []
        return answer.results.compactMap { result in
            guard let file = result.file, seen.insert(file).inserted, let number = Int(file.prefix(while: { $0 != "." })),
                dataset.passages.indices.contains(number)
            else { return nil }
            return dataset.passages[number].id
        }
    }

    /// What `body` makes of each question, in their order, some of them at a time.
    private func forEach<R: Sendable>(
        _ questions: [RetrievalDataset.Question], _ body: @escaping @Sendable (RetrievalDataset.Question) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: (Int, R).self) { group in
            var results: [Int: R] = [:]
            var next = 0
            func add() {
                guard next < questions.count else { return }
                let (number, question) = (next, questions[next])
                next += 1
                group.addTask { (number, try await body(question)) }
            }
            for _ in 0..<Self.width { add() }
            while let (number, result) = try await group.next() {
                results[number] = result
                add()
            }
            return questions.indices.compactMap { results[$0] }
        }
    }
}
