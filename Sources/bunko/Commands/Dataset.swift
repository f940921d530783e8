import ArgumentParser
import Domain
import Foundation
import VectorDatasets

struct Dataset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make and examine sets of vectors to measure an index on.",
        discussion: """
            A data set is a folder: base.fbin and query.fbin (u32 rows, u32 dimensions, float32 rows), gt.ibin (u32 queries, u32 k, all i32 \
            ids, all f32 scores). fvecs and ivecs are read too.
            """,
        subcommands: [Generate.self, Info.self])

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Generate embeddings as hard for an index as OpenAI's, with queries and their exact neighbours.",
            discussion: """
                The same recipe gives the same bytes on every machine. The folder appears when it is complete; a folder that holds the \
                same set already is left as it is.
                """)

        @Option(help: "Rows to be searched.")
        var rows: Int
        @Option(help: "Queries.")
        var queries = 1000
        @Option(help: "What everything is drawn from.")
        var seed: UInt64 = 1
        @Option(
            help: ArgumentHelp("3large: like text-embedding-3, mean cosine 0.13; ada: like ada-002, mean cosine 0.7.", valueName: "name"))
        var preset = EmbeddingPreset.threeLarge.name
        @Option(help: ArgumentHelp("The folder to make.", valueName: "dir"))
        var out: String
        @Option(help: "Exact neighbours of each query.")
        var k = 100
        @Option(help: "Threads; all cores unless given.")
        var threads = ProcessInfo.processInfo.activeProcessorCount
        @Flag(help: "Print facts as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            // Row numbers are 32 bits wide in the formats.
            guard (1...Int(Int32.max)).contains(rows) else { throw ValidationError("--rows is \(rows); it must be 1 to \(Int32.max).") }
            guard (1...1_000_000).contains(queries) else { throw ValidationError("--queries is \(queries); it must be 1 to 1000000.") }
            guard (1...10_000).contains(k) else { throw ValidationError("--k is \(k); it must be 1 to 10000.") }
            guard (1...256).contains(threads) else { throw ValidationError("--threads is \(threads); it must be 1 to 256.") }
            guard EmbeddingPreset(named: preset) != nil else {
                let names = EmbeddingPreset.all.map(\.name).joined(separator: " and ")
                throw ValidationError("--preset is \"\(preset)\"; there are \(names).")
            }
        }

        private struct Facts: Encodable {
            let path: String
            let made: Bool
            let rows: Int
            let dimensions: Int
            let queries: Int
            let k: Int
            let seed: UInt64
            let preset: String
            let base_sha256: String
            let seconds: Double
        }

        func run() async throws {
            guard let preset = EmbeddingPreset(named: preset) else { return }
            let recipe = DatasetManifest.Recipe(preset: preset, rows: rows, queries: queries, seed: seed, k: k)
            let folder = DatasetFolder(path: DatasetPlace.absolute(out))
            let display = StepDisplay()
            let (start, threads) = (ContinuousClock.now, threads)
            let outcome = try await asProblem {
                try await untilSignalled {
                    defer { display.finish() }
                    return try await folder.generate(recipe, threads: threads) { step, done, total in
                        display.advance(step == .rows ? "rows" : "exact neighbours", by: done, of: total)
                    }
                }
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            switch outcome {
            case .made(let manifest):
                try tell(manifest, folder, made: true, seconds)
            case .alreadyThere(let manifest):
                if !json { Output.line("\(folder.path) holds this data set already.") }
                try tell(manifest, folder, made: false, seconds)
            }
        }

        private func tell(_ manifest: DatasetManifest, _ folder: DatasetFolder, made: Bool, _ seconds: Double) throws {
            let recipe = manifest.recipe
            if json {
                return try Output.json(
                    Facts(
                        path: folder.path, made: made, rows: recipe.rows, dimensions: manifest.dimensions, queries: recipe.queries,
                        k: recipe.k, seed: recipe.seed, preset: recipe.preset, base_sha256: manifest.baseSHA256, seconds: seconds))
            }
            if made {
                Output.line("Made \(folder.path) in \(seconds.formatted(.number.precision(.fractionLength(1)).grouping(.never))) s.")
            }
            Output.line("  \(recipe.rows) rows × \(manifest.dimensions), \(recipe.queries) queries, \(recipe.k) exact neighbours of each")
            Output.line("  base.fbin SHA-256 \(manifest.baseSHA256)")
        }
    }

    struct Info: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a set of vectors is like.",
            discussion: "Distances are 1 - cosine. RC10 and LID100 need queries with exact neighbours.")

        @Argument(help: "The data set's folder.")
        var folder: String
        @Flag(help: "Print facts as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let folder = DatasetFolder(path: DatasetPlace.absolute(folder))
            let statistics = try await asProblem {
                try await folder.statistics(threads: ProcessInfo.processInfo.activeProcessorCount)
            }
            if json { return try Output.json(statistics) }
            Output.line(folder.path)
            TextTable(["", ""], lines(statistics)).lines.dropFirst().forEach { Output.line($0) }
            if statistics.matchesManifest == false {
                throw Problem(
                    .unprocessable, code: "checksum_mismatch", "base.fbin is not the file that was generated.",
                    remedy: "Remove the folder and generate the set again.", parameter: folder.path)
            }
        }

        private func lines(_ statistics: DatasetStatistics) -> [[String]] {
            let components = statistics.components
            return [
                ["rows", "\(statistics.rows) × \(statistics.dimensions)"],
                ["queries", statistics.queries == 0 ? "none" : "\(statistics.queries), \(statistics.k) exact neighbours of each"],
                [
                    "norms",
                    "\(number(statistics.norms.min, 6)) / \(number(statistics.norms.mean, 6)) / \(number(statistics.norms.max, 6)) (min / mean / max)",
                ],
                ["mean cosine", number(statistics.meanCosine, 4)],
                ["relative contrast RC10", text(statistics.rc10, 2)],
                ["intrinsic dimension LID100", text(statistics.lid100, 1)],
                [
                    "principal components",
                    "participation \(number(components.participation, 1)); 90 % of the variance in \(components.dimensions90), "
                        + "95 % in \(components.dimensions95) (of \(components.sample) rows)",
                ],
                [
                    "SHA-256 of the base",
                    statistics.sha256 + (statistics.matchesManifest.map { $0 ? ", as generated" : ", NOT as generated" } ?? ""),
                ],
            ]
        }

        private func text(_ percentiles: DatasetStatistics.Percentiles?, _ digits: Int) -> String {
            guard let percentiles else { return "unknown without enough exact neighbours" }
            return [percentiles.p10, percentiles.p50, percentiles.p90].map { number($0, digits) }.joined(separator: " / ")
                + " (p10 / p50 / p90)"
        }

        private func number(_ value: Double, _ digits: Int) -> String {
            value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
        }
    }
}

/// Runs work on a data set; what is wrong with its files becomes a problem with the exit code that belongs to it.
func asProblem<R>(_ work: () async throws -> R) async throws -> R {
    do {
        return try await work()
    } catch let error as DatasetError {
        throw Problem(error)
    }
}

extension Problem {
    fileprivate init(_ error: DatasetError) {
        let kind: Kind =
            switch error {
            case .unreadable, .unwritable: .environment
            case .linearAlgebra: .internalFault
            default: .invalidRequest
            }
        self.init(kind, code: "dataset", "\(error)")
    }
}

/// Where data sets are.
enum DatasetPlace {
    static func absolute(_ path: String) -> String {
        URL(filePath: (path as NSString).expandingTildeInPath).standardizedFileURL.path(percentEncoded: false)
    }
}
