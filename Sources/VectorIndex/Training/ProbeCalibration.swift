import RowFilters
import CVectorKernels
import Foundation

/// How far a search must probe for a recall, measured on rows of the partition that stand in for queries.
///
/// A search probes its lists by descending score and ends at the first whose score is under a bar: a weighted sum of the best list's score
/// and of the k-th best row's found so far, less a margin. The best list tells how near a query is to the rows, the k-th row how deep the
/// lists have to be searched; under a filter it is the k-th row that matches, so the bar sinks as far as the filter makes it. Easy queries
/// probe few lists, hard ones many, up to a cap.
///
/// The margins that a recall needs hardly differ between numbers of hits, nor between rows and questions: seen on generated sets, by 0.01.
struct ProbeCalibration: Sendable {
    /// A recall of the k nearest rows, and what it takes.
    struct Point: Sendable, Equatable {
        var k: Int
        var margin: Float
        var mostProbes: Int
        var meanProbes: Double
        /// Mean share of the k nearest rows whose list is probed.
        var recall: Double
    }

    struct Reach: Equatable {
        /// What the bar is made of: `best` times the best list's score, `kth` times the k-th row's, less `margin`.
        var best: Float
        var kth: Float
        var margin: Float
        var mostProbes: Int
        var meanProbes: Double
    }

    /// By ascending k, then ascending margin.
    let points: [Point]
    /// Rows of the partition when it was calibrated.
    let rows: Int
    /// Mean of the codes' deviations for a query at distance 1 from the centre: what lies between a row's bound and its score.
    let deviation: Float

    static let none = ProbeCalibration(points: [], rows: 0, deviation: 0)

    /// What the codes' bounds lose on top of the lists that were not probed.
    private static let lossOfCodes = 0.002
    /// Questions miss this many times what rows miss among the 10 nearest, where rows have kin, and among the 100 nearest.
    private static let strangersMiss = (near: 1.35, deep: 1.2)
    /// Among many equal rows it does not matter which are the nearest.
    fileprivate static let mostRowsScored = 4_000
    /// A query never probes more than this many times the mean.
    private static let capOverMean = 6.0
    /// Numbers of neighbours that are calibrated; between them margins go with the logarithm.
    static let levels = [10, 30, 100]
    private static let shares = [
        0.3, 0.5, 0.65, 0.75, 0.8, 0.84, 0.88, 0.9, 0.92, 0.935, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.994, 0.997, 0.999, 1,
    ]

    /// The weights of the best list's score and of the k-th row's, which probe the fewest lists for a recall of 0.95: measured at 10, 20, 50
    /// and 100 neighbours.
    private static func weights(k: Double) -> (best: Float, kth: Float) {
        let depth = depth(k)
        return (0.75 - 0.5 * depth, 0.5 + 0.5 * depth)
    }

    /// 0 for 10 neighbours and fewer, 1 for 100 and more.
    private static func depth(_ k: Double) -> Float {
        Float(min(1, max(0, log10(k) - 1)))
    }

    /// The smallest reach for a recall between 0 and 1 of the k nearest rows.
    func reach(recall: Double, k: Double, lists: Int) -> Reach {
        let weights = Self.weights(k: k)
        let misses = Self.strangersMiss.near + Double(Self.depth(k)) * (Self.strangersMiss.deep - Self.strangersMiss.near)
        let target = min(1, 1 - (1 - recall) / misses + Self.lossOfCodes)
        let upper = Self.levels.firstIndex { Double($0) >= k } ?? Self.levels.count - 1
        let lower = max(0, upper - 1)
        let high = point(recall: target, level: Self.levels[upper])
        let low = upper == 0 ? high : point(recall: target, level: Self.levels[lower])
        guard let high, let low else {
            return Reach(best: weights.best, kth: weights.kth, margin: .infinity, mostProbes: lists, meanProbes: Double(lists))
        }
        let span = log(Double(Self.levels[upper])) - log(Double(Self.levels[lower]))
        let part = span > 0 ? min(1, max(0, (log(k) - log(Double(Self.levels[lower]))) / span)) : 0
        // Beyond the levels the margin stays; deeper rows lie in more lists all the same.
        let beyond = max(1, k / Double(Self.levels[Self.levels.count - 1]))
        func between(_ low: Double, _ high: Double) -> Double { low + part * (high - low) }
        return Reach(
            best: weights.best, kth: weights.kth, margin: Float(between(Double(low.margin), Double(high.margin))),
            mostProbes: min(lists, Int((between(Double(low.mostProbes), Double(high.mostProbes)) * beyond).rounded(.up))),
            meanProbes: min(Double(lists), between(low.meanProbes, high.meanProbes) * beyond))
    }

