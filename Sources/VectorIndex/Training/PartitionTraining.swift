import RowFilters
import CVectorKernels

/// A partition's live rows as an inverted file: the outcome of training.
struct TrainedPartition {
    let space: CodeSpace
    var coarse: CoarseQuantizer
    var lists: [CodeList]
}

/// Trains an inverted file over rows that stay where they are.
///
/// Cost at n rows and D dimensions: the covariance of at most 20,000 rows, one projection of all rows, and eight rounds of k-means over
/// all rows. Extra memory: 512 bytes a row for the projections and the sample, then the codes.
struct PartitionTraining {
    private static let sampleRows = 20_000

    let table: PartitionTable
    let slots: [Slot]
    let rotation: Rotation
    let configuration: IndexConfiguration

    private var seed: UInt64 { configuration.seed }
    private var workers: Int { configuration.workers }

    init(table: PartitionTable, live: Bitmap, rotation: Rotation, configuration: IndexConfiguration) {
        self.table = table
        slots = live.slots
        self.rotation = rotation
        self.configuration = configuration
    }

    /// Lists for a number of rows: with fewer, more rows are read for the same recall; with more, ranking them costs more than it saves.
    static func listCount(rows: Int) -> Int {
        max(2, Int(4.5 * Double(rows).squareRoot()))
    }

    /// Nil when there are no rows, or LAPACK fails: the partition then keeps the structure it has.
    func train() -> TrainedPartition? {
        guard !slots.isEmpty else { return nil }
        let mean = Self.mean(of: slots, in: table, dimensions: rotation.dimensions, workers: workers)
        guard let components = components(mean: mean) else { return nil }
        let clusters = clusters(components)
        let space = CodeSpace(rotation: rotation, centre: mean, rows: slots.count)
        let heldOut = ProbeCalibration.sample(of: slots, configuration: configuration)
        let coarse = coarse(clusters, space, components, without: Set(heldOut))
        return TrainedPartition(space: space, coarse: coarse, lists: lists(clusters.offsets, clusters.members, space))
    }

    /// Rows by list, and the lists' centroids among the principal components.
    private struct Clusters {
        /// Where each list's rows start in `members`, and the number of rows behind the last.
        let offsets: [Int]
        /// Numbers of the rows, as in `slots`.
        let members: [UInt32]
        let centroids: [Float]
    }

    /// The projections are gone when this returns: codes need as much memory again.
    private func clusters(_ components: PrincipalComponents) -> Clusters {
        let dimensions = rotation.dimensions
        let (table, slots) = (table, slots)
        let rows = ProjectedRows(count: slots.count, components: components, workers: workers) { row, target in
            target.update(from: table.vector(slots[row]), count: dimensions)
        }
        var clustering = SphericalKMeans(rows: rows, lists: Self.listCount(rows: slots.count), seed: seed, workers: workers)
        clustering.train()
        let (offsets, members) = clustering.members()
        return Clusters(offsets: offsets, members: members, centroids: clustering.centroids)
    }

    /// The mean of rows, summed in float64.
    static func mean(of slots: [Slot], in table: PartitionTable, dimensions: Int, workers: Int) -> [Float] {
        let grain = max(1024, (slots.count + workers - 1) / workers)
        let parts = (slots.count + grain - 1) / grain
        var sums = [Double](repeating: 0, count: parts * dimensions)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let target = SendablePointer(sums.baseAddress) else { return }
            inParallel(slots.count, grain: grain, workers: workers) { range in
                let sum = target.pointer + range.lowerBound / grain * dimensions
                for slot in slots[range] {
                    let row = table.vector(slot)
                    for position in 0..<dimensions { sum[position] += Double(row[position]) }
                }
            }
        }
        return (0..<dimensions).map { position in
            let sum = (0..<parts).reduce(0.0) { $0 + sums[$1 * dimensions + position] }
            return Float(sum / Double(slots.count))
        }
    }

    private func components(mean: [Float]) -> PrincipalComponents? {
        let dimensions = rotation.dimensions
        let count = min(Self.sampleRows, slots.count)
        let memory = AlignedMemory(bytes: 4 * count * dimensions)
        let sample = memory.base.bindMemory(to: Float.self, capacity: count * dimensions)
        var generator = SplitMix64(seed: seed &+ 1)
        for row in 0..<count {
            // One row at random from each of `count` equal parts.
            let part = row * slots.count / count..<max(row * slots.count / count + 1, (row + 1) * slots.count / count)
            let slot = slots[Int.random(in: part, using: &generator)]
            (sample + row * dimensions).update(from: table.vector(slot), count: dimensions)
        }
        return PrincipalComponents(centring: sample, rowCount: count, dimensions: dimensions, mean: mean)
    }

    private func coarse(
        _ clusters: Clusters, _ space: CodeSpace, _ components: PrincipalComponents, without heldOut: Set<Slot>
    ) -> CoarseQuantizer {
        let (table, slots) = (table, slots)
        let (offsets, members) = (clusters.offsets, clusters.members)
        let lists = offsets.count - 1
        let dimensions = rotation.dimensions
        let memory = AlignedMemory(bytes: 4 * lists * dimensions)
        let means = memory.base.bindMemory(to: Float.self, capacity: lists * dimensions)
        if let target = SendablePointer(means) {
            inParallel(lists, grain: 16, workers: workers) { range in
                for list in range {
                    let mean = target.pointer + list * dimensions
                    mean.update(repeating: 0, count: dimensions)
                    let here = members[offsets[list]..<offsets[list + 1]]
                    // The rows that calibrate must be strangers to the means, as queries are.
                    let strangers = here.filter { heldOut.contains(slots[Int($0)]) }.count
                    for member in here where strangers == here.count || !heldOut.contains(slots[Int(member)]) {
                        let row = table.vector(slots[Int(member)])
                        for position in 0..<dimensions { mean[position] += row[position] }
                    }
                }
            }
        }
        return CoarseQuantizer(
            means: means, lists: lists, space: space, components: components, projectedCentroids: clusters.centroids,
            trainedRows: slots.count)
    }

    /// Codes of all rows, the lists one after the other in one piece of memory.
    private func lists(_ offsets: [Int], _ members: [UInt32], _ space: CodeSpace) -> [CodeList] {
        let width = rotation.width
        let count = offsets.count - 1
        var starts = [0]
        for list in 0..<count { starts.append(starts[list] + CodeList.bytes(capacity: offsets[list + 1] - offsets[list], width: width)) }
        let memory = AlignedMemory(bytes: starts[count])
        let lists = (0..<count).map { list in
            CodeList(capacity: (offsets[list + 1] - offsets[list] + 3) / 4 * 4, width: width, memory: memory, offset: starts[list])
        }
        let (table, slots) = (table, slots)
        inParallel(count, grain: 8, workers: workers) { range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { scratch in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width / 8) { code in
                    guard let scratch = scratch.baseAddress, let code = code.baseAddress else { return }
                    for list in range {
                        for (row, member) in members[offsets[list]..<offsets[list + 1]].enumerated() {
                            let slot = slots[Int(member)]
                            let factors = space.encode(table.vector(slot), scratch: scratch, into: code)
                            lists[list].write(row, code: code, factors: factors, slot: slot)
                        }
                        lists[list].publish(offsets[list + 1] - offsets[list])
                    }
                }
            }
        }
        return lists
    }
}
