import RowFilters
import CVectorKernels
import FoundationEssentials
import Synchronization

/// The rows of one partition and the structure they are searched through: bare rows, one list of codes, or an inverted file.
///
/// Three locks: `writer` makes writers take turns and is held while rows are copied and coded; `ids` and `view` are held only to take and to
/// publish what they hold. Always taken in this order. Readers take a view and then scan without any lock.
final class Partition: Sendable {
    let configuration: IndexConfiguration
    let rotation: Rotation
    let writer: Guarded<PartitionWriter>
    /// Which row of the view has which id.
    let ids: Guarded<SlotTable>
    let view: Guarded<PartitionView>
    /// Held while the partition trains: one training at a time.
    let training = Guarded(())
    /// What keeps the index inside its budget, if it has one.
    let memory: MemoryKeeper?
    /// When the partition was last searched, by the keeper's clock; and how many bytes of vectors in files may have come into memory since they
    /// were let go. Kept only where there is a budget.
    let lastSearch = Atomic<UInt64>(0)
    let touched = Atomic<Int>(0)
    /// How often the lists were replaced by newly trained ones.
    let trainings = Atomic<Int>(0)

    init(
        configuration: IndexConfiguration, rotation: Rotation, memory: MemoryKeeper?, writer: PartitionWriter = PartitionWriter(),
        ids: SlotTable = SlotTable(), view: PartitionView = PartitionView()
    ) {
        self.configuration = configuration
        self.rotation = rotation
        self.memory = memory
        self.writer = Guarded(writer)
        self.ids = Guarded(ids)
        self.view = Guarded(view)
    }

    var dimensions: Int { configuration.dimensions }

    var count: Int {
        view.withLock { $0.liveCount }
    }

    func contains(_ id: UUID) -> Bool {
        let (ids, view) = idsAndView()
        return ids.find(id) { view.table.id($0) ?? id } != nil
    }

    /// Both of one moment.
    func idsAndView() -> (ids: SlotTable, view: PartitionView) {
        ids.withLock { ids in (ids, view.withLock { $0 }) }
    }

    /// Adds this partition's numbers to those of the index.
    func add(to statistics: inout IndexStatistics) {
        let view = view.withLock { $0 }
        statistics.partitions += view.liveCount > 0 ? 1 : 0
        statistics.rows += view.liveCount
        statistics.tombstones += view.storedCount - view.liveCount
        statistics.lists += view.table.lists.count
        statistics.bytes += view.bytes
    }
}

/// What a reader sees: one moment of a partition.
struct PartitionView: Sendable {
    var table = PartitionTable()
    /// Slots of the rows a search may return.
    var live = Bitmap()
    var liveCount = 0
    /// Rows in memory, dead ones included.
    var storedCount = 0
    /// Nil while no row had attributes.
    var attributes: AttributeTable?
    /// Memory of what only writers know.
    var bookkeepingBytes = 0
}

/// What only writers know.
struct PartitionWriter {
    var idBytes = 0
    var chunks = ChunkAllocator()
    /// Slots keep their numbers, because a training holds them.
    var keepsNumbers = false
    var attributes = AttributeWriter()
    /// Dead rows in each list.
    var deadInList: [Int] = []
    /// Lists that have grown too large, by number.
    var largeLists = Set<Int>()
    /// Lists that have become too small, by number.
    var smallLists = Set<Int>()
    /// Rows inserted, replaced and removed since the recall was measured.
    var changesSinceCalibration = 0
    /// Lists that did not come apart, such as equal rows, with the rows they had: tried again at twice as many.
    var indivisible: [Int: Int] = [:]
}
