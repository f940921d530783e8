/// Writes the rows of COPY … FROM STDIN. Valid only inside the body of ``PostgresConnection/copyIn(_:columns:isolation:file:line:write:)``.
public struct CopyWriter {
    let session: Session
    let request: OperationRequest
    let text: String
    let columnCount: Int
    var buffer: PostgresBuffer

    /// A message of COPY data is sent when it has this size.
    static let chunkSize = 128 * 1024
    /// `PGCOPY\n\377\r\n\0`, no flags, no header extension (manual of COPY, section "Binary Format").
    static let header: [UInt8] = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0]

    /// Writes one row: `encode` appends one value for each column. Waits for the server when it is slower.
    /// - Throws: ``PostgresError`` when the number of values is not that of the columns, or a value cannot be encoded; then nothing of the COPY is kept.
    public mutating func row(isolation: isolated (any Actor)? = #isolation, _ encode: (inout CopyRow) throws -> Void) async throws {
        try append(encode)
        if buffer.bytes.count >= Self.chunkSize { try await flush() }
    }

    mutating func append(_ encode: (inout CopyRow) throws -> Void) throws {
        var row = CopyRow(buffer: buffer)
        buffer = PostgresBuffer()
        row.buffer.write(Int16(columnCount))
        try encode(&row)
        guard row.count == columnCount else {
            throw PostgresError(code: .encoding, message: "a row of \(row.count) values was written for \(columnCount) columns").at(
                request.place, statement: text)
        }
        buffer = row.buffer
    }

    mutating func flush(isolation: isolated (any Actor)? = #isolation) async throws {
        try Task.checkCancellation()
        guard buffer.fixups.isEmpty else {
            throw PostgresError(code: .encoding, message: "arrays of extension types cannot be copied").at(request.place, statement: text)
        }
        try await session.putCopy(buffer.bytes, request, text: text)
        buffer.bytes.removeAll(keepingCapacity: true)
    }
}

/// One row being written by COPY. Values must have exactly the columns' types: COPY does not cast (an `integer` column takes `Int32`, not `Int`).
public struct CopyRow {
    var buffer: PostgresBuffer
    var count = 0

    /// Appends the value of the next column; nil is NULL.
    public mutating func append(_ value: some PostgresEncodable) throws {
        try buffer.writeValue(value)
        count += 1
    }
}

extension PostgresConnection {
    /// Streams rows into a table with COPY in binary format: all of them, or none when anything fails. Memory holds one message, not the rows.
    /// - Parameters:
    ///   - table: A table's name; a dot separates its schema. Both are quoted here.
    ///   - columns: The columns' names in the order of the values.
    ///   - write: Calls ``CopyWriter/row(isolation:_:)`` once a row. The connection takes no other statement meanwhile.
    /// - Returns: The number of rows.
    /// - Throws: what `write` throws; ``PostgresError``; `CancellationError` when the task is cancelled.
    @discardableResult
    public func copyIn(
        _ table: String, columns: [String], isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        write: (inout CopyWriter) async throws -> Void
    ) async throws -> Int {
        let request = OperationRequest(place: CallSite(file: file, line: line))
        let text = Self.copyStatement(table, columns)
        return try await interruptible(request) {
            try await session.openCopyIn(text, request)
            do {
                var writer = CopyWriter(
                    session: session, request: request, text: text, columnCount: columns.count,
                    buffer: PostgresBuffer(capacity: CopyWriter.chunkSize * 2))
                writer.buffer.write(CopyWriter.header)
                try await write(&writer)
                writer.buffer.write(Int16(-1))
                try await writer.flush()
                return try await session.endCopyIn(request, text: text, failure: nil)
            } catch {
                await session.abortCopyIn(request, text: text, reason: "the rows ended with an error")
                throw error
            }
        }
    }

    /// As ``copyIn(_:columns:isolation:file:line:write:)``, with a closure that encodes each element of a sequence.
    @discardableResult
    public func copyIn<Rows: Sequence>(
        _ table: String, columns: [String], rows: Rows, isolation: isolated (any Actor)? = #isolation, file: String = #fileID,
        line: Int = #line,
        encode: (Rows.Element, inout CopyRow) throws -> Void
    ) async throws -> Int {
        try await copyIn(table, columns: columns, isolation: isolation, file: file, line: line) { writer in
            for element in rows {
                try writer.append { try encode(element, &$0) }
                if writer.buffer.bytes.count >= CopyWriter.chunkSize { try await writer.flush() }
            }
        }
    }

    /// As ``copyIn(_:columns:isolation:file:line:write:)``, with each row an array of values.
    @discardableResult
    public func copyIn(
        _ table: String, columns: [String], rows: some Sequence<[(any PostgresEncodable)?]>, isolation: isolated (any Actor)? = #isolation,
        file: String = #fileID, line: Int = #line
    ) async throws -> Int {
        try await copyIn(table, columns: columns, rows: rows, isolation: isolation, file: file, line: line, encode: Self.encodeValues)
    }

    /// As ``copyIn(_:columns:isolation:file:line:write:)``, with rows that come one after the other from elsewhere.
    @discardableResult
    public func copyIn<Rows: AsyncSequence>(
        _ table: String, columns: [String], rows: Rows, isolation: isolated (any Actor)? = #isolation, file: String = #fileID,
        line: Int = #line
    ) async throws -> Int where Rows.Element == [(any PostgresEncodable)?] {
        try await copyIn(table, columns: columns, isolation: isolation, file: file, line: line) { writer in
            var iterator = rows.makeAsyncIterator()
            while let values = try await iterator.next(isolation: isolation) {
                try await writer.row { try Self.encodeValues(values, &$0) }
            }
        }
    }

    private static func encodeValues(_ values: [(any PostgresEncodable)?], _ row: inout CopyRow) throws {
        for value in values {
            if let value { try row.append(value) } else { try row.append(String?.none) }
        }
    }

    private static func copyStatement(_ table: String, _ columns: [String]) -> String {
        let name = table.split(separator: ".", maxSplits: 1).map { SQL.quoted(identifier: String($0)) }.joined(separator: ".")
        let list = columns.map { SQL.quoted(identifier: $0) }.joined(separator: ", ")
        return "COPY \(name) (\(list)) FROM STDIN (FORMAT binary)"
    }

    /// Reads the rows of a query through COPY in binary format, the fastest way to read very many.
    ///
    /// The rows carry neither names nor types: read them with ``PostgresRow/decode(_:)`` and exactly the columns' types. COPY takes no parameters, so the values
    /// bound in `sql` are written into its text as quoted literals. The connection takes no other statement until the sequence has ended or was given up.
    public func copyOut(_ sql: SQL, timeout: Duration? = nil, file: String = #fileID, line: Int = #line) -> CopiedRows {
        CopiedRows(connection: self, sql: sql, request: OperationRequest(timeout: timeout, place: CallSite(file: file, line: line)))
    }
}

extension Session {
    /// Ends COPY … FROM STDIN so that the server keeps nothing.
    func abortCopyIn(_ request: OperationRequest, text: String, reason: String) async {
        guard active?.id == request.id else { return }
        _ = try? await endCopyIn(request, text: text, failure: reason)
    }
}
