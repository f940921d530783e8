import CBLAS
import CVectorKernels

/// The centroids of a trained partition: which lists are near a query, and which list a new row belongs to.
///
/// Lists are ranked by the query's cosine with the mean of their rows: codes of the unit centroids choose candidates, products with bytes
/// decide. A row is assigned in the space of the principal components.
///
/// `@unchecked Sendable`: the memory never changes after `init`.
final class CoarseQuantizer: @unchecked Sendable {
    let lists: Int
    let dimensions: Int
    let components: PrincipalComponents
    /// Unit means of the lists' rows as bytes, `dimensions` apart, then a float32 each to multiply them with.
    let units: AlignedMemory
    let codes: CodeList
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
        calibration = ProbeCalibration(points: [], rows: 0)
        dimensions = space.rotation.dimensions
        units = AlignedMemory(bytes: Self.unitBytes(lists, dimensions))
        projected = AlignedMemory(bytes: 2 * projectedCentroids.count)
        codes = CodeList(capacity: lists, width: space.rotation.width)
        bunko_round_to_bfloat16(
            projectedCentroids, projected.base.bindMemory(to: UInt16.self, capacity: projectedCentroids.count), projectedCentroids.count)
        for list in 0..<lists { write(list, mean: means + list * dimensions, space: space) }
        codes.publish(lists)
    }

    /// The same centroids with another calibration.
    init(_ other: CoarseQuantizer, calibration: ProbeCalibration) {
        lists = other.lists
        dimensions = other.dimensions
        components = other.components
        units = other.units
        codes = other.codes
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
        dimensions = other.dimensions
        components = other.components
        trainedRows = other.trainedRows
        calibration = other.calibration
        units = AlignedMemory(bytes: Self.unitBytes(lists, dimensions))
        projected = AlignedMemory(bytes: 2 * lists * components.count)
        codes = CodeList(capacity: lists, width: space.rotation.width)
        let kept = min(lists, other.lists)
        units.base.copyMemory(from: other.units.base, byteCount: kept * dimensions)
        (units.base + Self.stepOffset(lists, dimensions)).copyMemory(
            from: other.units.base + Self.stepOffset(other.lists, dimensions), byteCount: 4 * kept)
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
        codes.publish(lists)
    }

    /// Centroids in memory that nobody writes to any more.
    init(
        lists: Int, components: PrincipalComponents, units: AlignedMemory, codes: CodeList, projected: AlignedMemory, trainedRows: Int,
        calibration: ProbeCalibration
    ) {
        self.lists = lists
        dimensions = components.dimensions
        self.components = components
        self.units = units
        self.codes = codes
        self.projected = projected
        self.trainedRows = trainedRows
        self.calibration = calibration
    }

    static func stepOffset(_ lists: Int, _ dimensions: Int) -> Int {
        (lists * dimensions + 3) / 4 * 4
    }

    static func unitBytes(_ lists: Int, _ dimensions: Int) -> Int {
        stepOffset(lists, dimensions) + 4 * lists
    }

    /// Writes a list's unit mean and its code.
    private func write(_ list: Int, mean: UnsafePointer<Float>, space: CodeSpace) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: dimensions + space.rotation.width) { scratch in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
                guard let unit = scratch.baseAddress, let code = code.baseAddress else { return }
                unit.update(from: mean, count: dimensions)
                // A mean of zero has no direction; it stays zero and ranks behind every list on the query's side.
                _ = bunko_normalize(unit, dimensions)
                let step = bunko_round_to_int8(unit, units.base.assumingMemoryBound(to: Int8.self) + list * dimensions, dimensions)
                (units.base + Self.stepOffset(lists, dimensions)).assumingMemoryBound(to: Float.self)[list] = step
                let factors = space.encode(unit, scratch: unit + dimensions, into: code)
                codes.write(list, code: code, factors: factors, slot: Slot(list))
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

    var bytes: Int { units.bytes + codes.bytes + projected.bytes + components.bytes }

    /// Lists and their cosines with the query, best first.
    struct Ranking {
        var order: [UInt32]
        var scores: [Float]
    }

    /// Error of a code's estimate of a centroid, in units of cosine: candidates are taken this much below the bar.
    private static let estimateSlack: Float = 0.02

    /// Ranks the lists whose score is at most `gap` under the best one's, `most` of them at most and `fewest` at least.
    ///
    /// Cost: one code a list, one product of bytes for each list near the bar or above it. With `matches`, only lists for which it has more
    /// than 0 take part.
    func rank(
        _ query: QueryCode, space: CodeSpace, gap: Float = .infinity, fewest: Int = 1, most: Int, matches: [UInt32]? = nil
    ) -> Ranking {
        withUnsafeTemporaryAllocation(byteCount: 8 * lists + 64, alignment: 64) { memory in
            guard let base = memory.baseAddress else { return Ranking(order: [], scores: []) }
            let estimates = base.bindMemory(to: Float.self, capacity: lists)
            let positions = (base + 4 * lists).bindMemory(to: UInt32.self, capacity: lists)
            query.withCodeQuery(space: space, epsilon: 0) { codeQuery in
                withUnsafePointer(to: codes.view) { bunko_estimate($0, lists, &codeQuery, estimates, query.scratch) }
            }
            var eligible = lists
            var numbers: [UInt32] = []
            if let matches {
                numbers.reserveCapacity(lists)
                for list in 0..<lists where matches[list] > 0 {
                    estimates[numbers.count] = estimates[list]
                    numbers.append(UInt32(list))
                }
                eligible = numbers.count
            }
            let found = candidates(
                estimates, eligible, positions, gap: gap, fewest: min(fewest, eligible), most: min(most, eligible))
            if matches != nil {
                for position in 0..<found { positions[position] = numbers[Int(positions[position])] }
            }
            rescore(positions, found, query, into: estimates)
            return ranking(positions, estimates, found, gap: gap, fewest: fewest, most: most)
        }
    }

    private func candidates(
        _ estimates: UnsafePointer<Float>, _ lists: Int, _ positions: UnsafeMutablePointer<UInt32>, gap: Float, fewest: Int, most: Int
    ) -> Int {
        if gap < .infinity {
            var best = -Float.infinity
            for list in 0..<lists where estimates[list] > best { best = estimates[list] }
            let found = bunko_select_at_least(estimates, lists, best - gap - 2 * Self.estimateSlack, positions)
            if found >= fewest, found <= 2 * most { return found }
            if found < fewest { return bunko_select_largest(estimates, lists, 2 * fewest, positions) }
        }
        return bunko_select_largest(estimates, lists, min(lists, max(16, 2 * most)), positions)
    }

    private func rescore(
        _ positions: UnsafePointer<UInt32>, _ count: Int, _ query: QueryCode, into scores: UnsafeMutablePointer<Float>
    ) {
        let bytes = units.base.assumingMemoryBound(to: Int8.self)
        let steps = (units.base + Self.stepOffset(lists, dimensions)).assumingMemoryBound(to: Float.self)
        for position in 0..<count {
            if position + 4 < count { bunko_prefetch(bytes + Int(positions[position + 4]) * dimensions, dimensions) }
            let list = Int(positions[position])
            scores[position] = steps[list] * bunko_dot_int8(bytes + list * dimensions, query.unit, dimensions)
        }
    }

    private func ranking(
        _ positions: UnsafePointer<UInt32>, _ scores: UnsafePointer<Float>, _ count: Int, gap: Float, fewest: Int, most: Int
    ) -> Ranking {
        var best = -Float.infinity
        for position in 0..<count where scores[position] > best { best = scores[position] }
        // Higher scores first, then lower numbers: one word that sorts so.
        var keys: [UInt64] = []
        keys.reserveCapacity(count)
        for position in 0..<count { keys.append(UInt64(~scores[position].ascendingBits) << 32 | UInt64(positions[position])) }
        keys.sort()
        var kept = min(most, count)
        while kept > fewest, Float(ascendingBits: ~UInt32(keys[kept - 1] >> 32)) < best - gap { kept -= 1 }
        var ranking = Ranking(order: [], scores: [])
        ranking.order.reserveCapacity(kept)
        ranking.scores.reserveCapacity(kept)
        for key in keys[..<kept] {
            ranking.order.append(UInt32(truncatingIfNeeded: key))
            ranking.scores.append(Float(ascendingBits: ~UInt32(key >> 32)))
        }
        return ranking
    }

    /// The list of each of `count` unit rows, which are overwritten.
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
