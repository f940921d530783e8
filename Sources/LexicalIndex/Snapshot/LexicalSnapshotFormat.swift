import CVectorKernels
import Foundation

// One file, in the machine's byte order: the magic number, the version, the token of the snapshot that this is a part of, how many partitions
// there are; for each its id and how many segments it has; for each of those the numbers of its documents, terms, postings and bytes of
// attributes, and its arrays one behind the other; at the end the CRC-32C of all bytes before.

enum LexicalSnapshotFormat {
    static let magic: UInt64 = 0x5344_524F_574F_4B42
    /// Another one when the format changes, or the analysis of texts.
    static let version: UInt32 = 1
}

/// Writes a file through a buffer and adds up its checksum.
struct LexicalSnapshotWriter: ~Copyable {
    private static let bytesPerStep = 1 << 20

    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var checksum: UInt32 = 0

    init(path: String) throws(LexicalSnapshotError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path: path, operation: "opening it", code: errno) }
    }

    deinit {
        close(descriptor)
    }

    mutating func append<Value: BitwiseCopyable>(_ value: Value) throws(LexicalSnapshotError) {
        withUnsafeBytes(of: value) { buffer.append(contentsOf: $0) }
        if buffer.count >= Self.bytesPerStep { try flush() }
    }

    mutating func append<Value: BitwiseCopyable>(contentsOf values: [Value]) throws(LexicalSnapshotError) {
        try values.span.bytes.withUnsafeBytes { bytes throws(LexicalSnapshotError) in try append(bytes) }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(LexicalSnapshotError) {
        if bytes.count >= Self.bytesPerStep {
            try flush()
            try write(bytes)
        } else {
            buffer.append(contentsOf: bytes)
            if buffer.count >= Self.bytesPerStep { try flush() }
        }
    }

    /// Returns when the file will outlive a power cut.
    mutating func finish() throws(LexicalSnapshotError) {
        try flush()
        try append(checksum)
        try flush()
        guard fsync(descriptor) == 0 else { throw .system(path: path, operation: "writing it to disk", code: errno) }
    }

    private mutating func flush() throws(LexicalSnapshotError) {
        let pending = buffer
        buffer.removeAll(keepingCapacity: true)
        try pending.span.bytes.withUnsafeBytes { bytes throws(LexicalSnapshotError) in try write(bytes) }
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) throws(LexicalSnapshotError) {
        checksum = bunko_crc32c(checksum, bytes.baseAddress, bytes.count)
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 {
                guard errno == EINTR else { throw .system(path: path, operation: "writing", code: errno) }
            } else {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}

/// Reads a file's bytes value by value, never past their end.
struct LexicalSnapshotReader {
    let path: String
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    /// - Throws: for a file whose checksum does not match what it holds.
    init(path: String, bytes file: UnsafeRawBufferPointer) throws(LexicalSnapshotError) {
        self.path = path
        let count = max(0, file.count - MemoryLayout<UInt32>.size)
        bytes = UnsafeRawBufferPointer(rebasing: file[..<count])
        guard file.count > MemoryLayout<UInt32>.size else { throw damaged("it is empty") }
        guard Self.checksum(bytes) == file.loadUnaligned(fromByteOffset: count, as: UInt32.self) else {
            throw .damaged(path: path, offset: count, reason: "its checksum does not match")
        }
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        bunko_crc32c(0, bytes.baseAddress, bytes.count)
    }

    func damaged(_ reason: String, at place: Int? = nil) -> LexicalSnapshotError {
        .damaged(path: path, offset: place ?? offset, reason: reason)
    }

    mutating func value<Value: BitwiseCopyable>(_: Value.Type = Value.self) throws(LexicalSnapshotError) -> Value {
        bytes.loadUnaligned(fromByteOffset: try skip(MemoryLayout<Value>.size), as: Value.self)
    }

    /// A number of things of which each takes a byte or more, so that a wrong one cannot ask for more memory than the file has bytes.
    mutating func count() throws(LexicalSnapshotError) -> Int {
        let number: UInt64 = try value()
        guard number <= UInt64(bytes.count - offset) else { throw damaged("\(number) things cannot follow") }
        return Int(number)
    }

    mutating func array<Value: BitwiseCopyable>(_: Value.Type, count: Int) throws(LexicalSnapshotError) -> [Value] {
        let (length, isTooLong) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
        guard !isTooLong else { throw damaged("\(count) values cannot follow") }
        let start = try skip(length)
        return [Value](unsafeUninitializedCapacity: count) { values, initialized in
            UnsafeMutableRawBufferPointer(values).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
            initialized = count
        }
    }

    mutating func part(_ count: Int) throws(LexicalSnapshotError) -> UnsafeRawBufferPointer {
        let start = try skip(count)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }

    func finish() throws(LexicalSnapshotError) {
        guard offset == bytes.count else { throw damaged("\(bytes.count - offset) bytes are too many") }
    }

    /// Returns where the bytes start.
    private mutating func skip(_ count: Int) throws(LexicalSnapshotError) -> Int {
        guard count <= bytes.count - offset else { throw damaged("it ends early") }
        offset += count
        return offset - count
    }
}
