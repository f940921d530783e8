import RowFilters
import CBLAS
import CVectorKernels

/// The centroids of a trained partition: which lists are near a query, and which list a new row belongs to.
///
/// Lists are ranked by the query's cosine with the mean of their rows: codes of the unit centroids choose candidates, products of bytes
/// decide, both around the space's centre and rotated, where no coordinate stands out. A new row is ranked like a query; training and merges
/// of lists assign rows in the space of the principal components.
///
/// `@unchecked Sendable`: the memory never changes after `init`.
final class CoarseQuantizer: @unchecked Sendable {
    let lists: Int
    /// Rotated coordinates.
    let width: Int
    let components: PrincipalComponents
    /// Unit means of the lists' rows, less the centre and rotated, as bytes: `width` apart, then a float32 each to multiply them with.
    let units: AlignedMemory
    let codes: CodeList
    /// The same codes as `bunko_estimate` wants them, and behind them two of the factors of each.
    private let blocks: AlignedMemory
    /// Unit centroids among the principal components in bfloat16, `components.count` apart.
    let projected: AlignedMemory
    /// Rows of the partition when it was trained.
    let trainedRows: Int
    /// How far to probe for a recall.
    let calibration: ProbeCalibration

    /// - Parameters:
    ///   - means: `lists` rows of `dimensions` values, not unit length.
    ///   - projectedCentroids: `lists` unit rows of `components.count` values.
    init(
        means: UnsafePointer<Float>, lists: Int, space: CodeSpace, components: PrincipalComponents, projectedCentroids: [Float],
        trainedRows: Int
    ) {
        self.lists = lists
        self.components = components
        self.trainedRows = trainedRows
        calibration = .none
        width = space.rotation.width
        units = AlignedMemory(bytes: Self.unitBytes(lists, width))
        projected = AlignedMemory(bytes: 2 * projectedCentroids.count)
        codes = CodeList(capacity: lists, width: width)
        blocks = AlignedMemory(bytes: Self.blockBytes(lists, width))
        bunko_round_to_bfloat16(
            projectedCentroids, projected.base.bindMemory(to: UInt16.self, capacity: projectedCentroids.count), projectedCentroids.count)
        for list in 0..<lists { write(list, mean: means + list * components.dimensions, space: space) }
        publish()
    }

    /// The same centroids with another calibration.
    init(_ other: CoarseQuantizer, calibration: ProbeCalibration) {
        lists = other.lists
        width = other.width
        components = other.components
        units = other.units
        codes = other.codes
        blocks = other.blocks
        projected = other.projected
        trainedRows = other.trainedRows
        self.calibration = calibration
    }

    /// A list's centroid: the mean of its rows, and the unit centroid among the principal components.
    struct Centroid {
        var mean: [Float]
        var projected: [Float]
    }

