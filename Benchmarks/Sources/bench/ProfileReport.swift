import Foundation

/// The stages of some queries, and what they are held against.
struct ProfileReport {
    /// Nanoseconds of one query's stages, and what it read.
    struct Sample {
        let preparation, ranking, scan, rerank, hits: Double
        let probes, scanned, candidates, scored: Int

        var total: Double { preparation + ranking + scan + rerank + hits }
    }

    let rows: Int
    let dimensions: Int
    let lists: Int
    let k: Int
    let recall: Double
    let machine: Machine
    let samples: [Sample]
    /// A plain sequential read of memory that no cache holds.
    let bytesPerNanosecond: Double

    /// Bytes of a row's code with its factors and its slot.
    private var codeBytes: Double { Double(dimensions / 8 + 6 + 4) }
    private var vectorBytes: Double { Double(4 * dimensions) }

    private func mean(_ value: (Sample) -> Double) -> Double {
        samples.reduce(0) { $0 + value($1) } / Double(max(1, samples.count))
    }

    private var scanned: Double { mean { Double($0.scanned) } }
    private var scored: Double { mean { Double($0.scored) } }

    private struct Stage {
        let name: String
        let value: (Sample) -> Double
        /// What it did, by unit.
        let work: String
        /// What the memory alone, or the design's budget, allows; in nanoseconds.
        let bound: (value: Double, why: String)?
    }

    private var stages: [Stage] {
        let (scan, rerank) = (mean(\.scan), mean(\.rerank))
        return [
            Stage(
                name: "preparation: scaling, rotation, quantisation", value: \.preparation, work: "one query",
                bound: (1_200, "budget: a rotation")),
            Stage(
                name: "ranking of lists", value: \.ranking,
                work: lists > 1 ? "\(lists) lists, \(number(mean(\.ranking) / Double(lists), 1)) ns each" : "one list",
                bound: lists > 1 ? (Double(lists) * codeBytes / bytesPerNanosecond, "memory: their codes") : nil),
            Stage(
                name: "scan", value: \.scan, work: "\(number(scanned, 0)) rows, \(number(scan / scanned, 2)) ns each",
                bound: (scanned * codeBytes / bytesPerNanosecond, "memory: \(number(codeBytes, 0)) bytes a row")),
            Stage(
                name: "re-rank", value: \.rerank,
                work:
                    "\(number(mean { Double($0.candidates) }, 0)) candidates, \(number(scored, 1)) scored, \(number(rerank / max(1, scored), 0)) ns each",
                bound: (scored * vectorBytes / bytesPerNanosecond, "memory: \(number(vectorBytes, 0)) bytes a row")),
            Stage(name: "hits", value: \.hits, work: "\(k) hits", bound: nil),
        ]
    }

    var table: String {
        let total = mean(\.total)
        let head = ["| stage | µs, mean | share | work | bound µs |", "|---|---:|---:|---|---|"]
        let lines = stages.map { stage in
            let value = mean(stage.value)
            let bound = stage.bound.map { "\(number($0.value / 1e3, 1)) (\($0.why))" } ?? "–"
            return "| \(stage.name) | \(number(value / 1e3, 1)) | \(number(100 * value / total, 0)) % | \(stage.work) | \(bound) |"
        }
        let sorted = samples.map(\.total).sorted()
        let median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        let whole =
            "| whole query, p50 \(number(median / 1e3, 1)) | \(number(total / 1e3, 1)) | 100 % | \(number(mean { Double($0.probes) }, 1)) probes | \(whatIsAsked) |"
        return (head + lines + [whole]).joined(separator: "\n")
    }

    /// The design's estimate for a million rows; smaller sets have none.
    private var whatIsAsked: String { rows >= 1_000_000 ? "125 (budget of the design)" : "–" }

    func markdown(command: String) -> String {
        """
        # Stages of a query

        \(rows) rows × \(dimensions), k = \(k), recall \(recall) asked for, \(samples.count) queries on one thread, the fastest of five times each. \
        \(machine.processor), \(machine.cores) cores; load \(number(machine.load, 2)) at the start. Memory is read at \
        \(number(bytesPerNanosecond, 1)) GB/s by a plain sequential read in the same run.

        ```
        \(command)
        ```

        \(table)

        A stage ends where the next one's kernel is entered, so the stages add up to the whole. What the design allows: a rotation in 1.2 µs, a \
        row's code in 6.0 to 6.4 ns from memory, 24 rows scored. Repeated queries find in the caches what they have just read, so a stage may be \
        faster than its bound by memory.

        """
    }
}

private func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}
