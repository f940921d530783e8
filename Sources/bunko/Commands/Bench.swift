import ArgumentParser
import Domain
import Foundation
import Synchronization
import VectorBenchmarks
import VectorDatasets

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure recall and speed of the index on a data set, beside other libraries.",
        discussion: """
            One query at a time on threads bound to cores, the same queries for everybody; recall by id. The peers come from \
            Benchmarks/Peers of the repository, in pinned versions from PyPI; what they build is kept in the cache.
            """)

    @Option(help: ArgumentHelp("The data set's folder (see `bunko dataset`).", valueName: "dir"))
    var dataset: String
    @Option(help: ArgumentHelp("all, none, or some of: \(PeerPrograms.names.joined(separator: ", ")).", valueName: "list"))
    var peers = "none"
    @Option(help: "Neighbours asked for.")
    var k = 10
    @Option(help: "Threads that search at the same time.")
    var threads = 1
    @Option(help: "Measure batches of so many queries too.")
    var batch = 0
    @Option(help: "Measure at most so many queries.")
    var queries: Int?
    @Option(
        help: ArgumentHelp(
            "How much of the peers' grids: \(PeerPrograms.Effort.allCases.map(\.rawValue).joined(separator: " or ")).", valueName: "name"))
    var effort = PeerPrograms.Effort.quick.rawValue
    @Option(
        help: ArgumentHelp(
            "What else is measured of our own index: all, none, or some of: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "list"))
    var scenarios = "none"
    @Option(help: ArgumentHelp("Write the results to this file as JSON.", valueName: "file"))
    var json: String?
    @Option(help: ArgumentHelp("Write the pictures to this file.", valueName: "file"))
    var svg: String?
    @Option(help: ArgumentHelp("Write the table to this file, with the pictures of --svg.", valueName: "file"))
    var markdown: String?
    @Option(help: ArgumentHelp("Where Benchmarks/Peers is; looked for around the working folder and the program.", valueName: "dir"))
    var peersFolder: String?
    @Option(help: ArgumentHelp("Where the peers and what they build are kept.", valueName: "dir"))
    var cache = "~/.cache/bunko-peers"
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...10_000).contains(k) else { throw ValidationError("--k is \(k); it must be 1 to 10000.") }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        guard (1...cores).contains(threads) else {
            throw ValidationError("--threads is \(threads); it must be 1 to \(cores), the cores there are.")
        }
        guard (0...1_000_000).contains(batch) else { throw ValidationError("--batch is \(batch); it must be 0 to 1000000.") }
        guard queries ?? 1 > 0 else { throw ValidationError("--queries must be at least 1.") }
        guard PeerPrograms.Effort(rawValue: effort) != nil else {
            throw ValidationError("--effort is \"\(effort)\"; it must be quick or full.")
        }
        guard Scenario.named(scenarios) != nil else {
            throw ValidationError(
                "--scenarios is \"\(scenarios)\"; it may be all, none, or some of: \(Scenario.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        for name in wantedPeers where !PeerPrograms.names.contains(name) {
            throw ValidationError("--peers names \"\(name)\"; there are \(PeerPrograms.names.joined(separator: ", ")).")
        }
    }

    private var wantedPeers: [String] {
        switch peers {
        case "all": PeerPrograms.names
        case "none": []
        default: peers.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    func run() async throws {
        let command = self
        try await asProblem { try await untilSignalled { try await command.measure() } }
    }

    private func measure() async throws {
        let folder = DatasetFolder(path: DatasetPlace.absolute(dataset))
        let base = try folder.base()
        let bank = try QueryBank(folder, base: base, k: k, limit: queries)
        let rules = BenchmarkProtocol(threads: threads, batch: batch)
        let machine = MachineDescription.current()
        let results = Mutex<[BenchmarkResult]>([])
        let note: @Sendable (BenchmarkResult) -> Void = { result in
            results.withLock { $0.append(result) }
            Output.note("\(result.system) \(result.setting): recall \(rounded(result.recall, 4)), \(rounded(result.qps, 0)) queries/s")
        }
        let name = try folder.manifest().map { "\($0.recipe.preset) seed \($0.recipe.seed)" } ?? (dataset as NSString).lastPathComponent
        var figures = ScenarioFigures()
        func report() -> BenchmarkReport {
            BenchmarkReport(
                dataset: name, rows: base.rows, dimensions: base.dimensions, machine: machine, results: results.withLock(\.self),
                scenarios: figures)
        }
        let workers = ProcessInfo.processInfo.activeProcessorCount
        var index: IndexContender? = try IndexContender(base, workers: workers)
        if let index {
            figures.build = index.build
            try await rules.measure(index, bank, buildSeconds: index.build.seconds, report: note)
        }
        // Written after every step, so that an interrupted run leaves what it has measured.
        try write(report())
        let chosen = Scenario.named(scenarios) ?? []
        let measurement = chosen.isEmpty ? nil : try ScenarioMeasurement(folder, base: base, bank: bank)
        for scenario in chosen {
            // Two indexes of a million rows need not fit into the memory.
            if !scenario.usesSweptIndex { index = nil }
            Output.note("scenario \(scenario.rawValue)")
            try await measurement?.measure(scenario, swept: index, workers: workers, into: &figures)
            try write(report())
        }
        index = nil
        let failures = try await measurePeers(folder, rules, note) { try write(report()) }
        Output.line(page(report()))
        if failures > 0 { throw ItemsFailed(count: failures, total: wantedPeers.count, what: "peers") }
    }

    /// Measures the peers that are wanted and returns how many failed.
    private func measurePeers(
        _ folder: DatasetFolder, _ rules: BenchmarkProtocol, _ note: @escaping @Sendable (BenchmarkResult) -> Void, each: () throws -> Void
    ) async throws -> Int {
        guard !wantedPeers.isEmpty else { return 0 }
        let programs = PeerPrograms(folder: try peersPlace(), cache: DatasetPlace.absolute(cache))
        let interpreter = try await programs.prepare()
        var failures = 0
        for peer in wantedPeers {
            do {
                try await programs.measure(
                    peer, interpreter: interpreter, dataset: folder.path, k: k, by: rules, limit: queries,
                    effort: PeerPrograms.Effort(rawValue: effort) ?? .quick, report: note)
            } catch let failure as PeerFailure {
                Output.note("\(failure)")
                failures += 1
            }
            try each()
        }
        return failures
    }

    /// Above the working folder or the program, where a checkout has them.
    private func peersPlace() throws -> String {
        if let peersFolder { return DatasetPlace.absolute(peersFolder) }
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        for start in [URL(filePath: FileManager.default.currentDirectoryPath), program] {
            var place = start
            while place.pathComponents.count > 1 {
                let folder = place.appending(path: "Benchmarks/Peers")
                if FileManager.default.fileExists(atPath: folder.appending(path: "run.py").path) { return folder.path }
                place.deleteLastPathComponent()
            }
        }
        throw Problem(
            .configuration, code: "no_peers", "The folder Benchmarks/Peers is neither above the working folder nor above the program.",
            remedy: "Run this in a checkout, or name the folder with --peers-folder.", parameter: "--peers")
    }

    private func page(_ report: BenchmarkReport) -> String {
        report.markdown(command: commandLine, picture: svg.map { ($0 as NSString).lastPathComponent })
    }

    private func write(_ report: BenchmarkReport) throws {
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try write(try encoder.encode(report), to: json)
        }
        if let svg { try write(Data(BenchmarkPicture(report).svg.utf8), to: svg) }
        if let markdown { try write(Data(page(report).utf8), to: markdown) }
    }

    private var commandLine: String {
        var words = ["bunko bench --dataset \(dataset) --peers \(peers) --k \(k) --threads \(threads)"]
        if batch > 0 { words.append("--batch \(batch)") }
        if let queries { words.append("--queries \(queries)") }
        if scenarios != "none" { words.append("--scenarios \(scenarios)") }
        if effort != PeerPrograms.Effort.quick.rawValue { words.append("--effort \(effort)") }
        return words.joined(separator: " ")
    }

    private func write(_ data: Data, to path: String) throws {
        let url = URL(filePath: DatasetPlace.absolute(path))
        do {
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: url, options: .atomic)
        } catch {
            throw DatasetError.unwritable(path: url.path, reason: error.localizedDescription)
        }
    }
}

private func rounded(_ value: Double, _ digits: Int) -> String {
    value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
}
