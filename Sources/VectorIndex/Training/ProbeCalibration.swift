import CVectorKernels
import Foundation

/// How far a search must probe for a recall, measured on rows of the partition that stand in for queries.
///
/// A query probes the lists whose score is at most a gap under its best list's: easy queries probe few, hard ones many, up to a cap. For
/// gaps from small to large the calibration holds the share of true neighbours whose list was probed.
struct ProbeCalibration: Sendable {
    struct Point: Sendable, Equatable {
        var gap: Float
        var mostProbes: Int
        var meanProbes: Double
        /// Mean share of the 10 and of the 100 nearest rows in probed lists.
        var recall10: Double
        var recall100: Double
    }

    struct Reach: Equatable {
        var gap: Float
        var mostProbes: Int
        var meanProbes: Double
    }

    /// By ascending gap.
    let points: [Point]
    /// Rows of the partition when it was calibrated.
    let rows: Int

    /// What the codes' bounds lose on top of the lists that were not probed.
    private static let lossOfCodes = 0.002
    /// Questions are further from the rows than rows are from their kin: seen on generated sets of both presets, they miss this many times
    /// what rows miss.
    private static let strangersMiss = 1.35
    /// Among many equal rows it does not matter which are the nearest.
    fileprivate static let mostRowsScored = 4_000
    /// A query never probes more than this many times the mean.
    private static let capOverMean = 3.0
    private static let shares = [
        0.3, 0.5, 0.65, 0.75, 0.8, 0.84, 0.88, 0.9, 0.92, 0.935, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.994, 0.997, 0.999, 1,
    ]

    /// The smallest reach for a recall between 0 and 1 of the k nearest rows.
    func reach(recall: Double, k: Int, lists: Int) -> Reach {
        let target = min(1, 1 - (1 - recall) / Self.strangersMiss + Self.lossOfCodes)
        guard let above = points.firstIndex(where: { Self.recall($0, k) >= target }) else {
            return Reach(gap: .infinity, mostProbes: lists, meanProbes: Double(lists))
        }
        let high = points[above]
        guard above > 0 else { return Reach(gap: high.gap, mostProbes: high.mostProbes, meanProbes: high.meanProbes) }
        let low = points[above - 1]
        let (from, to) = (Self.recall(low, k), Self.recall(high, k))
        let part = to > from ? (target - from) / (to - from) : 1
        return Reach(
            gap: low.gap + Float(part) * (high.gap - low.gap),
            mostProbes: Int((Double(low.mostProbes) + part * Double(high.mostProbes - low.mostProbes)).rounded(.up)),
            meanProbes: low.meanProbes + part * (high.meanProbes - low.meanProbes))
    }

    /// Between the calibrated numbers of hits, and beyond them, recall goes with the logarithm of k.
    private static func recall(_ point: Point, _ k: Int) -> Double {
        let part = max(0, log10(Double(k)) - 1)
        return max(0, point.recall10 + min(2, part) * (point.recall100 - point.recall10))
    }

    /// Calibrates a trained partition. Reads every code for each row of the sample, so it costs about as much as that many searches of all
    /// lists.
    static func measure(_ view: PartitionView, rotation: Rotation, configuration: IndexConfiguration) -> ProbeCalibration {
        guard let coarse = view.table.coarse, let space = view.table.space else { return ProbeCalibration(points: [], rows: 0) }
        let sample = Sample(view, rotation: rotation, configuration: configuration)
        let gaps = shares.map { share in
            sample.gaps.isEmpty ? 0 : sample.gaps[min(sample.gaps.count - 1, Int(share * Double(sample.gaps.count)))]
        }
        let reaches = gaps.map { gap in
            let mean = sample.meanProbes(gap: gap)
            return (gap: gap, most: min(coarse.lists, max(8, Int(capOverMean * mean))))
        }
        let points = sample.points(reaches, coarse: coarse, space: space, workers: configuration.workers)
        return ProbeCalibration(points: points, rows: view.liveCount)
    }

    /// The rows that stand in for queries: one at random from each of as many equal parts.
    static func sample(of slots: [Slot], configuration: IndexConfiguration) -> [Slot] {
        var generator = SplitMix64(seed: configuration.seed &+ 2)
        let count = min(configuration.maintenance.calibrationRows, slots.count, 8 + slots.count / 50)
        return (0..<count).map { part in
            slots[Int.random(in: part * slots.count / count..<(part + 1) * slots.count / count, using: &generator)]
        }
    }

