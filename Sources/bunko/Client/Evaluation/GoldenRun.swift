import Domain
import Evaluation
import Foundation

/// Asks golden questions of an assistant, as any client would.
struct GoldenRun: Sendable {
    let golden: GoldenQuestions
    let client: APIClient

    private struct Body: Encodable {
        let assistant: String
        let query: String
        let k: Int
        let threshold: Double?
    }

    /// - Throws: `invalid_request` for a file that is none of golden questions.
    static func questions(in path: String) throws -> GoldenQuestions {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(
                .invalidRequest, code: "file_unreadable", "\(path) cannot be read.", remedy: "Check the path.", parameter: "--golden")
        }
        let documents = try YAMLText.documents(String(decoding: data, as: UTF8.self), file: path)
        guard documents.count == 1 else {
            throw Problem.invalid(
                "--golden", "\(path) holds \(documents.count) documents.", remedy: "One file holds one assistant's questions.")
        }
        return try GoldenQuestions(documents[0], file: path)
    }

    func run() async throws -> GoldenReport {
        var found: [[GoldenReport.Passage]] = []
        for question in golden.questions {
            let body = Body(assistant: golden.assistant, query: question.text, k: golden.k, threshold: golden.threshold)
            let answer: SearchAnswer = try await client.post("/v1/search", body)
            found.append(answer.results.map { .init(file: $0.file, text: $0.content, score: $0.score) })
        }
        return GoldenReport(golden, found: found)
    }

    /// Names what was not met, and what came of all.
    static func show(_ report: GoldenReport) {
        let missed = report.outcomes.filter { !$0.isMet }
        if !missed.isEmpty {
            let rows = missed.map { outcome in
                [outcome.question, outcome.file ?? "nothing", outcome.score.map { String(format: "%.3f", $0) } ?? "–"]
            }
            TextTable(["not met", "found first", "score"], rows).print()
        }
        let ranks = report.reciprocalRank.map { String(format: ", MRR %.3f", $0) } ?? ""
        Output.line(
            "\(report.assistant): \(report.outcomes.count - missed.count) of \(report.outcomes.count) golden questions are met\(ranks)"
                + (report.passes ? "." : ", which is under the minimum."))
    }
}
