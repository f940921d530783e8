import RowFilters
import CBLAS
import CVectorKernels
import FoundationEssentials
import Synchronization

extension Partition {
    /// A list this many times the mean is split, and one under this share of it is merged with others.
    private static let largestListOverMean = 3
    private static let smallestListOverMean = 0.3
    /// Lists merged in one step: writers wait for it.
    private static let mergesPerStep = 8
    /// Lists whose rows may move when one of them is split.
    private static let neighbours = 8

    /// Whether so many of the partition's rows are too many for one list.
    func isLarge(_ count: Int, of rows: Int, in lists: Int) -> Bool {
        count > Self.largestListOverMean * (rows / lists)
    }

    /// Whether so many of the partition's rows are too few for a list of their own.
    func isSmall(_ count: Int, of rows: Int, in lists: Int) -> Bool {
        Double(count * lists) < Self.smallestListOverMean * Double(rows)
    }

    /// Whether lists should be split or merged, or the recall measured anew.
    var wantsBalancing: Bool {
        wantsCalibration || writer.withLock { !$0.largeLists.isEmpty || !$0.smallLists.isEmpty }
    }

    /// Whether as many rows came, went or were replaced since the recall was measured as are half of those it was measured on.
    private var wantsCalibration: Bool {
        writer.withLock { writer in
            guard let coarse = view.withLock({ $0.table.coarse }) else { return false }
            return 2 * writer.changesSinceCalibration > coarse.calibration.rows
        }
    }

    /// Splits the lists that have grown too large, merges those that have become too small, and calibrates when half of the partition has
    /// changed. Writers wait for one split or a few merges at a time, a few milliseconds; searches do not.
    func balanceIfNeeded() {
        training.withLock { _ in
            while writer.withLock({ writer in
                if let list = writer.largeLists.popFirst() {
                    split(list, &writer)
                } else if !writer.smallLists.isEmpty {
                    merge(&writer)
                } else {
                    return false
                }
                return true
            }) {}
            guard wantsCalibration else { return }
            let (now, changes) = writer.withLock { writer in (view.withLock { $0 }, writer.changesSinceCalibration) }
            let calibration = ProbeCalibration.measure(
                now, rotation: rotation, configuration: configuration)
            writer.withLock { writer in
                var change = PartitionChange(view.withLock { $0 })
                // Meanwhile the partition may have shrunk to one list.
                guard change.coarse != nil else { return }
                change.exchangeCalibration(calibration)
                writer.changesSinceCalibration -= changes
                publish(change, &writer)
            }
        }
    }

    /// Takes out some of the lists that have become too small. Their rows go to the nearest of the lists that stay, whose centroids stay as
    /// they are; the last lists take the numbers that become free. Codes move along.
    private func merge(_ writer: inout PartitionWriter) {
        let view = view.withLock { $0 }
        let lists = view.table.lists
        guard let coarse = view.table.coarse, let space = view.table.space, lists.count > 2 else {
            writer.smallLists = []
            return
        }
        writer.smallLists = writer.smallLists.filter { list in
            list < lists.count && isSmall(lists[list].count - writer.deadInList[list], of: view.liveCount, in: lists.count)
        }
        let going = Set(writer.smallLists.sorted().prefix(min(Self.mergesPerStep, lists.count - 2)))
        guard !going.isEmpty else { return }
        let count = lists.count - going.count
        // The number each list that stays had.
        var olds = Array(0..<count)
        var last = (count..<lists.count).filter { !going.contains($0) }
        for free in going.sorted() where free < count { olds[free] = last.removeLast() }
        let kept = CoarseQuantizer(coarse, keeping: olds, space: space)
        var parts: [Int: [(slot: Slot, place: Place)]] = [:]
        for free in going where free < count { parts[free] = members(of: olds[free], view) }
        let moving = going.sorted().flatMap { members(of: $0, view) }
        let targets = nearestLists(moving.map(\.slot), view.table, kept)
        for (member, target) in zip(moving, targets) { parts[target, default: members(of: olds[target], view)].append(member) }
        var change = PartitionChange(view)
        change.exchangeLists(parts.mapValues { codeList(of: $0, in: view.table) }, count: count, coarse: kept)
        let news = Dictionary(uniqueKeysWithValues: olds.enumerated().map { ($1, $0) })
        writer.smallLists = Set(writer.smallLists.compactMap { news[$0] })
        writer.largeLists = Set(writer.largeLists.compactMap { news[$0] })
        writer.indivisible = Dictionary(
            uniqueKeysWithValues: writer.indivisible.compactMap { list, rows in news[list].map { ($0, rows) } })
        publish(change, &writer)
        for target in Set(targets) where isLarge(parts[target]?.count ?? 0, of: view.liveCount, in: count) {
            if parts[target]?.count ?? 0 > 2 * writer.indivisible[target, default: 0] { writer.largeLists.insert(target) }
        }
    }

