import RowFilters
import CVectorKernels

/// Codes, factors and slots of one list, with room for more.
///
/// `@unchecked Sendable`: rows are appended by the partition's only writer and become visible when it publishes a larger count; the bytes
/// that one quad's rows share are accessed as relaxed atomics while it fills. A block is written once, before the count that covers it.
final class CodeList: @unchecked Sendable {
    /// Rows there is room for.
    let capacity: Int
    private let width: Int
    private let memory: AlignedMemory
    /// Longer lists have no blocks: they lie in no cache, and wait for their training.
    static let mostRowsInBlocks = 40_000

    /// Whether the list keeps a second copy of its codes, in blocks, as long as it is short enough. Lists of many do not: their scan waits for
    /// memory more than it computes.
    let inBlocks: Bool
    private let blocks: AlignedMemory?
    /// Pointers into the memory, as the scan wants them.
    let view: bunko_list

    /// A list in memory of its own.
    convenience init(capacity: Int, width: Int, inBlocks: Bool = false) {
        let rounded = (capacity + 3) / 4 * 4
        self.init(
            capacity: rounded, width: width, memory: AlignedMemory(bytes: Self.bytes(capacity: rounded, width: width)), offset: 0,
            inBlocks: inBlocks)
    }

    /// A list in a part of larger memory: lists that lie together share huge pages.
    init(capacity: Int, width: Int, memory: AlignedMemory, offset: Int, inBlocks: Bool = false) {
        self.capacity = capacity
        self.width = width
        self.memory = memory
        self.inBlocks = inBlocks
        blocks = inBlocks ? Self.blocks(capacity: capacity, width: width) : nil
        let (view, count) = Self.view(capacity: capacity, width: width, base: memory.base + offset, blocks: blocks)
        count.pointee = 0
        self.view = view
    }

    /// A list of `count` rows in mapped memory, where its image lies. It has no room for more: whoever appends makes a copy first.
    init(full count: Int, width: Int, memory: AlignedMemory, inBlocks: Bool = false) {
        capacity = count
        self.width = width
        self.memory = memory
        self.inBlocks = inBlocks
        blocks = inBlocks ? Self.blocks(capacity: count, width: width) : nil
        view = Self.view(capacity: count, width: width, base: memory.base, blocks: blocks).view
        withUnsafePointer(to: view) { bunko_list_fill_blocks($0, 0, count, width) }
    }

    private static func blocks(capacity: Int, width: Int) -> AlignedMemory? {
        capacity < rowsOfBlock || capacity > mostRowsInBlocks ? nil : AlignedMemory(bytes: capacity / rowsOfBlock * rowsOfBlock * width / 8)
    }

    private static let rowsOfBlock = 32

    /// The codes of full blocks of published rows, as the blocks have them; nil where there are none.
    var blockedCodes: UnsafeRawBufferPointer? {
        blocks.map { UnsafeRawBufferPointer(start: $0.base, count: count / Self.rowsOfBlock * Self.rowsOfBlock * width / 8) }
    }

    private static func view(
        capacity: Int, width: Int, base: UnsafeMutableRawPointer, blocks: AlignedMemory?
    ) -> (view: bunko_list, count: UnsafeMutablePointer<UInt32>) {
        let quads = (capacity + 3) / 4
        let factors = base + quads * width / 2
        let slots = factors + quads * MemoryLayout<bunko_quad_factors>.stride
        let count = (slots + 4 * quads * MemoryLayout<Slot>.stride).bindMemory(to: UInt32.self, capacity: 1)
        let view = bunko_list(
            codes: base.assumingMemoryBound(to: UInt8.self),
            factors: factors.bindMemory(to: bunko_quad_factors.self, capacity: quads),
            slots: slots.bindMemory(to: Slot.self, capacity: 4 * quads), count: count,
            blocks: blocks.map { UnsafePointer($0.base.bindMemory(to: UInt8.self, capacity: $0.bytes)) })
        return (view, count)
    }

