extension RowFilter {
    /// The live rows the filter lets through.
    package func rows(of live: Bitmap, _ attributes: AttributeTable?) -> Bitmap {
        // What a row without attributes would get is right for a partition where none has any.
        matching(live, attributes ?? AttributeTable())
    }

    /// Slots that fulfil the filter, perhaps with others that are not live.
    private func matching(_ live: Bitmap, _ table: AttributeTable) -> Bitmap {
        switch self {
        case .compare(.equal, let key, let value): return table.rows(key, equalToOneOf: [value], live: live)
        case .compare(.notEqual, let key, let value):
            return live.subtracting(table.rows(key, equalToOneOf: [value], live: live))
        case .compare(let comparison, let key, .number(let number)):
            guard let range = comparison.range(number) else { return Bitmap() }
            return table.rows(key, in: range, live: live)
        case .compare(let comparison, let key, .text(let text)):
            return table.rows(key, live: live) { comparison.holds($0, text) }
        case .oneOf(let key, let values, let negated):
            let either = table.rows(key, equalToOneOf: values, live: live)
            return negated ? live.subtracting(either) : either
        case .all(let filters):
            return filters.reduce(into: live) { $0.formIntersection($1.matching(live, table)) }
        case .any(let filters):
            return filters.reduce(into: Bitmap()) { $0.formUnion($1.matching(live, table)) }
        }
    }
}

extension RowFilter.Comparison {
    /// The numbers that stand in this relation to one, without the two equalities; nil when there are none.
    fileprivate func range(_ number: Double) -> ClosedRange<Double>? {
        guard !number.isNaN else { return nil }
        switch self {
        case .greater: return number < .infinity ? number.nextUp...Double.infinity : nil
        case .greaterOrEqual: return number...Double.infinity
        case .less: return number > -.infinity ? -Double.infinity...number.nextDown : nil
        case .lessOrEqual: return -Double.infinity...number
        case .equal, .notEqual: return number...number
        }
    }

    /// The order of texts by their UTF-8 bytes, without the two equalities.
    fileprivate func holds(_ text: String, _ other: String) -> Bool {
        switch self {
        case .greater: other.utf8.lexicographicallyPrecedes(text.utf8)
        case .greaterOrEqual: !text.utf8.lexicographicallyPrecedes(other.utf8)
        case .less: text.utf8.lexicographicallyPrecedes(other.utf8)
        case .lessOrEqual: !other.utf8.lexicographicallyPrecedes(text.utf8)
        case .equal, .notEqual: text.utf8.elementsEqual(other.utf8)
        }
    }
}
