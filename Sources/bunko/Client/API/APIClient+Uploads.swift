import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Uploads: whole, streamed from a file, and in parts that can be taken up again.
extension APIClient {
    /// Sends bytes of a type, with everything else in the query.
    func upload<T: Decodable>(
        _ path: String, query: [String: String], bytes: [UInt8], type: String = Self.anyBytes, as answer: T.Type = T.self
    ) async throws -> T {
        try await send(.POST, path, query: query, .bytes(bytes), type: type, count: bytes.count)
    }

    /// As ``upload(_:query:bytes:as:)``, with no more than a part of the file in memory.
    func upload<T: Decodable>(_ path: String, query: [String: String], file: LocalFile, as type: T.Type = T.self) async throws -> T {
        try await send(.POST, path, query: query, .stream(FileParts(file: file), length: .known(Int64(file.size))), count: file.size)
    }

    static let anyBytes = "application/octet-stream"

    func openUpload(_ opening: UploadOpening) async throws -> UploadAnswer {
        try await post("/v1/uploads", opening)
    }

    func upload(_ id: String) async throws -> UploadAnswer {
        try await get(Self.path("uploads", id))
    }

    /// Appends a part at `offset` and returns where the next one begins.
    /// - Throws: ``Failure`` `offset_mismatch` when the server stands elsewhere.
    func append(_ bytes: [UInt8], at offset: Int, to id: String) async throws -> Int {
        let answer: UploadOffset = try await send(
            .PATCH, Self.path("uploads", id), query: ["offset": "\(offset)"], .bytes(bytes), count: bytes.count)
        return answer.offset
    }

    func completeUpload(_ id: String) async throws -> FileAnswer {
        let path = Self.path("uploads", id) + "/complete"
        return try await post(path, [String: String]())
    }

    private func send<T: Decodable>(
        _ method: HTTPMethod, _ path: String, query: [String: String], _ body: HTTPClientRequest.Body, type: String = Self.anyBytes,
        count: Int
    ) async throws -> T {
        var request = try request(method, path, query: query)
        request.headers.add(name: "Content-Type", value: type)
        request.body = body
        // Lines of 256 kbit/s are still in use.
        return try Self.decode(try await exchange(request, timeout: .seconds(120 + Int64(count / 32_768))).data, from: path)
    }
}

/// A file's bytes a mebibyte at a time.
private struct FileParts: AsyncSequence, Sendable {
    let file: LocalFile

    struct Iterator: AsyncIteratorProtocol {
        let file: LocalFile
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            guard offset < file.size else { return nil }
            let (file, start) = (file, offset)
            let bytes = try await Blocking.run { _ in try file.part(offset: start, count: 1 << 20) }
            offset += bytes.count
            return ByteBuffer(bytes: bytes)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(file: file) }
}
