import CBLAS
import CVectorKernels
import FoundationEssentials
import Synchronization

/// Unit-length queries that are scored together, one for each `BestHits`.
struct QueryTile {
    /// Row-major, `dimensions` apart.
    let vectors: UnsafePointer<Float>
    let count: Int
    /// Room for `count` rows of 512 scores.
    let scores: UnsafeMutablePointer<Float>

    /// Queries scored by one matrix product: their scores of one block stay in the second-level cache.
    static let maximumCount = 128
}

extension Partition {
    /// Larger filters are tested row by row outside the lock.
    private static let idsLookedUpUnderLock = 4096

    /// An immutable view of the rows a search may return: published, live and allowed. Blocks without any are left out.
    func snapshot(allowed: Set<UUID>?) -> [BlockView] {
        guard let allowed else { return table.withLock { $0.blocks } }
        let (blocks, chosen) = table.withLock { table in
            let few = allowed.count <= min(table.liveCount, Self.idsLookedUpUnderLock)
            return (table.blocks, few ? table.masks(of: allowed) : nil)
        }
        return blocks.indices.compactMap { index in
            var view = blocks[index]
            view.live = chosen.map { $0[index] } ?? view.rows(in: allowed)
            return view.live.count == 0 ? nil : view
        }
    }

    /// Offers the rows of a snapshot to the best hits of each query. `partition` is the position that candidates carry. Returns how many
    /// rows were scored.
    ///
    /// BLAS scores whole blocks and nominates; `bunko_dot` decides, so a row's score depends on nothing but its vector and the query. Both
    /// err by at most dimensions * 2^-24 for unit vectors, so a row whose BLAS score lies twice that under the worst hit cannot be one.
    func scan(_ snapshot: [BlockView], _ queries: QueryTile, partition: Int, best: UnsafeMutableBufferPointer<BestHits>) -> Int {
        var scanned = 0
        for view in snapshot {
            let selected = view.live.count
            if selected * 2 < view.count {
                scoreSelected(view, queries, partition, best)
                scanned += selected
            } else {
                scoreAll(view, queries)
                nominate(view, queries, partition, best)
                scanned += view.count
            }
        }
        return scanned
    }

    private func scoreAll(_ view: BlockView, _ queries: QueryTile) {
        let rows = Int32(view.count)
        let width = Int32(dimensions)
        let stride = Int32(RowMask.capacity)
        if queries.count == 1 {
            cblas_sgemv(CblasRowMajor, CblasNoTrans, rows, width, 1, view.block.matrix, width, queries.vectors, 1, 0, queries.scores, 1)
        } else {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(queries.count), rows, width, 1, queries.vectors, width, view.block.matrix,
                width, 0, queries.scores, stride)
        }
    }

    private func nominate(_ view: BlockView, _ queries: QueryTile, _ partition: Int, _ best: UnsafeMutableBufferPointer<BestHits>) {
        let margin = 2 * Float(dimensions) * 0x1p-24
        for query in 0..<queries.count {
            let scores = queries.scores + query * RowMask.capacity
            var threshold = best[query].floor - margin
            for row in 0..<view.count where scores[row] >= threshold && view.live.contains(row) {
                offer(view.block, row, queries.vectors + query * dimensions, partition, &best[query])
                threshold = best[query].floor - margin
            }
        }
    }

    private func scoreSelected(_ view: BlockView, _ queries: QueryTile, _ partition: Int, _ best: UnsafeMutableBufferPointer<BestHits>) {
        view.live.forEach { row in
            for query in 0..<queries.count {
                offer(view.block, row, queries.vectors + query * dimensions, partition, &best[query])
            }
        }
    }

    private func offer(_ block: RowBlock, _ row: Int, _ query: UnsafePointer<Float>, _ partition: Int, _ best: inout BestHits) {
        let score = min(1, max(-1, bunko_dot(block.vector(row), query, dimensions)))
        guard score >= best.floor else { return }
        best.offer(BestHits.Candidate(score: score, id: block.id(row), partition: partition))
    }
}

extension RowTable {
    /// For each block the rows among `ids`. Linear in the number of ids and blocks.
    fileprivate func masks(of ids: Set<UUID>) -> [RowMask] {
        var masks = [RowMask](repeating: RowMask(), count: blocks.count)
        for id in ids {
            guard let slot = slots[id], let position = position(ofBlock: slot.block) else { continue }
            masks[position].insert(slot.row)
        }
        return masks
    }
}

extension BlockView {
    /// The live rows whose id is in the set. Linear in the number of rows.
    fileprivate func rows(in ids: Set<UUID>) -> RowMask {
        var mask = RowMask()
        live.forEach { row in
            if ids.contains(block.id(row)) { mask.insert(row) }
        }
        return mask
    }
}
