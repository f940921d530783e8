import ArgumentParser
import Foundation
import VectorDatasets
import VectorIndex

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "The stages of a query: preparation, ranking of lists, scan, re-rank, hits, beside the memory's own speed.")

    @Option(help: ArgumentHelp("The data set's folder (see `bunko dataset`).", valueName: "dir"))
    var dataset: String

    @Option(help: "Queries that are measured.")
    var queries = 500

    @Option(help: "Hits for each query.")
    var k = 10

    @Option(help: "The recall that is asked for.")
    var recall = 0.95

    @Option(help: "Write <date>-profile-<rows>.md into this folder.")
    var results: String?

    func validate() throws {
        guard queries > 0 else { throw ValidationError("queries must be positive") }
        guard SearchRequest.validK.contains(k) else { throw ValidationError("k must lie in \(SearchRequest.validK)") }
        guard recall > 0, recall < 1 else { throw ValidationError("recall must lie between 0 and 1") }
    }

    func run() throws {
        let report = try ProfileMeasurement(folder: DatasetFolder(path: dataset), queries: queries, k: k, recall: recall).run()
        print(report.table)
        guard let results else { return }
        let folder = URL(fileURLWithPath: results, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let name = "\(Date.now.formatted(.iso8601.year().month().day()))-profile-\(report.rows).md"
        try report.markdown(command: command).write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    private var command: String {
        "swift run -c release --package-path Benchmarks bench profile --dataset \(dataset) --queries \(queries) --k \(k) --recall \(recall)"
    }
}
