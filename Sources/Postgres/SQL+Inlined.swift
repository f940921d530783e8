import Foundation

extension SQL {
    /// The text with its values written into it as quoted literals, for commands that take no parameters.
    /// - Throws: ``PostgresError`` with ``PostgresError/Code/invalidStatement`` for a value of a type that has no literal here.
    func inlined() throws -> String {
        if let encodingError { throw encodingError }
        var text = pieces[0]
        for (index, parameter) in parameters.enumerated() {
            text += try values.bytes.withUnsafeBytes { raw in
                let cell = PostgresCell(bytes: parameter.range.map { UnsafeRawBufferPointer(rebasing: raw[$0]) }, type: parameter.type)
                return try Self.literal(cell, number: index + 1)
            }
            text += pieces[index + 1]
        }
        return text
    }

    /// Literals carry their type, so that they mean what the bound parameter means.
    private static func literal(_ cell: PostgresCell, number: Int) throws -> String {
        if cell.bytes == nil { return cell.type.oid == 0 ? "NULL" : "NULL::\(cell.type)" }
        switch cell.type {
        case .bool: return try Bool(from: cell) ? "TRUE" : "FALSE"
        case .int2, .int4, .int8: return "'\(try Int64(from: cell))'::\(cell.type)"
        case .float4, .float8: return "'\(try Double(from: cell))'::\(cell.type)"
        case .numeric: return "'\(try BinaryNumeric(from: cell, for: Decimal.self).text)'::numeric"
        case .uuid: return "'\(try UUID(from: cell))'::uuid"
        case .text, .jsonb: return "\(quoted(literal: try String(from: cell)))::\(cell.type)"
        case .unspecified: return quoted(literal: try String(from: cell))
        case .timestamptz:
            return "(timestamptz '2000-01-01 00:00:00+00' + interval '\(try cell.integer(Int64.self, for: Date.self)) microseconds')"
        case PostgresType.uuid.arrayType: return arrayLiteral(try [UUID](from: cell).map { "\"\($0)\"" }, of: .uuid)
        case PostgresType.int8.arrayType: return arrayLiteral(try [Int64](from: cell).map { "\($0)" }, of: .int8)
        default:
            throw PostgresError(
                code: .invalidStatement,
                message: "COPY takes no parameters, and a value of \(cell.type) (parameter \(number)) cannot be written as a literal",
                hint: "use stream, which binds parameters")
        }
    }

    private static func arrayLiteral(_ elements: [String], of type: PostgresType) -> String {
        "'{\(elements.joined(separator: ","))}'::\(type)[]"
    }

    /// An escape string: right whether or not `standard_conforming_strings` is on.
    static func quoted(literal text: String) -> String {
        " E'" + text.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }
}
