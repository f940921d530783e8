import CBLAS
import CVectorKernels

/// The centroids of a trained partition: which lists are near a query, and which list a new row belongs to.
///
/// Lists are ranked by the query's cosine with the mean of their rows: codes of the unit centroids choose candidates, bfloat16 products
/// decide. A row is assigned in the space of the principal components.
///
/// `@unchecked Sendable`: the memory never changes after `init`.
final class CoarseQuantizer: @unchecked Sendable {
    let lists: Int
    let dimensions: Int
    let components: PrincipalComponents
    /// Unit means of the lists' rows in bfloat16, `dimensions` apart.
    private let units: AlignedMemory
    private let codes: CodeList
    /// Unit centroids among the principal components in bfloat16, `components.count` apart.
    private let projected: AlignedMemory
    /// Rows of the partition when it was trained.
    let trainedRows: Int

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
        dimensions = space.rotation.dimensions
        units = AlignedMemory(bytes: 2 * lists * dimensions)
        projected = AlignedMemory(bytes: 2 * projectedCentroids.count)
        codes = CodeList(capacity: lists, width: space.rotation.width)
        bunko_round_to_bfloat16(
            projectedCentroids, projected.base.bindMemory(to: UInt16.self, capacity: projectedCentroids.count), projectedCentroids.count)
        let halves = units.base.bindMemory(to: UInt16.self, capacity: lists * dimensions)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: dimensions + space.rotation.width) { scratch in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
                guard let unit = scratch.baseAddress, let code = code.baseAddress else { return }
                for list in 0..<lists {
                    unit.update(from: means + list * dimensions, count: dimensions)
                    // A mean of zero has no direction; it stays zero and ranks behind every list on the query's side.
                    _ = bunko_normalize(unit, dimensions)
                    bunko_round_to_bfloat16(unit, halves + list * dimensions, dimensions)
                    let factors = space.encode(unit, scratch: unit + dimensions, into: code)
                    codes.write(list, code: code, factors: factors, slot: Slot(list))
                }
            }
        }
        codes.publish(lists)
    }

    var bytes: Int { units.bytes + codes.bytes + projected.bytes + components.bytes }

    /// Lists and their cosines with the query, best first.
    struct Ranking {
        var order: [UInt32]
        var scores: [Float]
    }

    /// Ranks at least `wanted` lists. Cost: one code a list, one bfloat16 product for each of twice the lists wanted.
    func rank(_ query: QueryCode, space: CodeSpace, wanted: Int) -> Ranking {
        let candidates = min(lists, max(16, 2 * wanted))
        return withUnsafeTemporaryAllocation(byteCount: 8 * lists, alignment: 64) { memory in
            guard let base = memory.baseAddress else { return Ranking(order: [], scores: []) }
            let estimates = base.bindMemory(to: Float.self, capacity: lists)
            let positions = (base + 4 * lists).bindMemory(to: UInt32.self, capacity: lists)
            query.withCodeQuery(space: space, epsilon: 0) { codeQuery in
                withUnsafePointer(to: codes.view) { bunko_estimate($0, lists, &codeQuery, estimates, query.scratch) }
            }
            let found = bunko_select_largest(estimates, lists, candidates, positions)
            let halves = units.base.assumingMemoryBound(to: UInt16.self)
            for position in 0..<found {
                if position + 4 < found { prefetch(halves + Int(positions[position + 4]) * dimensions, bytes: 2 * dimensions) }
                estimates[position] = bunko_dot_bfloat16(halves + Int(positions[position]) * dimensions, query.unit, dimensions)
            }
            var ranked = (0..<found).map { (score: estimates[$0], list: positions[$0]) }
            ranked.sort { $0.score != $1.score ? $0.score > $1.score : $0.list < $1.list }
            let kept = ranked.prefix(max(wanted, 1))
            return Ranking(order: kept.map(\.list), scores: kept.map(\.score))
        }
    }

    private func prefetch(_ pointer: UnsafePointer<UInt16>, bytes: Int) {
        bunko_prefetch(pointer, bytes)
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
