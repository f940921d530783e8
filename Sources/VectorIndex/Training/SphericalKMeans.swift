import CBLAS
import CVectorKernels
import Synchronization

/// Spherical k-means over projected rows, kept as bfloat16: random start, every row in every round, then balancing.
///
/// A round over all lists costs 2 * n * L * width operations for n rows and L lists, as matrix products. Once the lists have taken shape a row
/// that moves goes to a list near its own, so most rounds compare a row with the lists nearest to its list only.
struct SphericalKMeans {
    /// Rounds over all lists at the start, over near ones before and after balancing.
    private static let rounds = (all: 3, beforeBalancing: 6, afterBalancing: 3)
    /// Lists a row is compared with in a round over near ones.
    private static let nearLists = 64

    let rows: ProjectedRows
    let workers: Int
    private(set) var centroids: [Float]
    private(set) var assignment: [UInt32]
    private var generator: SplitMix64

    private static let rowBlock = 512
    private static let centroidBlock = 512

    init(rows: ProjectedRows, lists: Int, seed: UInt64, workers: Int) {
        self.rows = rows
        self.workers = workers
        generator = SplitMix64(seed: seed)
        assignment = [UInt32](repeating: 0, count: rows.count)
        centroids = []
        centroids.reserveCapacity(lists * rows.width)
        for row in Self.distinctNumbers(lists, below: rows.count, &generator) { centroids += rows.row(row) }
    }

    var lists: Int { centroids.count / rows.width }

    /// Trains and balances; afterwards every row's list is the one with the nearest centroid among those near it.
    mutating func train() {
        for _ in 0..<Self.rounds.all { round() }
        for _ in 0..<Self.rounds.beforeBalancing { roundNearby() }
        balance()
        round()
        for _ in 0..<Self.rounds.afterBalancing { roundNearby() }
        assignNearby()
    }

    private mutating func round() {
        assign()
        updateCentroids()
    }

    private mutating func roundNearby() {
        assignNearby()
        updateCentroids()
    }

    /// Rows of each list, ascending.
    func members() -> (offsets: [Int], rows: [UInt32]) {
        var offsets = [Int](repeating: 0, count: lists + 1)
        for list in assignment { offsets[Int(list) + 1] += 1 }
        for list in 0..<lists { offsets[list + 1] += offsets[list] }
        var next = offsets
        var members = [UInt32](repeating: 0, count: assignment.count)
        for (row, list) in assignment.enumerated() {
            members[next[Int(list)]] = UInt32(row)
            next[Int(list)] += 1
        }
        return (offsets, members)
    }

    /// Gives every row its nearest centroid.
    private mutating func assign() {
        let (rows, centroids, lists) = (rows, centroids, lists)
        assignment.withUnsafeMutableBufferPointer { assignment in
            guard let target = SendablePointer(assignment.baseAddress) else { return }
            inParallel(rows.count, grain: Self.rowBlock, workers: workers) { range in
                Self.assign(range, of: rows, to: centroids, lists: lists, into: target.pointer + range.lowerBound)
            }
        }
    }

