import Crypto
import Foundation

/// Writes vectors to a new file, block by block: `.fbin` or `.fvecs` by the ending of its name.
public struct VectorFileWriter {
    private let path: String
    private let rows: Int
    private let dimensions: Int
    private let isFbin: Bool
    private let file: OutputFile
    private var written = 0
    private var hash = SHA256()

    /// Begins a file that will hold `rows` vectors. What stands there is replaced.
    public init(path: String, rows: Int, dimensions: Int) throws(DatasetError) {
        guard path.hasSuffix(".fbin") || path.hasSuffix(".fvecs") else { throw .unknownFormat(path: path) }
        guard (0...Int(UInt32.max)).contains(rows), (1...Int(Int32.max)).contains(dimensions) else {
            throw .badHeader(path: path, offset: 0, what: "\(rows) rows of \(dimensions) values are not what the format can say")
        }
        self.path = path
        self.rows = rows
        self.dimensions = dimensions
        isFbin = path.hasSuffix(".fbin")
        file = try OutputFile(path: path)
        if isFbin { try append([UInt32(rows), UInt32(dimensions)]) }
    }

    /// Appends whole vectors that stand one after the other.
    public mutating func append(_ values: [Float]) throws(DatasetError) {
        precondition(values.count.isMultiple(of: dimensions), "whole vectors")
        written += values.count / dimensions
        if isFbin { return try append(bytesOf: values) }
        for start in stride(from: 0, to: values.count, by: dimensions) {
            try append([UInt32(dimensions)])
            try append(bytesOf: Array(values[start..<start + dimensions]))
        }
    }

    /// Ends the file and returns the SHA-256 of its bytes in hexadecimal.
    public func finish() throws(DatasetError) -> String {
        guard written == rows else {
            throw .mismatch(path: path, what: "\(written) vectors were written where \(rows) were announced")
        }
        try file.close()
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    private mutating func append(_ words: [UInt32]) throws(DatasetError) {
        try append(bytesOf: words)
    }

    private mutating func append<Value: BitwiseCopyable>(bytesOf values: [Value]) throws(DatasetError) {
        values.withUnsafeBytes { hash.update(bufferPointer: $0) }
        try file.write(values)
    }
}

extension NeighborTable {
    /// Writes `.ibin` (with the scores when they are known) or `.ivecs`. What stands there is replaced.
    public func write(to path: String) throws(DatasetError) {
        guard path.hasSuffix(".ibin") || path.hasSuffix(".ivecs") else { throw .unknownFormat(path: path) }
        let file = try OutputFile(path: path)
        if path.hasSuffix(".ibin") {
            try file.write([UInt32(queries), UInt32(k)])
            try file.write(ids)
            try file.write(scores)
        } else {
            for query in 0..<queries { try file.write([Int32(k)] + ids(ofQuery: query)) }
        }
        try file.close()
    }
}

/// A file that is written from its beginning to its end.
struct OutputFile: Sendable {
    private let path: String
    private let handle: FileHandle

    init(path: String) throws(DatasetError) {
        self.path = path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write<Value: BitwiseCopyable>(_ values: [Value]) throws(DatasetError) {
        let failure = values.withUnsafeBytes { bytes -> Int32? in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(handle.fileDescriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return errno }
                rest = rest.dropFirst(written)
            }
            return nil
        }
        if let failure { throw .unwritable(path: path, reason: String(cString: strerror(failure))) }
    }

    /// Makes the bytes durable, as far as the system can.
    func close() throws(DatasetError) {
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw .unwritable(path: path, reason: MappedFile.reason(error))
        }
    }
}
