import ArgumentParser
import Foundation
import VectorIndex

struct ExactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exact",
        abstract: "Exact search of one partition, one query at a time and in batches, beside the memory's own speed.")

    @Option(help: "Rows in the partition.")
    var rows = 20_000

    @Option(help: "Queries measured one at a time.")
    var queries = 300

    @Option(help: "Queries in the batch.")
    var batch = 512

    @Option(help: "Hits for each query.")
    var k = 10

    @Option(help: "Seed of the generated rows and queries.")
    var seed: UInt64 = 1

    @Option(help: "Write the numbers to this file as JSON.")
    var json: String?

    @Option(help: "Write <date>-exact.md and .svg into this folder.")
    var results: String?

    func validate() throws {
        guard rows > 0, queries > 0, batch > 0 else {
            throw ValidationError("rows, queries and batch must be positive")
        }
        guard SearchRequest.validK.contains(k) else { throw ValidationError("k must lie in \(SearchRequest.validK)") }
    }

    func run() throws {
        let report = try ExactMeasurement(
            rows: rows, queries: queries, batch: batch, k: k, seed: seed
        ).run()
        print(report.table)
        if let json { try report.json.write(to: URL(fileURLWithPath: json)) }
        if let results { try write(report, to: URL(fileURLWithPath: results, isDirectory: true)) }
    }

    private var command: String {
        "swift run -c release --package-path Benchmarks bench exact --rows \(rows) "
            + "--queries \(queries) --batch \(batch) --k \(k) --seed \(seed)"
    }

    private func write(_ report: ExactReport, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let name = "\(Date.now.formatted(.iso8601.year().month().day()))-exact"
        try report.picture.write(to: folder.appending(path: "\(name).svg"), atomically: true, encoding: .utf8)
        let text = report.markdown(command: command, picture: "\(name).svg")
        try text.write(to: folder.appending(path: "\(name).md"), atomically: true, encoding: .utf8)
    }
}
