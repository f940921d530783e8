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
        #expect(Set(object.keys) == ["dataset", "rows", "dimensions", "machine", "results"])
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
