import Domain
import Postgres

extension Filter {
    /// The filter as a condition on `knowledge_base k LEFT JOIN files f`; every value is bound, metadata names too.
    ///
    /// A comparison with a missing value is false, and `ne`/`nin` are the negations of `eq`/`in`, so they let missing values through.
    func condition() throws -> SQL {
        switch self {
        case .compare(let comparison, let key, let value):
            return try key.compared(comparison, to: value)
        case .oneOf(let key, let values, let negated):
            let either = try values.map { try key.compared(.equal, to: $0) }
            let joined: SQL = either.isEmpty ? "false" : Self.join(either, by: " OR ")
            return negated ? "NOT coalesce(\(joined), false)" : joined
        case .all(let filters):
            return Self.join(try filters.map { try $0.condition() }, by: " AND ")
        case .any(let filters):
            return Self.join(try filters.map { try $0.condition() }, by: " OR ")
        }
    }

    private static func join(_ conditions: [SQL], by word: String) -> SQL {
        guard let first = conditions.first else { return "true" }
        let joined: SQL = conditions.dropFirst().reduce(first) { "\($0)\(unescaped: word)\($1)" }
        return "(\(joined))"
    }
}

extension Filter.Key {
    func compared(_ comparison: Filter.Comparison, to value: Filter.Value) throws(Problem) -> SQL {
        try check(comparison, value)
        if comparison == .notEqual { return "NOT coalesce(\(try compared(.equal, to: value)), false)" }
        switch (self, value) {
        case (.tags, .string(let tag)): return "(k.tags @> ARRAY[\(tag)]::text[])"
        case (.file, .string(let text)): return Self.isFile(text)
        case (.sourceType, .string(let text)): return "(k.source_type COLLATE \"C\" \(unescaped: comparison.sqlOperator) \(text))"
        case (.createdAt, _): return "(k.created_at \(unescaped: comparison.sqlOperator) \(try time(value)))"
        case (.metadata(let name), _): return Self.metadata(name, comparison, value)
        case (.tags, _), (.file, _), (.sourceType, _):
            throw Problem(.internalFault, code: "filter_unchecked", "A filter was checked and is wrong all the same.")
        }
    }

    /// Whether the file `f` goes by this id, name or path.
    static func isFile(_ text: String) -> SQL {
        "(f.id = \(FileID(text)) OR f.file_name = \(text) OR f.source_path = \(text))"
    }

    private static func metadata(_ name: String, _ comparison: Filter.Comparison, _ value: Filter.Value) -> SQL {
        let symbol = comparison.sqlOperator
        switch value {
        case .string(let text):
            // Texts are ordered by their bytes, as the index does.
            return """
                (jsonb_typeof(k.metadata -> \(name)) = 'string' AND (k.metadata ->> \(name)) COLLATE "C" \(unescaped: symbol) \(text))
                """
        case .boolean(let flag):
            // With the type test, because jsonb orders values of different types, too: every number is less than a boolean.
            return """
                (jsonb_typeof(k.metadata -> \(name)) = 'boolean'
                    AND k.metadata -> \(name) \(unescaped: symbol) to_jsonb(\(flag)::boolean))
                """
        case .number(let number):
            // As float8, which is what the index has, but for what is out of its range. CASE, because AND does not promise that a cast waits for
            // the test of the type.
            let value: SQL = "(k.metadata ->> \(name))"
            return """
                (CASE WHEN jsonb_typeof(k.metadata -> \(name)) <> 'number' THEN false
                    WHEN abs(\(value)::numeric) BETWEEN 1e-300 AND 1e300 THEN \(value)::float8 \(unescaped: symbol) \(number)
                    ELSE \(value)::numeric \(unescaped: symbol) \("\(number)")::text::numeric END) IS TRUE
                """
        }
    }
}

extension Filter.Comparison {
    fileprivate var sqlOperator: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .less: "<"
        case .lessOrEqual: "<="
        }
    }
}
