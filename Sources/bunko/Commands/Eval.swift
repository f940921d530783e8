import ArgumentParser
import Domain
import Evaluation
import Foundation
import Retrieval

struct Eval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how well questions find their passages.",
        discussion: """
            Imports a folder of corpus.jsonl, queries.jsonl and qrels.tsv (as BEIR lays them out) into an assistant made for it, as \
            bunko import would, asks its questions, and removes the assistant again. Several folders are one corpus, which is harder: \
            the questions of the first are asked.

            Each arm ranks in another way: dense by vectors alone, lexical by words alone, rrf by reciprocal ranks, fusion as search \
            does. Behind each nDCG@10 stands the interval in which it lies for other questions of the kind (95 %, by bootstrap).

            Example: bunko eval --dataset sets/squad-en --limit 400 --json before.json

            Golden questions are a file beside an assistant's knowledge, to be run whenever that changes:
            assistant: handbook
            k: 5                # passages looked at
            threshold: 0.2      # as a search takes it
            minimum: {met: 0.95, mrr: 0.8}
            questions:
            - ask: How long may I wait before I hand in an expense claim?
              expect: expenses.md
              contains: 45 days
            - ask: Who won the cup?
              nothing: true
            "expect" is a file's name or several, of which one must be found; "contains" what must stand in one of its passages.
            """)

    @Option(
        name: .customLong("dataset"),
        help: ArgumentHelp("A folder with passages, questions and answers; may be given several times.", valueName: "folder"))
    var datasets: [String] = []

    @Option(
        help: ArgumentHelp(
            "Instead, ask the golden questions of this YAML file of the assistant it names; exit code 1 when too few are met.",
            valueName: "file"))
    var golden: String?

    @Option(help: "The arms, with commas between: dense, lexical, rrf, fusion.")
    var arms = "dense,lexical,rrf,fusion"

    @Option(help: "Ask so many questions at most: every second of twice as many, and so on.")
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Also ask the questions of this folder, which the passages do not answer, and tell what thresholds make of them.",
            valueName: "folder"))
    var unanswerable: String?

    @Option(help: ArgumentHelp("Write the report as JSON to this file.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Draw the report to this file, as SVG.", valueName: "file"))
    var svg: String?

    @Option(help: ArgumentHelp("Compare with a report that --json wrote, question by question.", valueName: "file"))
    var against: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard datasets.isEmpty != (golden == nil) else {
            throw ValidationError("Name a folder with --dataset, or a file with --golden.")
        }
        if golden != nil, limit != nil || svg != nil || against != nil || unanswerable != nil {
            throw ValidationError("With --golden go --json and --data alone.")
        }
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more.") }
        _ = try rankings()
    }

    private func rankings() throws -> [Ranking] {
        let names = arms.split(separator: ",").map(String.init)
        let rankings = names.compactMap(Ranking.init(rawValue:))
        guard !rankings.isEmpty, rankings.count == names.count, Set(names).count == names.count else {
            throw ValidationError("--arms names some of \(Ranking.allCases.map(\.rawValue).joined(separator: ", ")), each once.")
        }
        return rankings
    }

    func run() async throws {
        if let golden { try await ask(golden) } else { try await measure() }
    }

    private func ask(_ path: String) async throws {
        let golden = try await Blocking.run { _ in try GoldenRun.questions(in: path) }
        if let json { try ReportFile.check(json) }
        let report = try await options.withServer { try await GoldenRun(golden: golden, client: $0).run() }
        GoldenRun.show(report)
        if let json { try ReportFile.write(report, to: json) }
        guard report.passes else {
            throw ItemsFailed(
                count: report.outcomes.count { !$0.isMet }, total: report.outcomes.count, what: "golden questions")
        }
    }

    private func measure() async throws {
        let rankings = try rankings()
        let folders = datasets
        let former = try against.map(Self.report)
        for path in [json, svg].compactMap(\.self) { try ReportFile.check(path) }
        let sets = try await Blocking.run { _ in try folders.map { try RetrievalDataset(folder: $0) } }
        let strangers = try await Blocking.run { [unanswerable] _ in try unanswerable.map { try RetrievalDataset(folder: $0) } }
        let dataset = sets.count == 1 ? sets[0] : RetrievalDataset.pooled(sets)
        let report = try await options.withServer { client in
            try await Evaluator(dataset: dataset, asked: sets[0], limit: limit, rankings: rankings, strangers: strangers, client: client)
                .run()
        }
        show(report, rankings, former)
        if let json { try ReportFile.write(report, to: json) }
        if let svg {
            let picture = EvaluationPicture(report, order: rankings.map(\.rawValue)).svg
            try Data(picture.utf8).write(to: URL(filePath: svg), options: .atomic)
        }
    }

    private static func report(_ path: String) throws -> EvaluationReport {
        do {
            return try JSONDecoder().decode(EvaluationReport.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Problem.invalid("--against", "\(path) is no report that bunko eval --json wrote.", remedy: "Name one of those.")
        }
    }

    private func show(_ report: EvaluationReport, _ rankings: [Ranking], _ former: EvaluationReport?) {
        Output.line(
            "\(report.dataset): \(report.questions) questions, \(report.passages) passages, \(report.model ?? "no model"), "
                + String(format: "%.0f s", report.seconds))
        var rows: [[String]] = []
        let header = ["arm", "nDCG@10", "95 %", "recall@5", "recall@10", "MRR@10", "hit@1", "hit@5", "hit@10"]
        for ranking in rankings {
            guard let arm = report.arms[ranking.rawValue], let interval = arm.ci95["ndcg@10"], interval.count == 2 else { continue }
            func mean(_ name: String) -> String { String(format: "%.4f", arm.metrics[name] ?? 0) }
            rows.append(
                [ranking.rawValue, mean("ndcg@10"), String(format: "%.3f–%.3f", interval[0], interval[1])]
                    + ["recall@5", "recall@10", "mrr@10", "hit@1", "hit@5", "hit@10"].map(mean))
        }
        TextTable(header, rows).print()
        if let recall = report.indexLoss.recallVsExact {
            Output.line(String(format: "The index finds %.4f of the ten nearest vectors that exact search finds.", recall))
        }
        if let refusal = report.refusal { show(refusal) }
        guard let former else { return }
        for ranking in rankings {
            guard let (interval, count) = report.difference(ranking.rawValue, from: former, ranking.rawValue) else { continue }
            let isChance = interval.contains(0) ? ": may be chance" : ""
            Output.line(
                String(
                    format: "%@: nDCG@10 %+.4f to %+.4f against the former report, over %d questions%@", ranking.rawValue,
                    interval.lowerBound, interval.upperBound, count, isChance))
        }
    }

    private func show(_ refusal: Refusal) {
        Output.line(
            String(
                format:
                    "Of pairs with one of %d questions of %@, which the passages do not answer, an own question has the better score in %.4f.",
                refusal.questions, refusal.strangers, refusal.separation))
        func share(_ value: Double) -> String { String(format: "%.3f", value) }
        TextTable(
            ["threshold", "answerable that get passages", "unanswerable that get nothing"],
            refusal.steps.map { [String(format: "%.2f", $0.threshold), share($0.answered), share($0.refused)] }
        ).print()
    }
}
