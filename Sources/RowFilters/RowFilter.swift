/// A condition on the attributes of rows.
///
/// A key a row does not have compares as false; `notEqual` and a negated `oneOf` are the negations of `equal` and `oneOf`, so they let rows
/// without the key through. Under a key with several keywords a comparison holds when one of them fulfils it: `equal` means "carries", and
/// `notEqual` "does not carry". A text is compared with keywords only, by UTF-8 bytes, and a number with numbers only.
public indirect enum RowFilter: Sendable, Hashable {
    /// One value against the row's.
    case compare(Comparison, key: String, value: Value)
    /// Whether the row has one of the values, or, negated, none. Of no values none is had.
    case oneOf(key: String, values: [Value], negated: Bool)
    /// Every one of the filters lets the row through; so do none.
    case all([RowFilter])
    /// At least one of the filters lets the row through.
    case any([RowFilter])

    /// The comparisons of one value; the row's value stands on the left.
    public enum Comparison: Sendable, Hashable, CaseIterable {
        case equal, notEqual, greater, greaterOrEqual, less, lessOrEqual
    }

    /// What a row's attribute is compared with. NaN compares as false with everything.
    public enum Value: Sendable, Hashable {
        case text(String)
        case number(Double)
    }

    /// Groups in groups that are accepted, and comparisons in a whole filter, each value of `oneOf` and each group counted as one: a filter's
    /// cost stays bounded.
    public static let maximumDepth = 16
    public static let maximumConditions = 1_000

    /// What a filter has too much of.
    package enum LimitExceeded: Error {
        case tooDeep, tooLarge
    }

    /// Throws when the filter is beyond the limits.
    package func validate() throws(LimitExceeded) {
        var conditions = 0
        try count(into: &conditions, depth: 0)
    }

    private func count(into conditions: inout Int, depth: Int) throws(LimitExceeded) {
        conditions += 1
        switch self {
        case .compare: break
        case .oneOf(_, let values, _): conditions += max(0, values.count - 1)
        case .all(let filters), .any(let filters):
            guard depth < Self.maximumDepth else { throw .tooDeep }
            for filter in filters { try filter.count(into: &conditions, depth: depth + 1) }
        }
        guard conditions <= Self.maximumConditions else { throw .tooLarge }
    }
}
