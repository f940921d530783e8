/// Writes numbers and arrays of numbers one after the other as they are in memory, each array behind its length.
struct FlatWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: Int) {
        withUnsafeBytes(of: Int64(value)) { bytes.append(contentsOf: $0) }
    }

    mutating func array(_ values: [some FixedWidthInteger & BitwiseCopyable]) {
        number(values.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}

/// Reads what ``FlatWriter`` wrote on a machine of the same byte order. Every array is a single copy of memory.
struct FlatReader {
    /// The bytes end too early, or say what cannot be.
    struct Broken: Error {}

    private var rest: UnsafeRawBufferPointer

    /// - Parameter bytes: must stay as they are while this is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    /// What has not been read yet.
    var remaining: UnsafeRawBufferPointer { rest }

    mutating func number() throws(Broken) -> Int {
        Int(try take(1, of: Int64.self).loadUnaligned(as: Int64.self))
    }

    mutating func array<Element: FixedWidthInteger & BitwiseCopyable>() throws(Broken) -> [Element] {
        let count = try number()
        let part = try take(count, of: Element.self)
        return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: part)
            filled = count
        }
    }

    private mutating func take<Element>(_ count: Int, of type: Element.Type) throws(Broken) -> UnsafeRawBufferPointer {
        let size = MemoryLayout<Element>.size
        guard count >= 0, count <= rest.count / size else { throw Broken() }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[(count * size)...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<(count * size)])
    }
}
