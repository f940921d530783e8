import Foundation
import Testing

@testable import VectorBenchmarks

struct ReportTests {
    private static func result(_ system: String, _ recall: Double, _ qps: Double, batch: Int? = nil) -> BenchmarkResult {
        BenchmarkResult(
            system: system, parameters: batch.map { ["batch": .integer($0)] } ?? ["n": .number(recall)], k: 10, recall: recall,
            recallP5: 0.5,
            recallMinimum: 0.25, qps: qps, p50: 1, p95: 2, p99: 3, buildSeconds: 4, memoryBytes: 5, callOverhead: nil)
    }

    @Test func aFrontHasWhatNothingBeats() throws {
        let results = [
            Self.result("a", 0.8, 1000), Self.result("a", 0.9, 400), Self.result("a", 0.85, 300), Self.result("a", 0.99, 100),
            Self.result("a", 0.99, 90), Self.result("b", 0.7, 5), Self.result("b", 0.99, 77, batch: 9),
        ]
        let fronts = ParetoFront.fronts(of: results)
        #expect(fronts.map(\.system) == ["a", "b"])
        #expect(fronts[0].results.map(\.qps) == [1000, 400, 100])
        #expect(fronts[0].fastest(reaching: 0.95)?.qps == 100)
        #expect(ParetoFront.fronts(of: results, batch: true).map(\.system) == ["b"])
        // Halfway between two settings: their geometric mean.
        #expect(abs((fronts[0].qps(at: 0.945) ?? 0) - 200) < 1e-6)
        #expect(fronts[0].qps(at: 0.5) == 1000)
        #expect(fronts[0].qps(at: 0.999) == nil)
    }