    /// The live rows of a list.
    private func members(of number: Int, _ view: PartitionView) -> [(slot: Slot, place: Place)] {
        let list = view.table.lists[number]
        return (0..<list.count).compactMap { row in
            let slot = list.slot(row)
            return view.live.contains(slot) ? (slot, Place(list: number, row: row)) : nil
        }
    }

    private func nearestLists(_ slots: [Slot], _ table: PartitionTable, _ coarse: CoarseQuantizer) -> [Int] {
        guard !slots.isEmpty else { return [] }
        let memory = AlignedMemory(bytes: 4 * slots.count * dimensions)
        let rows = memory.base.bindMemory(to: Float.self, capacity: slots.count * dimensions)
        for (row, slot) in slots.enumerated() { (rows + row * dimensions).update(from: table.vector(slot), count: dimensions) }
        return coarse.assign(rows, count: slots.count).map(Int.init)
    }

    /// Divides a list in two by 2-means. Its rows, and those of the lists next to it, go where they are nearest among the principal
    /// components; no other row need move, since all other centroids stay (the rule of SPFresh's LIRE, Xu et al., SOSP 2023). Codes move
    /// along. Equal rows stay together.
    private func split(_ number: Int, _ writer: inout PartitionWriter) {
        let view = view.withLock { $0 }
        guard let coarse = view.table.coarse, let space = view.table.space, number < view.table.lists.count else { return }
        var members = ListMembers(number, view, coarse.components)
        guard members.slots.count >= configuration.maintenance.smallestSplit,
            let halves = members.twoMeans(seed: configuration.seed &+ UInt64(number))
        else {
            writer.indivisible[number] = view.table.lists[number].count
            return
        }
        let near = nearestLists(to: coarse.projectedCentroid(number), coarse).filter { $0 != number }
        // Numbers of the lists that take part: the two halves first.
        let numbers = [number, view.table.lists.count] + near
        let centroids = halves + near.map { coarse.projectedCentroid($0) }
        var parts = [[(slot: Slot, place: Place)]](repeating: [], count: numbers.count)
        members.distribute(to: centroids, allowed: Array(numbers.indices), into: &parts)
        for (position, list) in near.enumerated() {
            members = ListMembers(list, view, coarse.components)
            members.distribute(to: centroids, allowed: [position + 2, 0, 1], into: &parts)
        }
        var exchanged: [Int: CodeList] = [:]
        var means: [Int: CoarseQuantizer.Centroid] = [:]
        for (position, list) in numbers.enumerated() {
            exchanged[list] = codeList(of: parts[position], in: view.table)
            guard position < 2 else { continue }
            let slots = parts[position].map(\.slot)
            guard !slots.isEmpty else { return }
            let mean = PartitionTraining.mean(of: slots, in: view.table, dimensions: dimensions, workers: 1)
            means[list] = CoarseQuantizer.Centroid(mean: mean, projected: centroids[position])
        }
        var change = PartitionChange(view)
        let count = view.table.lists.count + 1
        change.exchangeLists(
            exchanged, count: count, coarse: CoarseQuantizer(coarse, exchanging: means, lists: count, space: space))
        publish(change, &writer)
    }

