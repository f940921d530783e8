import RowFilters
import CVectorKernels
import Dispatch
import Glibc
import Synchronization

/// What keeps an index inside its budget, for all its partitions.
final class MemoryKeeper: Sendable {
    let budget: MemoryBudget
    private let growth = Atomic<Int>(0)
    private let isAwaited = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "bunko.vector-index.memory", qos: .utility)
    private let file = Guarded<VectorFile?>(nil)
    private let lastProblem = Guarded<SnapshotError?>(nil)
    /// One at a time makes room.
    private let making = Guarded(())

    init(_ budget: MemoryBudget) {
        self.budget = budget
    }

    var onDisk: Int { file.withLock { $0 }?.onDisk ?? 0 }

    var problem: SnapshotError? { lastProblem.withLock { $0 } }

    /// Takes down that so many bytes may have come into memory.
    func grow(_ bytes: Int) {
        growth.add(bytes, ordering: .relaxed)
    }

    /// Whether so much may have come since it was last counted that it is worth counting.
    var wantsCount: Bool { growth.load(ordering: .relaxed) > budget.bytes / 64 }

    /// Seconds and nanoseconds of a clock that costs next to nothing, in one number that grows.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Makes room in the background.
    func makeRoomLater(_ partitions: @escaping @Sendable () -> [Partition]) {
        guard isAwaited.exchange(true, ordering: .relaxed) == false else { return }
        queue.async {
            self.isAwaited.store(false, ordering: .relaxed)
            self.makeRoom(in: partitions())
        }
    }

    /// Has the partitions searched least recently leave memory, until an eighth of the budget is free.
    func makeRoom(in partitions: [Partition]) {
        making.withLock { _ in
            guard wantsCount else { return }
            growth.store(0, ordering: .relaxed)
            let counted = partitions.map { (partition: $0, footprint: $0.footprint, last: $0.lastSearch.load(ordering: .relaxed)) }
            var total = counted.reduce(0) { $0 + $1.footprint.resident }
            guard total > budget.bytes else { return }
            var problem: SnapshotError?
            for (partition, footprint, _) in counted.sorted(by: { $0.last < $1.last }) {
                guard total > budget.bytes - budget.bytes / 8 else { break }
                do throws(SnapshotError) {
                    try partition.evict(to: openFile())
                } catch {
                    // What lies in the file already can be let go all the same.
                    problem = error
                    partition.letGo()
                }
                total -= footprint.resident - partition.footprint.resident
            }
            lastProblem.withLock { $0 = problem }
            // Small chunks are the allocator's, which would keep what it got back.
            bunko_trim_heap()
        }
    }

    private func openFile() throws(SnapshotError) -> VectorFile {
        if let file = file.withLock({ $0 }) { return file }
        let made = try VectorFile(in: budget.folder)
        file.withLock { $0 = made }
        return made
    }
}
