import RowFilters
import VectorIndex

/// What a filter means, row by row.
func holds(_ filter: RowFilter, _ row: RowAttributes) -> Bool {
    switch filter {
    case .all(let filters): filters.allSatisfy { holds($0, row) }
    case .any(let filters): filters.contains { holds($0, row) }
    case .oneOf(let key, let values, let negated):
        values.contains { holds(.compare(.equal, key: key, value: $0), row) } != negated
    case .compare(.notEqual, let key, let value): !holds(.compare(.equal, key: key, value: value), row)
    case .compare(let comparison, let key, .number(let number)):
        row.numbers[key].map { compare(comparison, $0 < number, $0 == number, $0 > number) } ?? false
    case .compare(let comparison, let key, .text(let text)):
        (row.keywords[key] ?? []).contains { keyword in
            let (one, other) = (Array(keyword.utf8), Array(text.utf8))
            return compare(comparison, one.lexicographicallyPrecedes(other), one == other, other.lexicographicallyPrecedes(one))
        }
    }
}

private func compare(_ comparison: RowFilter.Comparison, _ isLess: Bool, _ isEqual: Bool, _ isGreater: Bool) -> Bool {
    switch comparison {
    case .equal: isEqual
    case .notEqual: !isEqual
    case .greater: isGreater
    case .greaterOrEqual: isGreater || isEqual
    case .less: isLess
    case .lessOrEqual: isLess || isEqual
    }
}

/// Attributes with few values, so that filters meet; `file` has many. A composed and a decomposed é are different texts.
func randomAttributes(_ generator: inout SplitMix64) -> RowAttributes {
    var attributes = RowAttributes()
    guard Int.random(in: 0..<5, using: &generator) > 0 else { return attributes }
    let tags = (0..<Int.random(in: 0...3, using: &generator)).map { _ in randomTag(&generator) }
    if Bool.random(using: &generator) { attributes.keywords["tags"] = tags }
    attributes.keywords["file"] = ["file \(Int.random(in: 0..<200, using: &generator))"]
    if Bool.random(using: &generator) { attributes.numbers["year"] = Double(Int.random(in: -2...2, using: &generator)) }
    // A key of both kinds.
    if Bool.random(using: &generator) {
        attributes.numbers["tags"] = [-Double.infinity, 0, 1, 2.5][Int.random(in: 0..<4, using: &generator)]
    }
    return attributes
}

private func randomTag(_ generator: inout SplitMix64) -> String {
    ["", "a", "b", "\u{E9}", "e\u{301}", "zz"][Int.random(in: 0..<6, using: &generator)]
}

/// A filter over the attributes of `randomAttributes`, groups nested up to the depth.
func randomFilter(_ generator: inout SplitMix64, depth: Int = 3) -> RowFilter {
    let key = ["tags", "file", "year", "none"][Int.random(in: 0..<4, using: &generator)]
    switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &generator) {
    case 0, 1, 2:
        let comparison = RowFilter.Comparison.allCases[Int.random(in: 0..<6, using: &generator)]
        return .compare(comparison, key: key, value: randomValue(key, &generator))
    case 3:
        let values = (0..<Int.random(in: 0...4, using: &generator)).map { _ in randomValue(key, &generator) }
        return .oneOf(key: key, values: values, negated: Bool.random(using: &generator))
    case 4, 5: return .all((0..<Int.random(in: 0...3, using: &generator)).map { _ in randomFilter(&generator, depth: depth - 1) })
    default: return .any((0..<Int.random(in: 0...3, using: &generator)).map { _ in randomFilter(&generator, depth: depth - 1) })
    }
}

private func randomValue(_ key: String, _ generator: inout SplitMix64) -> RowFilter.Value {
    if Int.random(in: 0..<4, using: &generator) == 0 {
        return .number([-.infinity, -2, -0.0, 0, 1, 1.5, .infinity, .nan][Int.random(in: 0..<8, using: &generator)])
    }
    if key == "year" { return .number(Double(Int.random(in: -2...2, using: &generator))) }
    return .text(key == "file" ? "file \(Int.random(in: 0..<200, using: &generator))" : randomTag(&generator))
}