    @Test func jsonHasTheDocumentedForm() throws {
        let report = BenchmarkReport(dataset: "d", rows: 3, dimensions: 2, machine: "m", results: [Self.result("bunko", 0.5, 10)])
        let data = try JSONEncoder().encode(report)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(object.keys).isSuperset(of: ["dataset", "rows", "dimensions", "machine", "results"]))
        let first = try #require((object["results"] as? [[String: Any]])?.first)
        #expect(
            Set(first.keys).isSuperset(of: [
                "system", "parameters", "recall@10", "qps", "p50_us", "p95_us", "p99_us", "build_seconds", "memory_bytes",
            ]))
        #expect(try JSONDecoder().decode(BenchmarkReport.self, from: data).results == report.results)
    }

    @Test func aPeersLineIsRead() throws {
        let line = """
            {"system": "p", "parameters": {"a": 1, "b": 0.5, "c": "x", "d": true}, "recall@20": 0.9, "qps": 2, "p50_us": 1, "p95_us": 2, \
            "p99_us": 3, "build_seconds": 4.5, "memory_bytes": 6, "call_overhead_us": 5.1}
            """
        let result = try JSONDecoder().decode(BenchmarkResult.self, from: Data(line.utf8))
        #expect(result.k == 20 && result.recall == 0.9 && result.callOverhead == 5.1 && result.recallP5 == nil)
        #expect(result.parameters == ["a": .integer(1), "b": .number(0.5), "c": .text("x"), "d": .flag(true)])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(BenchmarkResult.self, from: Data(#"{"system":"p"}"#.utf8)) }
    }

    @Test func pagesAndPicturesNameEverySystem() throws {
        let results = [
            Self.result("bunko", 0.96, 1000), Self.result("a < b & c", 0.97, 100), Self.result("slow", 0.6, 10),
            Self.result("a < b & c", 0.99, 50, batch: 8),
        ]
        let report = BenchmarkReport(dataset: "d", rows: 3, dimensions: 2, machine: "m", results: results)
        let page = report.markdown(command: "bunko bench", picture: "x.svg")
        for part in ["| bunko |", "| slow | – | – | – |", "by batches", "](x.svg)"] { #expect(page.contains(part), "\(part)") }
        let svg = BenchmarkPicture(report).svg
        #expect(isWellFormed(svg), "\(svg)")
        #expect(svg.contains("a &lt; b &amp; c"))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        let empty = BenchmarkReport(dataset: "d", rows: 3, dimensions: 2, machine: "m", results: [])
        #expect(isWellFormed(BenchmarkPicture(empty).svg))
        #expect(!BenchmarkPicture(empty).svg.contains("nan"))
    }

    private static let search = SearchFigures(recall: 0.98, qps: 900, p50: 100, p99: 200)

    /// Every scenario, on as many rows.
    private static func report(rows: Int, _ results: [BenchmarkResult] = []) -> BenchmarkReport {
        var figures = ScenarioFigures()
        figures.build = BuildFigures(
            rows: rows, workers: 2, seconds: 3, peakBytes: 120 * rows, indexBytes: 110 * rows, vectorBytes: 100 * rows)
        figures.batch = BatchFigures(queries: 1000, cores: 2, recall: 0.96, qps: 1800, threads: search)
        figures.churn = ChurnFigures(
            rows: rows, source: "nowhere", idle: search,
            steps: [.init(replaced: 0.2, batch: 64, insertsPerSecond: 30_000, removalsPerSecond: 5, p50: 110, p99: 700, after: search)])
        figures.partitions = [PartitionFigures(rows: 2000, search: search)]
        figures.unfiltered = search
        figures.filters = [
            FilterFigures(
                layout: .clustered, share: 0.5, matched: rows / 2, short: 1,
                search: .init(recall: 0.9, qps: search.qps / 1.49, p50: 149, p99: 2))
        ]
        return BenchmarkReport(dataset: "d", rows: rows, dimensions: 25, machine: "m", results: results, scenarios: figures)
    }

    @Test func askedFiguresAreHeldAgainstTheirBounds() {
        let results = [
            Self.result("bunko", 0.95, 1300), Self.result("FAISS IVFFlat", 0.95, 100), Self.result("hnswlib", 0.96, 200),
            Self.result("USearch f32", 0.96, 500), Self.result("FAISS HNSW", 0.9, 9000),
        ]
        let asked = Self.report(rows: 200_000, results).asked
        func met(_ part: String) -> Bool? { asked.first { $0.what.contains(part) }?.isMet }
        #expect(met("recall 0.95 against FAISS IVF-Flat") == true)
        // The fastest of those that reach the recall counts.
        #expect(met("recall 0.95 against the best of") == false)
        #expect(met("RaBitQ") == nil)
        #expect(met("batch of 1000") == true && met("p50 of a query") == false)
        #expect(met("50 %, clustered: time") == true && met("clustered: recall") == false && met("too few rows") == false)
        #expect(met("height of the build") == false && met("bytes a row") == true)
        #expect(met("rows a second") == true && met("p99 of a search") == false && met("recall lost") == true)
        #expect(asked.filter { !$0.isAsAsked }.map(\.asks) == ["1,000,000 rows, 2 cores", "1,000,000 rows", "1,000,000 rows"])
        #expect(Self.report(rows: 1_000_000, results).asked.first { $0.what.contains("IVF-Flat") }?.asked == 18)
    }

    @Test func scenariosStandOnThePageAndInThePicture() throws {
        let report = Self.report(rows: 3000)
        let page = report.markdown(command: "bunko bench", picture: nil)
        for part in ["Asked and reached", "(**no**)", "50 %, clustered", "batches of 64", "nowhere", "| 2000 |"] {
            #expect(page.contains(part), "\(part)")
        }
        let svg = BenchmarkPicture(report).svg
        #expect(isWellFormed(svg) && svg.contains("no filter") && svg.contains("Small partitions"))
        let again = try JSONDecoder().decode(BenchmarkReport.self, from: try JSONEncoder().encode(report))
        #expect(again.scenarios == report.scenarios)
    }
}

/// Whether every tag of a text closes, and every < begins a tag.
private func isWellFormed(_ text: String) -> Bool {
    var open: [Substring] = []
    let tags = text.matches(of: /<(\/?)([A-Za-z]+)(?:\s+[\w-]+="[^"<]*")*\s*(\/?)>/)
    for tag in tags {
        if tag.1 == "/" {
            guard open.popLast() == tag.2 else { return false }
        } else if tag.3 != "/" {
            open.append(tag.2)
        }
    }
    return open.isEmpty && tags.count == text.count { $0 == "<" }
}
