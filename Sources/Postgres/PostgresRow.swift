import CPostgres

/// One row of a result, or of COPY.
///
/// A row of a result keeps the result's memory alive: decode rows promptly instead of storing them.
public struct PostgresRow: Sendable {
    enum Storage: Sendable {
        case result(ResultHandle, row: Int32)
        case copy(CopyTuple)
    }

    let storage: Storage

    /// How many columns the row has.
    public var columnCount: Int {
        switch storage {
        case .result(let result, _): result.columnCount
        case .copy(let tuple): tuple.fields.count
        }
    }

    /// The columns' names in order; none for COPY, which does not carry them.
    public var columnNames: [String] {
        switch storage {
        case .result(let result, _): (0..<result.columnCount).map { result.columnName(at: $0) }
        case .copy: []
        }
    }

    /// Reads all columns in order: `let (id, name) = try row.decode(UUID.self, String?.self)`.
    /// - Throws: ``PostgresDecodingError`` naming the column; also when the number of columns differs.
    public func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> (repeat each T) {
        var wanted = 0
        for _ in repeat each types { wanted += 1 }
        guard wanted == columnCount else { throw PostgresDecodingError.columnCount(found: columnCount, wanted: wanted) }
        var index = -1
        func next<Value: PostgresDecodable>(_ type: Value.Type) throws -> Value {
            index += 1
            return try decode(at: index, as: type)
        }
        return (repeat try next(each types))
    }

    /// Reads the only column.
    /// - Throws: ``PostgresDecodingError``; also when there are more columns.
    public func decode<T: PostgresDecodable>(_ type: T.Type) throws -> T {
        guard columnCount == 1 else { throw PostgresDecodingError.columnCount(found: columnCount, wanted: 1) }
        return try decode(at: 0, as: type)
    }

    /// Reads the column with a name, exactly as the server spells it; the first one where several have it.
    /// - Throws: ``PostgresDecodingError``.
    public func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws -> T {
        guard case .result(let result, _) = storage, let index = result.columnIndex(named: column) else {
            throw PostgresDecodingError.noSuchColumn(column, available: columnNames)
        }
        return try decode(at: index, as: type)
    }

    /// Reads the column at an index from 0.
    /// - Throws: ``PostgresDecodingError``.
    public func decode<T: PostgresDecodable>(at index: Int, as type: T.Type = T.self) throws -> T {
        guard (0..<columnCount).contains(index) else { throw PostgresDecodingError.columnCount(found: columnCount, wanted: index + 1) }
        do {
            switch storage {
            case .result(let result, let row): return try result.withCell(row: row, column: Int32(index)) { try T(from: $0) }
            case .copy(let tuple): return try tuple.withCell(column: index) { try T(from: $0) }
            }
        } catch let error as PostgresDecodingError {
            throw PostgresDecodingError.inColumn(columnLabel(index), error)
        }
    }

    private func columnLabel(_ index: Int) -> String {
        guard case .result(let result, _) = storage else { return "\(index + 1)" }
        return "'\(result.columnName(at: index))'"
    }
}

/// A result of libpq, freed with the last row that refers to it.
///
/// Unchecked because libpq's manual (section "Behavior in Threaded Programs") allows a finished result to be read by any thread, and nothing here changes it.
final class ResultHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var rowCount: Int { Int(PQntuples(pointer)) }
    var columnCount: Int { Int(PQnfields(pointer)) }
    var affectedRows: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }
    var commandTag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }
    var rows: [PostgresRow] { (0..<rowCount).map { PostgresRow(storage: .result(self, row: Int32($0))) } }

    func columnName(at index: Int) -> String {
        PQfname(pointer, Int32(index)).map { String(cString: $0) } ?? "\(index + 1)"
    }

    func columnIndex(named name: String) -> Int? {
        (0..<columnCount).first { columnName(at: $0) == name }
    }

    func withCell<R>(row: Int32, column: Int32, _ body: (PostgresCell) throws -> R) rethrows -> R {
        let type = PostgresType(oid: PQftype(pointer, column))
        guard PQgetisnull(pointer, row, column) == 0 else { return try body(PostgresCell(bytes: nil, type: type)) }
        let bytes = UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: Int(PQgetlength(pointer, row, column)))
        return try body(PostgresCell(bytes: bytes, type: type))
    }

    /// The error the server reported, or nil for a result that is none.
    var error: PostgresError? {
        guard [PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR].contains(status) else { return nil }
        let state = field("C")
        let text = field("M") ?? PQresultErrorMessage(pointer).map { String(cString: $0) } ?? "unknown failure"
        var error = PostgresError(
            code: state.map { PostgresError.Code(sqlState: $0) } ?? .connectionLost, message: text.trimmingTrailingNewlines,
            hint: field("H"))
        error.severity = field("V")
        error.detail = field("D")
        error.constraint = field("n")
        error.table = field("t")
        error.column = field("c")
        error.position = field("P").flatMap { Int($0) }
        return error
    }

    /// A field by its letter in the protocol (manual, "Error and Notice Message Fields"): libpq's macros for them are characters, which Swift does not import.
    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }
}

extension String {
    var trimmingTrailingNewlines: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}

/// One tuple of COPY's binary format: the batch's bytes and where the fields stand in them.
struct CopyTuple: Sendable {
    let bytes: [UInt8]
    /// nil for NULL.
    let fields: [Range<Int>?]

    func withCell<R>(column: Int, _ body: (PostgresCell) throws -> R) rethrows -> R {
        guard let range = fields[column] else { return try body(PostgresCell(bytes: nil, type: .unspecified)) }
        return try bytes.withUnsafeBytes { try body(PostgresCell(bytes: UnsafeRawBufferPointer(rebasing: $0[range]), type: .unspecified)) }
    }
}
