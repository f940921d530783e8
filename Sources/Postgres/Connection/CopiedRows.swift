/// The rows of COPY … TO STDOUT, to be gone through once.
public struct CopiedRows: AsyncSequence, Sendable {
    let connection: PostgresConnection
    let sql: SQL
    let request: OperationRequest

    /// Starts the COPY with the first call of its `next()`.
    public func makeAsyncIterator() -> Iterator {
        Iterator(cursor: CopyCursor(connection: connection, sql: sql, request: request))
    }

    /// Goes through the rows, a batch at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let cursor: CopyCursor
        var batch = CopyBatch()
        var next = 0

        /// The next row; nil at the end.
        /// - Throws: ``PostgresError``; `CancellationError` when the task is cancelled.
        public mutating func next() async throws -> PostgresRow? {
            try await next(isolation: nil)
        }

        /// The next row; nil at the end.
        /// - Throws: ``PostgresError``; `CancellationError` when the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> PostgresRow? {
            while true {
                if next >= batch.ends.count {
                    guard let fresh = try await cursor.nextBatch(isolation: actor) else { return nil }
                    batch = fresh
                    next = 0
                }
                let start = next == 0 ? 0 : batch.ends[next - 1]
                defer { next += 1 }
                if let tuple = try CopyTuple(batch.bytes, from: start, to: batch.ends[next]) { return PostgresRow(storage: .copy(tuple)) }
            }
        }
    }
}

/// Owns the COPY under way; gives it up when the reader goes away before the end.
final class CopyCursor {
    private let connection: PostgresConnection
    private let sql: SQL
    private let request: OperationRequest
    private var text: String?
    private var isAtEnd = false

    init(connection: PostgresConnection, sql: SQL, request: OperationRequest) {
        self.connection = connection
        self.sql = sql
        // Each pass is an operation of its own.
        var request = request
        request.id = Operation.makeID()
        self.request = request
    }

    deinit {
        if text != nil, !isAtEnd { connection.session.abandonStream(request.id) }
    }

    func nextBatch(isolation: isolated (any Actor)?) async throws -> CopyBatch? {
        guard !isAtEnd else { return nil }
        let request = request
        let session = connection.session
        do {
            let text = try self.text ?? "COPY (\(sql.inlined())) TO STDOUT (FORMAT binary)"
            let isFirst = self.text == nil
            self.text = text
            let batch = try await connection.interruptible(request, isolation: isolation) {
                if isFirst { try await session.openCopyOut(text, request) }
                return try await session.nextCopyMessages(request, text: text)
            }
            if !batch.bytes.isEmpty { return batch }
        } catch {
            isAtEnd = true
            await session.closeStream(request.id)
            throw error
        }
        isAtEnd = true
        await session.closeStream(request.id)
        return nil
    }
}

extension CopyTuple {
    private static let headerSize = CopyWriter.header.count

    /// Parses one message, which the server fills with exactly one tuple, the first one behind the header; nil for the trailer.
    init?(_ batch: [UInt8], from start: Int, to end: Int) throws {
        let parsed: [Range<Int>?]? = try batch.withUnsafeBytes { raw in
            let message = UnsafeRawBufferPointer(rebasing: raw[start..<end])
            let offset = message.starts(with: CopyWriter.header.prefix(11)) ? Self.headerSize : 0
            guard message.count >= offset + 2 else { throw Self.malformed }
            let count = message.bigEndian(Int16.self, at: offset)
            return count < 0 ? nil : try Self.fields(count: Int(count), in: message, from: offset + 2, base: start)
        }
        guard let parsed else { return nil }
        self.init(bytes: batch, fields: parsed)
    }

    private static func fields(count: Int, in message: UnsafeRawBufferPointer, from start: Int, base: Int) throws -> [Range<Int>?] {
        var offset = start
        return try (0..<count).map { _ in
            guard let field = message.lengthPrefixed(at: &offset, type: .unspecified) else { throw malformed }
            return field.bytes.map { base + offset - $0.count..<base + offset }
        }
    }

    private static let malformed = PostgresError(code: .protocolViolation, message: "a row of COPY could not be read")
}
