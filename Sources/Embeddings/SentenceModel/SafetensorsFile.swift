import Crypto
import Domain
import Foundation

/// The float32 tensors of a file in safetensors format: eight bytes with the length of a header, the header in JSON, which names type,
/// shape and place of each tensor, and the numbers, little-endian and row by row.
struct SafetensorsFile: Sendable {
    /// Where a tensor stands.
    private struct Tensor: Decodable {
        enum CodingKeys: String, CodingKey {
            case type = "dtype"
            case shape
            case bytes = "data_offsets"
        }

        let type: String
        let shape: [Int]
        let bytes: [Int]
    }

    /// All tensors of the header; what is called `__metadata__` is not one.
    private struct Header: Decodable {
        struct Name: CodingKey {
            let stringValue: String
            let intValue: Int? = nil
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { return nil }
        }

        let tensors: [String: Tensor]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            var tensors: [String: Tensor] = [:]
            for name in container.allKeys where name.stringValue != "__metadata__" {
                tensors[name.stringValue] = try container.decode(Tensor.self, forKey: name)
            }
            self.tensors = tensors
        }
    }

    /// Far beyond what any encoder's header takes.
    private static let longestHeader = 16 << 20

    private let path: String
    private let tensors: [String: Tensor]
    /// All numbers of the file, tensor after tensor.
    let numbers: [Float]
    /// SHA-256 of the whole file, in hexadecimal.
    let sha256: String

    /// Reads the whole file. Takes its size in memory, and 50 ms for 90 MB that the system has in its cache.
    init(path: String) throws(ModelFileError) {
        self.path = path
        let content = try Self.content(of: path)
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: content.header)
        } catch {
            throw ModelFileError(path: path, reason: "its header is not that of a safetensors file (\(error))")
        }
        tensors = header.tensors
        numbers = content.numbers
        sha256 = content.sha256
    }

    /// Where the numbers of a tensor stand in ``numbers``.
    /// - Throws: when it is missing, has another type or shape, lies outside the file, or holds what is not a finite number.
    func range(of name: String, shape: [Int]) throws(ModelFileError) -> Range<Int> {
        guard let tensor = tensors[name] else { throw ModelFileError(path: path, reason: "it has no tensor \(name)") }
        guard tensor.type == "F32" else {
            throw ModelFileError(path: path, reason: "the numbers of \(name) are of type \(tensor.type), where F32 is read")
        }
        guard tensor.shape == shape else {
            throw ModelFileError(path: path, reason: "\(name) is of shape \(tensor.shape), where \(shape) is read")
        }
        let count = shape.reduce(1, *)
        guard tensor.bytes.count == 2, tensor.bytes[0] >= 0, tensor.bytes[0] % 4 == 0, tensor.bytes[0] / 4 <= numbers.count - count,
            tensor.bytes[1] == tensor.bytes[0] + count * 4
        else {
            throw ModelFileError(
                path: path, reason: "\(name) is said to stand at \(tensor.bytes), which does not fit its shape or the file")
        }
        let range = tensor.bytes[0] / 4..<tensor.bytes[0] / 4 + count
        guard numbers[range].allSatisfy(\.isFinite) else {
            throw ModelFileError(path: path, reason: "\(name) holds what is not a finite number")
        }
        return range
    }

    // MARK: - Reading

    private static func content(of path: String) throws(ModelFileError) -> (header: Data, numbers: [Float], sha256: String) {
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            let size = Int(try file.seekToEnd())
            try file.seek(toOffset: 0)
            var hash = SHA256()
            let lengthBytes = try file.read(upToCount: 8) ?? Data()
            hash.update(data: lengthBytes)
            let length = lengthBytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            guard size >= 8, length <= UInt64(min(size - 8, longestHeader)) else {
                throw ModelFileError(path: path, reason: "it is \(size) bytes long and says that its header takes \(length)")
            }
            let header = try file.read(upToCount: Int(length)) ?? Data()
            hash.update(data: header)
            let numbers = try numbers(of: file, count: (size - 8 - Int(length)) / 4, &hash)
            guard header.count == Int(length), let numbers else { throw ModelFileError(path: path, reason: "it shrank while it was read") }
            return (header, numbers, hash.finalize().hexadecimal)
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw ModelFileError(path: path, reason: "it cannot be read (\(error.localizedDescription))")
        }
    }

    /// The rest of the file as numbers; nil when it ends before there are `count`.
    private static func numbers(of file: FileHandle, count: Int, _ hash: inout SHA256) throws -> [Float]? {
        let part = 4 << 20
        let numbers = try [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            var position = 0
            while let data = try file.read(upToCount: part), !data.isEmpty {
                hash.update(data: data)
                // Bytes after the last whole number belong to no tensor.
                let taken = min(data.count, bytes.count - position)
                data.copyBytes(to: UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + taken]), count: taken)
                position += taken
            }
            filled = position / 4
        }
        return numbers.count == count ? numbers : nil
    }
}
