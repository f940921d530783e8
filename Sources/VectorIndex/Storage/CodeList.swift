import CVectorKernels

/// Codes, factors and slots of one list, with room for more.
///
/// `@unchecked Sendable`: rows are appended by the partition's only writer and become visible when it publishes a larger count; the bytes
/// that one quad's rows share are accessed as relaxed atomics while it fills.
final class CodeList: @unchecked Sendable {
    /// Rows there is room for, a multiple of four.
    let capacity: Int
    private let width: Int
    private let memory: AlignedMemory
    /// Pointers into the memory, as the scan wants them.
    let view: bunko_list

    /// A list in memory of its own.
    convenience init(capacity: Int, width: Int) {
        let rounded = (capacity + 3) / 4 * 4
        self.init(capacity: rounded, width: width, memory: AlignedMemory(bytes: Self.bytes(capacity: rounded, width: width)), offset: 0)
    }

    /// A list in a part of larger memory: lists that lie together share huge pages.
    init(capacity: Int, width: Int, memory: AlignedMemory, offset: Int) {
        self.capacity = capacity
        self.width = width
        self.memory = memory
        let quads = capacity / 4
        let base = memory.base + offset
        let factors = base + quads * width / 2
        let slots = factors + quads * MemoryLayout<bunko_quad_factors>.stride
        let count = slots + capacity * MemoryLayout<Slot>.stride
        let countWord = count.bindMemory(to: UInt32.self, capacity: 1)
        countWord.pointee = 0
        view = bunko_list(
            codes: base.assumingMemoryBound(to: UInt8.self),
            factors: factors.bindMemory(to: bunko_quad_factors.self, capacity: quads),
            slots: slots.bindMemory(to: Slot.self, capacity: capacity), count: countWord)
    }

    /// Bytes a list takes, a multiple of 64.
    static func bytes(capacity: Int, width: Int) -> Int {
        let quads = (capacity + 3) / 4
        let bytes =
            quads * (width / 2 + MemoryLayout<bunko_quad_factors>.stride + 4 * MemoryLayout<Slot>.stride) + MemoryLayout<UInt32>.stride
        return (bytes + 63) / 64 * 64
    }

    var bytes: Int { Self.bytes(capacity: capacity, width: width) }

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
        withUnsafePointer(to: view) { bunko_list_publish($0, UInt32(count)) }
    }

    /// A list with room for `capacity` rows that starts with the rows of this one for which `slotOf` gives a slot; published.
    func copy(capacity: Int, slotOf: (Slot) -> Slot? = { $0 }) -> CodeList {
        let copy = CodeList(capacity: capacity, width: width)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width / 8) { code in
            guard let code = code.baseAddress else { return }
            var next = 0
            for row in 0..<count {
                guard let slot = slotOf(slot(row)) else { continue }
                let factors = read(row, into: code)
                copy.write(next, code: code, factors: factors, slot: slot)
                next += 1
            }
            copy.publish(next)
        }
        return copy
    }
}