    /// Where a level's points reach a recall; nil when they do not.
    private func point(recall: Double, level: Int) -> Point? {
        let points = points.filter { $0.k == level }
        guard let above = points.firstIndex(where: { $0.recall >= recall }) else { return nil }
        let high = points[above]
        guard above > 0, high.recall > points[above - 1].recall else { return high }
        let low = points[above - 1]
        let part = (recall - low.recall) / (high.recall - low.recall)
        return Point(
            k: level, margin: low.margin + Float(part) * (high.margin - low.margin),
            mostProbes: Int((Double(low.mostProbes) + part * Double(high.mostProbes - low.mostProbes)).rounded(.up)),
            meanProbes: low.meanProbes + part * (high.meanProbes - low.meanProbes), recall: recall)
    }

    /// Calibrates a trained partition. Reads every code for each row of the sample, so it costs about as much as that many searches of all
    /// lists.
    static func measure(_ view: PartitionView, rotation: Rotation, configuration: IndexConfiguration) -> ProbeCalibration {
        guard let coarse = view.table.coarse else { return .none }
        let deviation = view.table.meanDeviation
        let members = sample(view, rotation: rotation, deviation: deviation, configuration: configuration)
        guard !members.isEmpty else { return .none }
        let points = levels.flatMap { level in
            let margins = members.flatMap { $0.margins(k: level) }.sorted()
            return shares.map { share in
                let margin = margins.isEmpty ? 0 : margins[min(margins.count - 1, Int(share * Double(margins.count)))]
                return point(members, k: level, margin: margin, lists: coarse.lists)
            }
        }
        return ProbeCalibration(points: points, rows: view.liveCount, deviation: deviation)
    }

    private static func point(_ members: [Member], k: Int, margin: Float, lists: Int) -> Point {
        let probes = members.map { $0.lists(above: $0.bar(k: k, margin: margin)) }
        let mean = Double(probes.reduce(0, +)) / Double(members.count)
        let most = min(lists, max(8, Int(capOverMean * mean)))
        let recall = zip(members, probes).reduce(0.0) { $0 + $1.0.recall(k: k, probes: min(most, $1.1)) } / Double(members.count)
        return Point(
            k: k, margin: margin, mostProbes: most, meanProbes: Double(probes.reduce(0) { $0 + min(most, $1) }) / Double(members.count),
            recall: recall)
    }

    /// The rows that stand in for queries: one at random from each of as many equal parts.
    static func sample(of slots: [Slot], configuration: IndexConfiguration) -> [Slot] {
        var generator = SplitMix64(seed: configuration.seed &+ 2)
        let count = min(configuration.maintenance.calibrationRows, slots.count, 8 + slots.count / 50)
        return (0..<count).map { part in
            slots[Int.random(in: part * slots.count / count..<(part + 1) * slots.count / count, using: &generator)]
        }
    }

    /// A row as a query.
    fileprivate struct Member: Sendable {
        /// Scores of all lists, descending.
        var lists: [Float] = []
        /// What a search takes for the scores of its nearest rows: their bounds, descending, raised as far as an average row's lies under its
        /// score. Codes are the luckier the more rows there are, so this is more than the scores themselves.
        var bounds: [Float] = []
        /// The place among all of the list of each of its nearest rows, nearest first.
        var neighbours: [Int] = []
    }