    private static func assign(
        _ range: Range<Int>, of rows: ProjectedRows, to centroids: [Float], lists: Int, into target: UnsafeMutablePointer<UInt32>
    ) {
        let width = rows.width
        let memory = AlignedMemory(bytes: 4 * (range.count * (width + 1) + range.count * centroidBlock))
        let values = memory.base.bindMemory(to: Float.self, capacity: range.count * (width + 1 + centroidBlock))
        let best = values + range.count * width
        let scores = best + range.count
        rows.widen(range, into: values)
        best.update(repeating: -.infinity, count: range.count)
        target.update(repeating: 0, count: range.count)
        centroids.withUnsafeBufferPointer { centroids in
            guard let base = centroids.baseAddress else { return }
            for first in stride(from: 0, to: lists, by: centroidBlock) {
                let count = min(centroidBlock, lists - first)
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(range.count), Int32(count), Int32(width), 1, values, Int32(width),
                    base + first * width, Int32(width), 0, scores, Int32(centroidBlock))
                bunko_raise_to_row_maximum(scores, range.count, count, centroidBlock, UInt32(first), best, target)
            }
        }
    }

    /// Gives every row the nearest of the centroids that are near its list's.
    private mutating func assignNearby() {
        guard lists > 2 * Self.nearLists else { return assign() }
        let near = nearestLists()
        let (offsets, members) = members()
        let (rows, centroids, width, lists, workers) = (rows, centroids, rows.width, lists, workers)
        assignment.withUnsafeMutableBufferPointer { assignment in
            guard let target = SendablePointer(assignment.baseAddress) else { return }
            inParallel(lists, grain: 8, workers: workers) { range in
                for list in range {
                    let here = members[offsets[list]..<offsets[list + 1]]
                    let candidates = near[list * Self.nearLists..<(list + 1) * Self.nearLists]
                    Self.assign(here, of: rows, to: candidates, of: centroids, width: width, into: target.pointer)
                }
            }
        }
    }

    private static func assign(
        _ members: ArraySlice<UInt32>, of rows: ProjectedRows, to candidates: ArraySlice<UInt32>, of centroids: [Float], width: Int,
        into assignment: UnsafeMutablePointer<UInt32>
    ) {
        guard !members.isEmpty else { return }
        let memory = AlignedMemory(bytes: 4 * (candidates.count * width + members.count * (width + candidates.count + 2)))
        let near = memory.base.bindMemory(to: Float.self, capacity: memory.bytes / 4)
        let values = near + candidates.count * width
        let scores = values + members.count * width
        let best = scores + members.count * candidates.count
        let which = UnsafeMutableRawPointer(best + members.count).bindMemory(to: UInt32.self, capacity: members.count)
        for (position, list) in candidates.enumerated() {
            for column in 0..<width { near[position * width + column] = centroids[Int(list) * width + column] }
        }
        for (position, row) in members.enumerated() { rows.widen(Int(row)..<Int(row) + 1, into: values + position * width) }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(members.count), Int32(candidates.count), Int32(width), 1, values, Int32(width),
            near, Int32(width), 0, scores, Int32(candidates.count))
        best.update(repeating: -.infinity, count: members.count)
        which.update(repeating: 0, count: members.count)
        bunko_raise_to_row_maximum(scores, members.count, candidates.count, candidates.count, 0, best, which)
        for (position, row) in members.enumerated() {
            assignment[Int(row)] = candidates[candidates.startIndex + Int(which[position])]
        }
    }

    /// For each list the `nearLists` lists with the nearest centroids, itself among them.
    private func nearestLists() -> [UInt32] {
        let (centroids, lists, width) = (centroids, lists, rows.width)
        var near = [UInt32](repeating: 0, count: lists * Self.nearLists)
        near.withUnsafeMutableBufferPointer { buffer in
            guard let target = SendablePointer(buffer.baseAddress) else { return }
            inParallel(lists, grain: 64, workers: workers) { range in
                var scores = [Float](repeating: 0, count: range.count * lists)
                var positions = [UInt32](repeating: 0, count: lists)
                centroids.withUnsafeBufferPointer { centroids in
                    guard let base = centroids.baseAddress else { return }
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasTrans, Int32(range.count), Int32(lists), Int32(width), 1,
                        base + range.lowerBound * width, Int32(width), base, Int32(width), 0, &scores, Int32(lists))
                }
                for (row, list) in range.enumerated() {
                    scores[row * lists + list] = 2
                    let found = scores.withUnsafeBufferPointer { scores in
                        scores.baseAddress.map { bunko_select_largest($0 + row * lists, lists, Self.nearLists, &positions) } ?? 0
                    }
                    let best = positions[..<found].sorted { scores[row * lists + Int($0)] > scores[row * lists + Int($1)] }
                    for position in 0..<Self.nearLists { target.pointer[list * Self.nearLists + position] = best[position] }
                }
            }
        }
        return near
    }

    /// Normalised sums of the lists' rows; a list without rows starts again from a random one.
    private mutating func updateCentroids() {
        let (offsets, members) = members()
        let (rows, lists) = (rows, lists)
        let width = rows.width
        let replacements = (0..<lists).map { _ in Int.random(in: 0..<rows.count, using: &generator) }
        centroids.withUnsafeMutableBufferPointer { centroids in
            guard let target = SendablePointer(centroids.baseAddress) else { return }
            inParallel(lists, grain: 16, workers: workers) { range in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { row in
                    guard let row = row.baseAddress else { return }
                    for list in range {
                        let centroid = target.pointer + list * width
                        centroid.update(repeating: 0, count: width)
                        for member in members[offsets[list]..<offsets[list + 1]] {
                            rows.widen(Int(member)..<Int(member) + 1, into: row)
                            for position in 0..<width { centroid[position] += row[position] }
                        }
                        if !bunko_normalize(centroid, width) {
                            rows.widen(replacements[list]..<replacements[list] + 1, into: centroid)
                        }
                    }
                }
            }
        }
    }

    /// Splits lists of more than twice the mean and takes out those of less than 0.3 of it; their rows move in the next round.
    private mutating func balance() {
        assignNearby()
        let mean = Double(rows.count) / Double(lists)
        let (offsets, members) = members()
        var balanced: [Float] = []
        for list in 0..<lists {
            let size = offsets[list + 1] - offsets[list]
            if Double(size) < 0.3 * mean { continue }
            let centroid = centroids[list * rows.width..<(list + 1) * rows.width]
            balanced += centroid
            // Each random member draws about an equal share of the list in the rounds that follow.
            var parts = 1
            while Double(size) > 2 * mean * Double(parts) {
                let member = members[Int.random(in: offsets[list]..<offsets[list + 1], using: &generator)]
                balanced += rows.row(Int(member))
                parts += 1
            }
        }
        if !balanced.isEmpty { centroids = balanced }
    }

    /// `count` different numbers, or all when there are no more.
    private static func distinctNumbers(_ count: Int, below limit: Int, _ generator: inout SplitMix64) -> [Int] {
        guard count < limit else { return Array(0..<limit) }
        var chosen = Set<Int>()
        var numbers: [Int] = []
        while numbers.count < count {
            let number = Int.random(in: 0..<limit, using: &generator)
            if chosen.insert(number).inserted { numbers.append(number) }
        }
        return numbers
    }
}

