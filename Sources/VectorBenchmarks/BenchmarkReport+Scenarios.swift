extension BenchmarkReport {
    /// The scenarios' tables, of those that were measured.
    var scenarioTables: [String] {
        promiseTable + buildTable + partitionTable + batchTable + filterTable + churnTable
    }

    private var promiseTable: [String] {
        guard !promised.isEmpty else { return [] }
        return section(
            "Recall asked for and delivered", ["asked for", "delivered (p5, min)", "QPS", "p50 / p95 / p99 µs"],
            promised.map { asked, got in
                let spread = [got.recallP5, got.recallMinimum].compactMap { $0.map { number($0, 2) } }.joined(separator: ", ")
                return [
                    number(asked, 4), "\(number(got.recall, 4)) (\(spread))", number(got.qps, 0),
                    [got.p50, got.p95, got.p99].map { number($0, 0) }.joined(separator: " / "),
                ]
            })
    }

    private var buildTable: [String] {
        guard let build = scenarios.build else { return [] }
        return section(
            "Build", ["rows", "threads", "seconds", "rows MB", "index MB", "height of the process MB", "bytes a row beyond float32"],
            [
                [
                    "\(build.rows)", "\(build.workers)", number(build.seconds, 1), megabytes(build.vectorBytes),
                    megabytes(build.indexBytes),
                    megabytes(build.peakBytes), number(build.extraBytesPerRow, 0),
                ]
            ])
    }

    private var partitionTable: [String] {
        guard !scenarios.partitions.isEmpty else { return [] }
        return section(
            "Small partitions", ["rows"] + Self.searchHead, scenarios.partitions.map { ["\($0.rows)"] + cells($0.search) })
    }

    private var batchTable: [String] {
        guard let batch = scenarios.batch else { return [] }
        return section(
            "All cores", ["\(batch.cores) cores", "recall", "QPS"],
            [
                ["batch of \(batch.queries)", number(batch.recall, 4), number(batch.qps, 0)],
                ["\(batch.cores) threads, one query at a time", number(batch.threads.recall, 4), number(batch.threads.qps, 0)],
            ])
    }

    private var filterTable: [String] {
        guard let unfiltered = scenarios.unfiltered, !scenarios.filters.isEmpty else { return [] }
        let plain = ["none", "\(rows)"] + cells(unfiltered) + ["1.00", "1.00", "–"]
        return section(
            "Filters", ["filter", "rows that match"] + Self.searchHead + ["time against none", "p50 against none", "answers too short"],
            [plain]
                + scenarios.filters.map {
                    ["\(number($0.share * 100, 0)) %, \($0.layout.rawValue)", "\($0.matched)"] + cells($0.search)
                        + [number(unfiltered.qps / $0.search.qps, 2), number($0.search.p50 / unfiltered.p50, 2), "\($0.short)"]
                })
    }

    private var churnTable: [String] {
        guard let churn = scenarios.churn else { return [] }
        let idle = [
            "–", "–", "–", "–", number(churn.idle.p50, 0) + " / " + number(churn.idle.p99, 0), number(churn.idle.recall, 4),
            number(churn.idle.p50, 0),
        ]
        let table = section(
            "Rows replaced while searching",
            [
                "replaced", "batches of", "inserted rows/s", "removed rows/s", "search meanwhile p50 / p99 µs", "recall afterwards",
                "p50 µs afterwards",
            ],
            [idle]
                + churn.steps.map {
                    [
                        "\(number($0.replaced * 100, 0)) %", "\($0.batch)", number($0.insertsPerSecond, 0), number($0.removalsPerSecond, 0),
                        number($0.p50, 0) + " / " + number($0.p99, 0), number($0.after.recall, 4), number($0.after.p50, 0),
                    ]
                })
        return table + [
            "",
            "New rows: \(churn.source). One writer on a core of its own, one thread that searches; lists are split by the writer. The memory that "
                + "new rows take was touched before.",
        ]
    }

    private static let searchHead = ["recall", "QPS", "p50 µs", "p99 µs"]

    private func cells(_ search: SearchFigures) -> [String] {
        [number(search.recall, 4), number(search.qps, 0), number(search.p50, 0), number(search.p99, 0)]
    }

    private func section(_ title: String, _ head: [String], _ rows: [[String]]) -> [String] {
        ["", "## \(title)", "", "| \(head.joined(separator: " | ")) |", "|---|" + String(repeating: "---:|", count: head.count - 1)]
            + rows.map { "| \($0.joined(separator: " | ")) |" }
    }

    private func megabytes(_ bytes: Int) -> String { number(Double(bytes) / 1e6, 0) }
}
