extension BenchmarkReport {
    /// Numbers of rows the figures are asked for.
    private static let usual = 200_000
    private static let large = 1_000_000
    private static let own = "bunko"

    /// Every figure that was asked for and that this run decides, or would decide on another number of rows.
    public var asked: [AskedFigure] {
        againstPeers + delivered + againstBatches
            + scenarios.partitions.flatMap(Self.asked) + asked(scenarios.batch) + scenarios.filters.flatMap(asked)
            + asked(scenarios.build) + asked(scenarios.churn)
    }

    private func at(_ asked: Int) -> String { "\(asked.formatted(.number.locale(.init(identifier: "en")))) rows" }

    // MARK: - Peers

    private struct Rival {
        let name: String
        let systems: [String]
        /// Ratios by recall, asked for on `rows` rows.
        let ratios: [Double: Double]
        let rows: Int
    }

    private static let rivals = [
        Rival(name: "FAISS IVF-Flat", systems: ["FAISS IVFFlat"], ratios: [0.95: 12], rows: usual),
        Rival(name: "FAISS RaBitQFastScan + refine", systems: ["FAISS RaBitQfs + refine"], ratios: [0.95: 4], rows: usual),
        Rival(
            name: "the best of FAISS HNSW, hnswlib and USearch",
            systems: ["FAISS HNSW", "hnswlib", "USearch f32", "USearch bf16", "USearch i8"], ratios: [0.95: 4], rows: usual),
        Rival(name: "FAISS IVF-Flat", systems: ["FAISS IVFFlat"], ratios: [0.95: 18, 0.99: 20], rows: large),
        Rival(
            name: "pgvector hnsw, its server's time", systems: ["pgvector hnsw (server time)"], ratios: [0.95: 6, 0.99: 5], rows: large),
    ]

    /// Our speed in multiples of each rival's best, one query at a time.
    private var againstPeers: [AskedFigure] {
        let fronts = ParetoFront.fronts(of: results)
        let asksLarge = rows > (Self.usual + Self.large) / 2
        return Self.rivals.filter { $0.rows == (asksLarge ? Self.large : Self.usual) || $0.name.hasPrefix("pgvector") }.flatMap { rival in
            [0.95, 0.99].compactMap { recall in
                ratio(to: rival.systems, at: recall, in: fronts).map { ratio in
                    AskedFigure(
                        "queries a second at recall \(number(recall, 2)) against \(rival.name)",
                        rival.ratios[recall].map { _ in .atLeast }, rival.ratios[recall], ratio, "×", asks: at(rival.rows),
                        isAsAsked: rows == rival.rows && isSingleThreaded)
                }
            }
        }
    }

    private var isSingleThreaded: Bool { results.allSatisfy { $0.parameters["threads"] == nil } }

    /// Nil when none of the systems, or not ours, reaches the recall.
    private func ratio(to systems: [String], at recall: Double, in fronts: [ParetoFront]) -> Double? {
        let best = fronts.filter { systems.contains($0.system) }.compactMap { $0.qps(at: recall) }.max()
        guard let best, let own = fronts.first(where: { $0.system == Self.own })?.qps(at: recall) else { return nil }
        return own / best
    }

    private var againstBatches: [AskedFigure] {
        let fronts = ParetoFront.fronts(of: results, batch: true)
        guard let ratio = ratio(to: ["FAISS IVFFlat"], at: 0.95, in: fronts) else { return [] }
        return [
            AskedFigure(
                "batches at recall 0.95 against those of FAISS IVF-Flat", .atLeast, 15, ratio, "×", asks: "\(at(Self.usual)), 2 cores",
                isAsAsked: rows == Self.usual && results.contains { $0.isBatch && $0.parameters["threads"] == .integer(2) })
        ]
    }

    // MARK: - Our own

    /// What was got where a recall was asked for by name.
    var promised: [(promised: Double, result: BenchmarkResult)] {
        results.filter { $0.system == Self.own && !$0.isBatch }.compactMap { result in
            if case .number(let recall)? = result.parameters["recall"] { (recall, result) } else { nil }
        }
    }