    /// The same centroids with some exchanged, and `lists` of them: list numbers from the old number on are new, those beyond are gone.
    /// Every new number must have a centroid.
    init(_ other: CoarseQuantizer, exchanging centroids: [Int: Centroid], lists: Int, space: CodeSpace) {
        self.lists = lists
        width = other.width
        components = other.components
        trainedRows = other.trainedRows
        calibration = other.calibration
        units = AlignedMemory(bytes: Self.unitBytes(lists, width))
        projected = AlignedMemory(bytes: 2 * lists * components.count)
        codes = CodeList(capacity: lists, width: width)
        blocks = AlignedMemory(bytes: Self.blockBytes(lists, width))
        let kept = min(lists, other.lists)
        units.base.copyMemory(from: other.units.base, byteCount: kept * width)
        (units.base + Self.stepOffset(lists, width)).copyMemory(
            from: other.units.base + Self.stepOffset(other.lists, width), byteCount: 4 * kept)
        projected.base.copyMemory(from: other.projected.base, byteCount: 2 * kept * components.count)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
            guard let code = code.baseAddress else { return }
            for list in 0..<kept {
                let factors = other.codes.read(list, into: code)
                codes.write(list, code: code, factors: factors, slot: Slot(list))
            }
        }
        for (list, centroid) in centroids {
            bunko_round_to_bfloat16(
                centroid.projected, projected.base.assumingMemoryBound(to: UInt16.self) + list * components.count, components.count)
            centroid.mean.withUnsafeBufferPointer { mean in
                if let base = mean.baseAddress { write(list, mean: base, space: space) }
            }
        }
        publish()
    }

    /// Centroids in memory that nobody writes to any more.
    init(
        lists: Int, width: Int, components: PrincipalComponents, units: AlignedMemory, codes: CodeList, projected: AlignedMemory,
        trainedRows: Int, calibration: ProbeCalibration
    ) {
        self.lists = lists
        self.width = width
        self.components = components
        self.units = units
        self.codes = codes
        blocks = AlignedMemory(bytes: Self.blockBytes(lists, width))
        self.projected = projected
        self.trainedRows = trainedRows
        self.calibration = calibration
        transpose()
    }

    static func stepOffset(_ lists: Int, _ width: Int) -> Int {
        (lists * width + 3) / 4 * 4
    }

    static func unitBytes(_ lists: Int, _ width: Int) -> Int {
        stepOffset(lists, width) + 4 * lists
    }

    private static func blockBytes(_ lists: Int, _ width: Int) -> Int {
        blockOffset(lists, width) + 8 * lists
    }

    private static func blockOffset(_ lists: Int, _ width: Int) -> Int {
        (lists + 31) / 32 * 32 * width / 8
    }

    private var factors: (alpha: UnsafeMutablePointer<Float>, add: UnsafeMutablePointer<Float>) {
        let first = (blocks.base + Self.blockOffset(lists, width)).assumingMemoryBound(to: Float.self)
        return (first, first + lists)
    }

    private func publish() {
        codes.publish(lists)
        transpose()
    }

    private func transpose() {
        withUnsafePointer(to: codes.view) {
            bunko_transpose_list($0, lists, width, blocks.base.assumingMemoryBound(to: UInt8.self), factors.alpha, factors.add)
        }
    }

    /// Writes a list's unit mean and its code.
    private func write(_ list: Int, mean: UnsafePointer<Float>, space: CodeSpace) {
        let dimensions = components.dimensions
        withUnsafeTemporaryAllocation(of: Float.self, capacity: dimensions + width) { scratch in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
                guard let unit = scratch.baseAddress, let code = code.baseAddress else { return }
                unit.update(from: mean, count: dimensions)
                // A mean of zero has no direction; it stays zero and ranks behind every list on the query's side.
                _ = bunko_normalize(unit, dimensions)
                let residual = unit + dimensions
                let factors = space.encode(unit, scratch: residual, into: code)
                codes.write(list, code: code, factors: factors, slot: Slot(list))
                let step = bunko_round_to_int8(residual, units.base.assumingMemoryBound(to: Int8.self) + list * width, width)
                (units.base + Self.stepOffset(lists, width)).assumingMemoryBound(to: Float.self)[list] = step
            }
        }
    }

    /// A list's centroid among the principal components.
    func projectedCentroid(_ list: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: components.count) { buffer, count in
            if let base = buffer.baseAddress {
                bunko_widen_bfloat16(
                    projected.base.assumingMemoryBound(to: UInt16.self) + list * components.count, base, components.count)
            }
            count = components.count
        }
    }

    var bytes: Int { units.bytes + codes.bytes + blocks.bytes + projected.bytes + components.bytes }

    /// Lists and their cosines with the query, best first.
    struct Ranking {
        var order: [UInt32]
        var scores: [Float]
    }

    /// Lists that are scored by bytes at least.
    private static let fewestRescored = 16

    /// What the codes say of each list's cosine with the query. Cost: one code a list.
    ///
    /// Not `Sendable`: it keeps the scores that one query's rankings have computed.
    final class Estimates {
        /// NaN for lists that are left out.
        fileprivate var values: [Float]
        /// The query's product with the space's centre.
        fileprivate let towardsCentre: Float
        /// By products of bytes; NaN where there was none yet.
        fileprivate var scores: [Float]
        fileprivate var isComplete = true

        fileprivate init(values: [Float], towardsCentre: Float) {
            self.values = values
            self.towardsCentre = towardsCentre
            scores = [Float](repeating: .nan, count: values.count)
        }

        /// Lists that take no part in rankings any more.
        func leaveOut(_ lists: ArraySlice<UInt32>) {
            for list in lists { values[Int(list)] = .nan }
            isComplete = isComplete && lists.isEmpty
        }
    }

    func estimates(_ query: QueryCode, space: CodeSpace) -> Estimates {
        var towardsCentre: Float = 0
        let values = [Float](unsafeUninitializedCapacity: lists) { buffer, count in
            query.withCodeQuery(space: space, epsilon: 0) { codeQuery in
                towardsCentre = codeQuery.base
                bunko_estimate(
                    blocks.base.assumingMemoryBound(to: UInt8.self), factors.alpha, factors.add, lists, &codeQuery, buffer.baseAddress)
            }
            count = lists
        }
        return Estimates(values: values, towardsCentre: towardsCentre)
    }

    /// Ranks the `most` best of the lists that the estimates do not leave out. With `matches`, only lists for which it has more than 0
    /// take part.
    ///
    /// Cost: one product of bytes for each of a quarter more lists, whose order the estimates cannot decide, but for those of earlier
    /// rankings.
    func rank(_ query: QueryCode, _ estimates: Estimates, most: Int, matches: [UInt32]? = nil) -> Ranking {
        withUnsafeTemporaryAllocation(byteCount: 12 * lists + 64, alignment: 64) { memory in
            guard let base = memory.baseAddress else { return Ranking(order: [], scores: []) }
            let positions = base.bindMemory(to: UInt32.self, capacity: lists)
            let scores = (base + 4 * lists).bindMemory(to: Float.self, capacity: lists)
            let wanted = max(Self.fewestRescored, most + most / 4)
            var found = 0
            if matches == nil, estimates.isComplete {
                found = bunko_select_largest(estimates.values, lists, min(lists, wanted), positions)
            } else {
                let eligible = (base + 8 * lists).bindMemory(to: UInt32.self, capacity: lists)
                var count = 0
                for list in 0..<lists where !estimates.values[list].isNaN && matches?[list] != 0 {
                    scores[count] = estimates.values[list]
                    eligible[count] = UInt32(list)
                    count += 1
                }
                guard count > 0 else { return Ranking(order: [], scores: []) }
                found = bunko_select_largest(scores, count, min(count, wanted), positions)
                for position in 0..<found { positions[position] = eligible[Int(positions[position])] }
            }
            rescore(positions, found, query, estimates, into: scores)
            return ranking(positions, scores, found, most: most)
        }
    }

    private func rescore(
        _ positions: UnsafePointer<UInt32>, _ count: Int, _ query: QueryCode, _ estimates: Estimates,
        into scores: UnsafeMutablePointer<Float>
    ) {
        let bytes = units.base.assumingMemoryBound(to: Int8.self)
        let steps = (units.base + Self.stepOffset(lists, width)).assumingMemoryBound(to: Float.self)
        let rounded = query.rounded
        estimates.scores.withUnsafeMutableBufferPointer { known in
            for position in 0..<count {
                let list = Int(positions[position])
                if position + 4 < count, known[Int(positions[position + 4])].isNaN {
                    bunko_prefetch(bytes + Int(positions[position + 4]) * width, width)
                }
                if known[list].isNaN {
                    let product = bunko_dot_int8(bytes + list * width, rounded.values, width)
                    known[list] = estimates.towardsCentre + rounded.step * steps[list] * Float(product)
                }
                scores[position] = known[list]
            }
        }
    }

    private func ranking(_ positions: UnsafePointer<UInt32>, _ scores: UnsafePointer<Float>, _ count: Int, most: Int) -> Ranking {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { keys in
            // Higher scores first, then lower numbers: one word that sorts so.
            for position in 0..<count {
                keys[position] = UInt64(~scores[position].ascendingBits) << 32 | UInt64(positions[position])
            }
            var sorted = keys
            sorted.sort()
            let kept = min(most, count)
            var ranking = Ranking(order: [], scores: [])
            ranking.order.reserveCapacity(kept)
            ranking.scores.reserveCapacity(kept)
            for key in sorted[..<kept] {
                ranking.order.append(UInt32(truncatingIfNeeded: key))
                ranking.scores.append(Float(ascendingBits: ~UInt32(key >> 32)))
            }
            return ranking
        }
    }

    /// The list of a row that is coded as a query: the best of its ranking.
    func list(of row: QueryCode, space: CodeSpace) -> Int {
        Int(rank(row, estimates(row, space: space), most: 1).order.first ?? 0)
    }

    /// The list of each of `count` unit rows, which are overwritten, by their principal components: what a training that ran meanwhile would
    /// have done with them.
    func assign(_ rows: UnsafeMutablePointer<Float>, count: Int) -> [UInt32] {
        let width = components.count
        let tile = 512
        let memory = AlignedMemory(bytes: 4 * (count * (width + 1 + tile) + tile * width))
        let values = memory.base.bindMemory(to: Float.self, capacity: count * (width + 1 + tile) + tile * width)
        let best = values + count * width
        let scores = best + count
        let centroids = scores + count * tile
        components.project(rows, rowCount: count, into: values)
        best.update(repeating: -.infinity, count: count)
        var assignment = [UInt32](repeating: 0, count: count)
        let halves = projected.base.assumingMemoryBound(to: UInt16.self)
        for first in stride(from: 0, to: lists, by: tile) {
            let width32 = Int32(width)
            let here = min(tile, lists - first)
            bunko_widen_bfloat16(halves + first * width, centroids, here * width)
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(count), Int32(here), width32, 1, values, width32, centroids, width32, 0,
                scores, Int32(tile))
            bunko_raise_to_row_maximum(scores, count, here, tile, UInt32(first), best, &assignment)
        }
        return assignment
    }
}

extension Float {
    /// Bits that ascend as the values do.
    fileprivate var ascendingBits: UInt32 {
        bitPattern & 0x8000_0000 == 0 ? bitPattern | 0x8000_0000 : ~bitPattern
    }

    fileprivate init(ascendingBits bits: UInt32) {
        self.init(bitPattern: bits & 0x8000_0000 != 0 ? bits & 0x7FFF_FFFF : ~bits)
    }
}