    /// Rows as queries, with the lists of their neighbours.
    fileprivate struct Sample: Sendable {
        struct Member: Sendable {
            var slot: Slot
            /// Lists of the nearest rows, nearest first.
            var neighbours: [UInt32] = []
            /// Gaps of all lists, ascending.
            var gaps: [Float] = []
            var gapOfList: [Float] = []
        }

        let view: PartitionView
        let rotation: Rotation
        var members: [Member]
        /// Gaps of the lists of all 10 nearest rows, ascending.
        var gaps: [Float] = []

        init(_ view: PartitionView, rotation: Rotation, configuration: IndexConfiguration) {
            self.view = view
            self.rotation = rotation
            members = ProbeCalibration.sample(of: view.live.slots, configuration: configuration).map { Member(slot: $0) }
            var listOfSlot = [UInt32](repeating: .max, count: view.live.capacity)
            for (number, list) in view.table.lists.enumerated() {
                // Writers may have appended rows that the view does not know.
                for row in 0..<list.count where view.live.contains(list.slot(row)) { listOfSlot[Int(list.slot(row))] = UInt32(number) }
            }
            let (filled, nearest) = Self.filled(members, view, rotation, listOfSlot, configuration.workers)
            members = filled
            gaps = nearest.sorted()
        }

        private static func filled(
            _ members: [Member], _ view: PartitionView, _ rotation: Rotation, _ listOfSlot: [UInt32], _ workers: Int
        ) -> (members: [Member], gaps: [Float]) {
            var filled = members
            filled.withUnsafeMutableBufferPointer { buffer in
                guard let target = SendablePointer(buffer.baseAddress) else { return }
                inParallel(buffer.count, grain: 4, workers: workers) { range in
                    for position in range { target.pointer[position].fill(view, rotation, listOfSlot) }
                }
            }
            let gaps = filled.flatMap { member in member.neighbours.prefix(10).indices.map { member.gapOfNeighbour($0) } }
            return (filled, gaps)
        }

        func meanProbes(gap: Float) -> Double {
            let probed = members.reduce(0) { $0 + $1.gaps.count { $0 <= gap } }
            return Double(probed) / Double(max(1, members.count))
        }

        /// What a probing of each reach finds.
        func points(_ reaches: [(gap: Float, most: Int)], coarse: CoarseQuantizer, space: CodeSpace, workers: Int) -> [Point] {
            var found = [(ten: Double, hundred: Double, probes: Int)](repeating: (0, 0, 0), count: members.count * reaches.count)
            let (members, count) = (members, Double(max(1, members.count)))
            found.withUnsafeMutableBufferPointer { buffer in
                guard let target = SendablePointer(buffer.baseAddress) else { return }
                inParallel(members.count, grain: 8, workers: workers) { range in
                    for position in range {
                        let query = members[position].query(view, rotation)
                        let neighbours = members[position].neighbours
                        for (number, reach) in reaches.enumerated() {
                            let probed = Set(coarse.rank(query, space: space, gap: reach.gap, most: reach.most).order)
                            func share(_ lists: ArraySlice<UInt32>) -> Double {
                                lists.isEmpty ? 1 : Double(lists.count { probed.contains($0) }) / Double(lists.count)
                            }
                            target.pointer[number * members.count + position] = (
                                share(neighbours.prefix(10)), share(neighbours[...]), probed.count
                            )
                        }
                    }
                }
            }
            return reaches.enumerated().map { number, reach in
                let found = found[number * members.count..<(number + 1) * members.count]
                return Point(
                    gap: reach.gap, mostProbes: reach.most, meanProbes: Double(found.reduce(0) { $0 + $1.probes }) / count,
                    recall10: found.reduce(0) { $0 + $1.ten } / count, recall100: found.reduce(0) { $0 + $1.hundred } / count)
            }
        }
    }
}

extension ProbeCalibration.Sample.Member {
    fileprivate func query(_ view: PartitionView, _ rotation: Rotation) -> QueryCode {
        let vector = Array(UnsafeBufferPointer(start: view.table.vector(slot), count: rotation.dimensions))
        return QueryCode(vector, norm: 1, rotation: rotation)
    }

    fileprivate mutating func fill(_ view: PartitionView, _ rotation: Rotation, _ listOfSlot: [UInt32]) {
        guard let coarse = view.table.coarse, let space = view.table.space else { return }
        let part = SearchScope.Part(id: UUID(), view: view, rows: view.live, matched: view.liveCount, isFiltered: false)
        let vector = Array(UnsafeBufferPointer(start: view.table.vector(slot), count: rotation.dimensions))
        var search = PartitionSearch(
            vector, norm: 1, scope: SearchScope(parts: [part], rotation: rotation), k: 101, effort: .probes(coarse.lists, epsilon: 2.5))
        let nearest = search.nearestSlots(scoringAtMost: ProbeCalibration.mostRowsScored).filter { $0 != slot }.prefix(100)
        let ranking = coarse.rank(query(view, rotation), space: space, most: coarse.lists)
        let best = ranking.scores.first ?? 0
        neighbours = nearest.map { listOfSlot[Int($0)] }
        gaps = ranking.scores.map { best - $0 }
        gapOfList = [Float](repeating: .infinity, count: coarse.lists)
        for (list, score) in zip(ranking.order, ranking.scores) { gapOfList[Int(list)] = best - score }
    }

    fileprivate func gapOfNeighbour(_ position: Int) -> Float {
        let list = Int(neighbours[position])
        return list < gapOfList.count ? gapOfList[list] : .infinity
    }
}