    fileprivate static func sample(_ view: PartitionView, rotation: Rotation, deviation: Float, configuration: IndexConfiguration)
        -> [Member]
    {
        let slots = sample(of: view.live.slots, configuration: configuration)
        var listOfSlot = [UInt32](repeating: .max, count: view.live.capacity)
        for (number, list) in view.table.lists.enumerated() {
            // Writers may have appended rows that the view does not know.
            for row in 0..<list.count where view.live.contains(list.slot(row)) { listOfSlot[Int(list.slot(row))] = UInt32(number) }
        }
        var members = [Member](repeating: Member(), count: slots.count)
        let lists = listOfSlot
        members.withUnsafeMutableBufferPointer { buffer in
            guard let target = SendablePointer(buffer.baseAddress) else { return }
            inParallel(buffer.count, grain: 4, workers: configuration.workers) { range in
                for position in range { target.pointer[position] = Member(slots[position], view, rotation, lists, deviation: deviation) }
            }
        }
        return members
    }
}

extension ProbeCalibration.Member {
    /// Width of the bounds.
    private static let epsilon: Float = 2.5

    fileprivate init(_ slot: Slot, _ view: PartitionView, _ rotation: Rotation, _ listOfSlot: [UInt32], deviation: Float) {
        guard let coarse = view.table.coarse, let space = view.table.space else { return }
        let part = SearchScope.Part(id: UUID(), view: view, rows: view.live, matched: view.liveCount, isFiltered: false)
        let vector = Array(UnsafeBufferPointer(start: view.table.vector(slot), count: rotation.dimensions))
        var search = PartitionSearch(
            vector, norm: 1, scope: SearchScope(parts: [part], rotation: rotation), k: 101,
            effort: .probes(coarse.lists, epsilon: Self.epsilon))
        let nearest = search.nearest(scoringAtMost: ProbeCalibration.mostRowsScored).filter { $0.slot != slot }.prefix(100)
        let ranking = coarse.rank(search.query, coarse.estimates(search.query, space: space), most: coarse.lists)
        var places = [Int](repeating: coarse.lists, count: coarse.lists)
        for (place, list) in ranking.order.enumerated() { places[Int(list)] = place }
        lists = ranking.scores
        let lift = search.query.withCodeQuery(space: space, epsilon: Self.epsilon) { Self.epsilon * deviation * $0.distance }
        // The first is the row itself.
        bounds = search.collector.lowerBounds.dropFirst().map { $0 + lift }
        neighbours = nearest.map { row in
            let list = Int(listOfSlot[Int(row.slot)])
            return list < places.count ? places[list] : coarse.lists
        }
    }

    /// The score a list must have to be probed.
    fileprivate func bar(k: Int, margin: Float) -> Float {
        let weights = ProbeCalibration.weights(k: Double(k))
        guard let kth = bounds.prefix(k).last else { return -.infinity }
        return weights.best * (lists.first ?? 0) + weights.kth * kth - margin
    }

    /// How many lists, the best ones, have at least this score; at least one.
    fileprivate func lists(above bar: Float) -> Int {
        max(1, lists.partitioningIndex { $0 < bar })
    }

    fileprivate func recall(k: Int, probes: Int) -> Double {
        let nearest = neighbours.prefix(k)
        return nearest.isEmpty ? 1 : Double(nearest.count { $0 < probes }) / Double(nearest.count)
    }

    /// The margins from which on the lists of the k nearest rows are probed.
    fileprivate func margins(k: Int) -> [Float] {
        neighbours.prefix(k).filter { $0 < lists.count }.map { bar(k: k, margin: 0) - lists[$0] }
    }
}

extension Array {
    /// The first position from which on the predicate holds, in an array where it holds from some position on.
    fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension PartitionTable {
    /// Mean of the codes' deviations, of the first rows of each list.
    fileprivate var meanDeviation: Float {
        var sum = 0.0
        var count = 0
        for list in lists {
            for row in 0..<Swift.min(4, list.count) {
                sum += Double(bunko_half_to_float(withUnsafePointer(to: list.view) { bunko_list_factors($0, row) }.error))
                count += 1
            }
        }
        return count == 0 ? 0 : Float(sum / Double(count))
    }
}