    private var delivered: [AskedFigure] {
        promised.filter { $0.promised == 0.95 }.map {
            AskedFigure("recall delivered where 0.95 was asked for", .atLeast, 0.94, $0.result.recall)
        }
    }

    private static func asked(_ figures: PartitionFigures) -> [AskedFigure] {
        let name = "partition of \(figures.rows) rows"
        return [
            AskedFigure("\(name), p50 of a query", .atMost, figures.rows <= 2_000 ? 30 : 90, figures.search.p50, "µs"),
            AskedFigure("\(name), recall", .atLeast, 0.99, figures.search.recall),
        ]
    }

    private func asked(_ figures: BatchFigures?) -> [AskedFigure] {
        guard let figures, figures.cores > 1 else { return [] }
        let isAsAsked = rows == Self.usual && figures.cores == 2
        let asks = "\(at(Self.usual)), 2 cores"
        return [
            AskedFigure(
                "batch of \(figures.queries) against single queries on \(figures.cores) threads", .atLeast, 1.3, figures.ratio, "×",
                asks: asks, isAsAsked: isAsAsked),
            AskedFigure("recall of the batch", .atLeast, 0.95, figures.recall, asks: asks, isAsAsked: isAsAsked),
        ]
    }

    private func asked(_ figures: FilterFigures) -> [AskedFigure] {
        guard let unfiltered = scenarios.unfiltered else { return [] }
        let name = "filter for \(number(figures.share * 100, 0)) %, \(figures.layout.rawValue)"
        // The mean time: half of the unfiltered searches are far quicker than that, since a search ends where its lists grow poor.
        let bound = figures.share <= 0.01 ? 3 : figures.share <= 0.1 ? 2 : 1.5
        let (asks, isAsAsked) = (at(Self.usual), rows == Self.usual)
        return [
            AskedFigure(
                "\(name): time against unfiltered", .atMost, bound, unfiltered.qps / figures.search.qps, "×", asks: asks,
                isAsAsked: isAsAsked),
            AskedFigure("\(name): recall", .atLeast, 0.95, figures.search.recall, asks: asks, isAsAsked: isAsAsked),
            AskedFigure("\(name): answers with too few rows", .atMost, 0, Double(figures.short), asks: asks, isAsAsked: isAsAsked),
        ]
    }

    private func asked(_ figures: BuildFigures?) -> [AskedFigure] {
        guard let figures else { return [] }
        let isLarge = figures.rows == Self.large
        return [
            AskedFigure(
                "build", .atMost, 110, figures.seconds, "s", asks: "\(at(Self.large)), 2 cores", isAsAsked: isLarge && figures.workers == 2),
            AskedFigure(
                "memory at the height of the build, against the rows", .atMost, 1.15, figures.peakRatio, "×", asks: at(Self.large),
                isAsAsked: isLarge),
            AskedFigure(
                "bytes a row beyond its float32 values", .atMost, 250, figures.extraBytesPerRow, "B", asks: at(Self.large),
                isAsAsked: isLarge),
        ]
    }

    private func asked(_ figures: ChurnFigures?) -> [AskedFigure] {
        guard let figures else { return [] }
        let (asks, isAsAsked) = (at(Self.usual), rows == Self.usual)
        return figures.steps.flatMap { step in
            let name = "batches of \(step.batch) inserted while searching"
            return [
                AskedFigure("\(name), rows a second", .atLeast, 20_000, step.insertsPerSecond, asks: asks, isAsAsked: isAsAsked),
                AskedFigure(
                    "\(name): p99 of a search against idle", .atMost, 3, step.p99 / figures.idle.p99, "×", asks: asks, isAsAsked: isAsAsked),
                AskedFigure(
                    "recall lost after \(number(step.replaced * 100, 0)) % of the rows were replaced", .atMost, 0.01,
                    figures.idle.recall - step.after.recall, asks: asks, isAsAsked: isAsAsked),
            ]
        }
    }
}