    private func nearestLists(to centroid: [Float], _ coarse: CoarseQuantizer) -> [Int] {
        let scores = (0..<coarse.lists).map { list in
            (list: list, score: zip(centroid, coarse.projectedCentroid(list)).reduce(Float(0)) { $0 + $1.0 * $1.1 })
        }
        return scores.sorted { $0.score > $1.score }.prefix(Self.neighbours + 1).map(\.list)
    }

    /// A list of rows whose codes lie elsewhere.
    private func codeList(of rows: [(slot: Slot, place: Place)], in table: PartitionTable) -> CodeList {
        let list = CodeList(capacity: rows.count + max(4, rows.count / 5), width: rotation.width)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rotation.width / 8) { code in
            guard let code = code.baseAddress else { return }
            for (row, member) in rows.enumerated() {
                let factors = table.lists[member.place.list].read(member.place.row, into: code)
                list.write(row, code: code, factors: factors, slot: member.slot)
            }
        }
        list.publish(rows.count)
        return list
    }
}

/// The live rows of a list among the principal components.
private struct ListMembers {
    let slots: [Slot]
    private let places: [Place]
    private let width: Int
    /// Unit rows, `width` apart.
    private let rows: [Float]

    init(_ number: Int, _ view: PartitionView, _ components: PrincipalComponents) {
        let list = view.table.lists[number]
        let live = (0..<list.count).filter { view.live.contains(list.slot($0)) }
        slots = live.map { list.slot($0) }
        places = live.map { Place(list: number, row: $0) }
        width = components.count
        let (dimensions, slots, width) = (components.dimensions, slots, width)
        rows = [Float](unsafeUninitializedCapacity: slots.count * width) { buffer, count in
            count = slots.count * width
            guard let target = buffer.baseAddress else { return }
            let memory = AlignedMemory(bytes: 4 * slots.count * dimensions)
            let vectors = memory.base.bindMemory(to: Float.self, capacity: slots.count * dimensions)
            for (row, slot) in slots.enumerated() {
                (vectors + row * dimensions).update(from: view.table.vector(slot), count: dimensions)
            }
            components.project(vectors, rowCount: slots.count, into: target)
        }
    }

    private func score(_ row: Int, _ centroid: [Float]) -> Float {
        rows.withUnsafeBufferPointer { rows in
            rows.baseAddress.map { bunko_dot($0 + row * width, centroid, width) } ?? 0
        }
    }

    /// Two unit centroids, or nil when the rows do not come apart.
    func twoMeans(seed: UInt64) -> [[Float]]? {
        var generator = SplitMix64(seed: seed)
        let first = Int.random(in: 0..<slots.count, using: &generator)
        var centroids = [row(first)]
        // The row furthest from a random one: equal rows have none.
        let furthest = slots.indices.min { score($0, centroids[0]) < score($1, centroids[0]) } ?? first
        guard score(furthest, centroids[0]) < 0.999_99 else { return nil }
        centroids.append(row(furthest))
        for _ in 0..<6 {
            var sums = [[Float]](repeating: [Float](repeating: 0, count: width), count: 2)
            var counts = [0, 0]
            for row in slots.indices {
                let side = score(row, centroids[1]) > score(row, centroids[0]) ? 1 : 0
                counts[side] += 1
                for column in 0..<width { sums[side][column] += rows[row * width + column] }
            }
            guard counts.allSatisfy({ $0 * 20 >= slots.count }) else { return nil }
            for side in 0..<2 where bunko_normalize(&sums[side], width) { centroids[side] = sums[side] }
        }
        return centroids
    }

    private func row(_ row: Int) -> [Float] {
        Array(rows[row * width..<(row + 1) * width])
    }

    /// Adds each row to the part of the nearest centroid among those allowed; the first of equals.
    func distribute(to centroids: [[Float]], allowed: [Int], into parts: inout [[(slot: Slot, place: Place)]]) {
        for row in slots.indices {
            var best = allowed[0]
            var highest = -Float.infinity
            for part in allowed {
                let score = score(row, centroids[part])
                if score > highest { (best, highest) = (part, score) }
            }
            parts[best].append((slots[row], places[row]))
        }
    }
}