    /// The first `count` rows, which are published, as memory that `init(full:)` takes. Rows may be appended meanwhile.
    func image(count: Int) -> AlignedMemory {
        let image = AlignedMemory(bytes: Self.bytes(capacity: count, width: width))
        image.base.initializeMemory(as: UInt8.self, repeating: 0, count: image.bytes)
        let copy = CodeList(capacity: count, width: width, memory: image, offset: 0)
        copy.append(self, count: count) { $0 }
        return image
    }

    /// Whether all factors are numbers.
    var hasFiniteFactors: Bool {
        let quads = (capacity + 3) / 4
        let halves = UnsafeRawPointer(view.factors).assumingMemoryBound(to: UInt16.self)
        return bunko_halves_are_finite(halves, quads * MemoryLayout<bunko_quad_factors>.stride / MemoryLayout<UInt16>.stride)
    }

    /// Bytes a list takes, a multiple of 64.
    static func bytes(capacity: Int, width: Int) -> Int {
        let quads = (capacity + 3) / 4
        let bytes =
            quads * (width / 2 + MemoryLayout<bunko_quad_factors>.stride + 4 * MemoryLayout<Slot>.stride) + MemoryLayout<UInt32>.stride
        return (bytes + 63) / 64 * 64
    }

    var bytes: Int { Self.bytes(capacity: capacity, width: width) + (blocks?.bytes ?? 0) }

    /// Rows that are published.
    var count: Int { withUnsafePointer(to: view) { Int(bunko_list_count($0)) } }

    func slot(_ row: Int) -> Slot { view.slots[row] }

    /// Writes a row that is not published yet.
    func write(_ row: Int, code: UnsafePointer<UInt8>, factors: bunko_code_factors, slot: Slot) {
        withUnsafePointer(to: view) { bunko_list_write($0, row, code, factors, slot, width) }
    }

    func read(_ row: Int, into code: UnsafeMutablePointer<UInt8>) -> bunko_code_factors {
        withUnsafePointer(to: view) { bunko_list_read($0, row, code, width) }
    }

    func publish(_ count: Int) {
        withUnsafePointer(to: view) { bunko_list_publish($0, UInt32(count), width) }
    }

    /// A list with room for `capacity` rows that starts with the rows of this one; published. Only the writer may copy a list that he fills.
    func copy(capacity: Int) -> CodeList {
        let copy = CodeList(capacity: capacity, width: width, inBlocks: inBlocks)
        let count = count
        let quads = (count + 3) / 4
        func move<Element>(_ source: UnsafePointer<Element>, to target: UnsafePointer<Element>, count: Int) {
            // Nobody reads the copy's memory yet.
            UnsafeMutablePointer(mutating: target).update(from: source, count: count)
        }
        move(view.codes, to: copy.view.codes, count: quads * width / 2)
        move(view.factors, to: copy.view.factors, count: quads)
        move(view.slots, to: copy.view.slots, count: count)
        copy.publish(count)
        return copy
    }

    /// The same of the rows for which `slotOf` gives a slot, one by one.
    func copy(capacity: Int, slotOf: (Slot) -> Slot?) -> CodeList {
        let copy = CodeList(capacity: capacity, width: width, inBlocks: inBlocks)
        copy.append(self, count: count, slotOf: slotOf)
        return copy
    }

    /// Writes and publishes, from the first row on, those of the other list's first rows for which `slotOf` gives a slot.
    private func append(_ other: CodeList, count: Int, slotOf: (Slot) -> Slot?) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width / 8) { code in
            guard let code = code.baseAddress else { return }
            var next = 0
            for row in 0..<count {
                guard let slot = slotOf(other.slot(row)) else { continue }
                let factors = other.read(row, into: code)
                write(next, code: code, factors: factors, slot: slot)
                next += 1
            }
            publish(next)
        }
    }
}
