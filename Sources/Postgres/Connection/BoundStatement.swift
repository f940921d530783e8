import CPostgres

/// A statement ready to be sent: its text and its parameters as libpq wants them.
struct BoundStatement: Sendable {
    let text: String
    let parameters: [SQL.Parameter]
    var values: PostgresBuffer

    /// The protocol counts parameters in two bytes.
    private static let parameterLimit = 65_535

    init(_ sql: SQL) throws(PostgresError) {
        if let error = sql.encodingError { throw error }
        text = sql.text
        parameters = sql.parameters
        values = sql.values
        guard parameters.count <= Self.parameterLimit else {
            let message = "a statement takes up to \(Self.parameterLimit) parameters, this one has \(parameters.count)"
            throw PostgresError(code: .invalidStatement, message: message, hint: "bind arrays and unnest them, or use COPY")
        }
        guard !text.utf8.contains(0) else {
            throw PostgresError(code: .invalidStatement, message: "a statement cannot contain the character NUL")
        }
    }

    /// What a prepared statement is found by: the same text with other types is another statement.
    var cacheKey: StatementCache.Key { .init(text: text, types: parameters.map(\.type.oid)) }

    /// Extension types whose object identifiers have to be filled in before sending.
    var extensionTypes: Set<String> { Set(values.fixups.map(\.extensionName)) }

    mutating func resolve(_ oids: [String: UInt32]) {
        for fixup in values.fixups { values.overwrite(oids[fixup.extensionName] ?? 0, at: fixup.offset) }
        values.fixups = []
    }

    /// Sends the statement in the extended protocol and asks for results in binary format.
    /// - Returns: libpq's answer: 1 when it took the statement.
    func send(on connection: OpaquePointer, as route: StatementCache.Route) -> Int32 {
        let formats = parameters.map { Int32($0.isText ? 0 : 1) }
        let lengths = parameters.map { Int32($0.range?.count ?? 0) }
        return withValuePointers { pointers in
            switch route {
            case .direct:
                PQsendQueryParams(connection, text, Int32(parameters.count), parameters.map(\.type.oid), pointers, lengths, formats, 1)
            case .prepared(let name), .prepare(let name):
                PQsendQueryPrepared(connection, name, Int32(parameters.count), pointers, lengths, formats, 1)
            }
        }
    }

    func sendPrepare(on connection: OpaquePointer, name: String) -> Int32 {
        PQsendPrepare(connection, name, text, Int32(parameters.count), parameters.map(\.type.oid))
    }

    /// Text parameters are read up to a NUL, so a copy with one behind each value is made when there are any.
    private func withValuePointers<R>(_ body: ([UnsafePointer<CChar>?]) -> R) -> R {
        var bytes = values.bytes
        var offsets: [Int?] = parameters.map(\.range?.lowerBound)
        for (index, parameter) in parameters.enumerated() where parameter.isText {
            guard let range = parameter.range else { continue }
            offsets[index] = bytes.count
            bytes.append(contentsOf: values.bytes[range])
            bytes.append(0)
        }
        bytes.append(0)
        return bytes.withUnsafeBytes { raw in
            let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(offsets.map { offset in offset.flatMap { base?.advanced(by: $0) } })
        }
    }
}
