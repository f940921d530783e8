import CVectorKernels
import FoundationEssentials

/// Collects the bytes of a manifest.
struct ManifestWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ id: UUID) {
        append(id.uuid)
    }

    mutating func append(contentsOf data: Data) {
        bytes.append(contentsOf: data)
    }

    /// The whole manifest: with its length, and the checksum at its end.
    consuming func finished() -> [UInt8] {
        let length = UInt64(bytes.count + MemoryLayout<UInt32>.size)
        withUnsafeBytes(of: length) { bytes.replaceSubrange(16..<24, with: $0) }
        append(bunko_crc32c(0, bytes, bytes.count))
        return bytes
    }
}

/// Writes a data file, segment by segment.
struct SegmentWriter: ~Copyable {
    private let file: SnapshotFile
    private(set) var count = 0
    /// Of the segment, up to here.
    private(set) var checksum: UInt32 = 0
    /// Small values on their way to the file.
    private let buffer = AlignedMemory(bytes: 1 << 16)
    private var buffered = 0

    init(_ file: consuming SnapshotFile) {
        self.file = file
    }

    mutating func startSegment() throws(SnapshotError) {
        try pad(to: SnapshotFormat.pageBytes)
        checksum = 0
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
        try file.write(bytes)
        count += bytes.count
        checksum = bunko_crc32c(checksum, bytes.baseAddress, bytes.count)
    }

    /// Adds a small value to the segment, to be written at the next `flush` at the latest.
    mutating func append<Value: BitwiseCopyable>(_ value: Value) throws(SnapshotError) {
        if buffered + MemoryLayout<Value>.size > buffer.bytes { try flush() }
        buffer.base.storeBytes(of: value, toByteOffset: buffered, as: Value.self)
        buffered += MemoryLayout<Value>.size
    }

    /// A text as its number of bytes and its UTF-8.
    mutating func append(text: String) throws(SnapshotError) {
        try append(UInt32(text.utf8.count))
        for byte in text.utf8 { try append(byte) }
    }

    mutating func flush() throws(SnapshotError) {
        let pending = buffered
        buffered = 0
        try write(UnsafeRawBufferPointer(start: buffer.base, count: pending))
    }

    /// A part of a structure.
    mutating func writePart(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
        try write(bytes)
        try pad(to: 64)
    }

    mutating func writePart(_ values: [Float]) throws(SnapshotError) {
        let memory = AlignedMemory(bytes: 4 * values.count)
        values.withUnsafeBytes { if let source = $0.baseAddress { memory.base.copyMemory(from: source, byteCount: $0.count) } }
        try writePart(UnsafeRawBufferPointer(start: memory.base, count: 4 * values.count))
    }

    func synchronize() throws(SnapshotError) {
        try file.synchronize()
    }

    private mutating func pad(to multiple: Int) throws(SnapshotError) {
        let memory = AlignedMemory(bytes: multiple)
        memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: multiple)
        try write(UnsafeRawBufferPointer(start: memory.base, count: (multiple - count % multiple) % multiple))
    }
}
