/// A statement, or a piece of one, whose interpolated values are bound as parameters and never become part of its text.
///
/// ```swift
/// let byOwner: SQL = "owner = \(owner)"                       // $1
/// let sql: SQL = "SELECT id FROM notes WHERE \(byOwner) AND size > \(1024) ORDER BY \(identifier: column)"
/// ```
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The text between the parameters: one piece more than there are parameters.
    var pieces: [String]
    var parameters: [Parameter]
    var values: PostgresBuffer
    /// The first failure to encode a value; thrown when the statement is sent.
    var encodingError: PostgresError?

    /// A bound value: its type and where its bytes stand among ``values``.
    struct Parameter: Sendable, Equatable {
        var type: PostgresType
        var isText = false
        /// nil for NULL.
        var range: Range<Int>?
    }

    /// A statement without parameters.
    public init(stringLiteral value: String) {
        self.init(unescaped: value)
    }

    /// Trusted text as it is. Text from outside must not come here: interpolate it instead.
    public init(unescaped text: String) {
        pieces = [text]
        parameters = []
        values = PostgresBuffer()
    }

    /// The statement that an interpolated literal describes.
    public init(stringInterpolation: Interpolation) {
        self = stringInterpolation.sql
    }

    /// The text as the server gets it, with `$1`, `$2` … in the places of the values.
    public var text: String {
        guard pieces.count > 1 else { return pieces[0] }
        var text = pieces[0]
        for index in 1..<pieces.count { text += "$\(index)\(pieces[index])" }
        return text
    }

    /// Appends another piece; its parameters are renumbered.
    public mutating func append(_ other: SQL) {
        let start = values.append(other.values)
        pieces[pieces.count - 1] += other.pieces[0]
        pieces.append(contentsOf: other.pieces.dropFirst())
        for var parameter in other.parameters {
            parameter.range = parameter.range.map { $0.lowerBound + start..<$0.upperBound + start }
            parameters.append(parameter)
        }
        encodingError = encodingError ?? other.encodingError
    }

    mutating func append(text: String) {
        pieces[pieces.count - 1] += text
    }

    mutating func append(_ value: some PostgresEncodable, type: PostgresType, isText: Bool = false) {
        var parameter = Parameter(type: type, isText: isText)
        let start = values.bytes.count
        do {
            if !value.isPostgresNull {
                try value.encode(into: &values)
                parameter.range = start..<values.bytes.count
            }
        } catch let error as PostgresError {
            encodingError = encodingError ?? error
        } catch {
            let message = "parameter \(parameters.count + 1) could not be encoded: \(error)"
            encodingError = encodingError ?? PostgresError(code: .encoding, message: message)
        }
        parameters.append(parameter)
        pieces.append("")
    }

    /// A name in double quotes, with quotes inside it doubled, so that it is a name whatever it contains.
    public static func quoted(identifier: String) -> String {
        "\"" + identifier.replacing("\"", with: "\"\"") + "\""
    }
}

extension SQL: CustomStringConvertible {
    /// The text, without the values of the parameters.
    public var description: String { text }
}

extension SQL {
    /// Collects the pieces and values of a literal.
    public struct Interpolation: StringInterpolationProtocol {
        var sql = SQL(unescaped: "")

        /// An empty statement; the capacities are not used.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Text of the program.
        public mutating func appendLiteral(_ literal: String) { sql.append(text: literal) }

        /// Binds a value.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T) { sql.append(value, type: T.postgresType) }

        /// Binds a value, or NULL for nil.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) { sql.append(value, type: T.postgresType) }

        /// Splices another piece of SQL in, with its parameters.
        public mutating func appendInterpolation(_ other: SQL) { sql.append(other) }

        /// Splices trusted text in as it is. Text from outside must never come here.
        public mutating func appendInterpolation(unescaped text: String) { sql.append(text: text) }

        /// Splices a quoted name in: a table, a column, a channel …
        public mutating func appendInterpolation(identifier name: String) { sql.append(text: SQL.quoted(identifier: name)) }

        /// Splices a quoted name with its schema in.
        public mutating func appendInterpolation(identifier schema: String, _ name: String) {
            sql.append(text: SQL.quoted(identifier: schema) + "." + SQL.quoted(identifier: name))
        }

        /// Binds text whose type the server infers from the context, as it does for a quoted literal: for enumerations, intervals, ranges …
        public mutating func appendInterpolation(untyped text: String?) { sql.append(text, type: .unspecified, isText: true) }
    }
}

extension Sequence<SQL> {
    /// The pieces one after the other with `separator` between them; an empty piece for none.
    public func joined(separator: SQL = ", ") -> SQL {
        var joined = SQL(unescaped: "")
        var isFirst = true
        for piece in self {
            if !isFirst { joined.append(separator) }
            joined.append(piece)
            isFirst = false
        }
        return joined
    }
}