/// A pointer whose users write separate parts.
struct SendablePointer<Element>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>

    init?(_ pointer: UnsafeMutablePointer<Element>?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }
}

/// Rows as unit vectors in the space of the principal components, in bfloat16: 512 bytes each.
final class ProjectedRows: Sendable {
    let count: Int
    let width: Int
    private let memory: AlignedMemory

    /// Projects rows that `copy` writes one by one into the memory it is given.
    init(
        count: Int, components: PrincipalComponents, workers: Int, copy: @Sendable (Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        self.count = count
        width = components.count
        memory = AlignedMemory(bytes: 2 * count * components.count)
        let (width, dimensions) = (width, components.dimensions)
        guard let target = SendablePointer(memory.base.bindMemory(to: UInt16.self, capacity: count * width)) else { return }
        inParallel(count, grain: 256, workers: workers) { range in
            let scratch = AlignedMemory(bytes: 4 * range.count * (dimensions + width))
            let values = scratch.base.bindMemory(to: Float.self, capacity: range.count * (dimensions + width))
            let projected = values + range.count * dimensions
            for (position, row) in range.enumerated() { copy(row, values + position * dimensions) }
            components.project(values, rowCount: range.count, into: projected)
            bunko_round_to_bfloat16(projected, target.pointer + range.lowerBound * width, range.count * width)
        }
    }

    private var values: UnsafePointer<UInt16> { UnsafePointer(memory.base.assumingMemoryBound(to: UInt16.self)) }

    func widen(_ rows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        bunko_widen_bfloat16(values + rows.lowerBound * width, target, rows.count * width)
    }

    func row(_ row: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: width) { buffer, count in
            if let base = buffer.baseAddress { widen(row..<row + 1, into: base) }
            count = width
        }
    }
}
