import Domain
import Foundation

/// A passage as the filters see it.
struct FilterRow: Sendable {
    let id = ChunkID()
    let tags: [String]
    let sourceType: String?
    let fileName: String?
    let createdAt: Date
    let metadata: [String: Filter.Value]

    /// Some dozens that combine present and missing values of every kind.
    static let samples: [FilterRow] = (0..<48).map { number in
        var metadata: [String: Filter.Value] = [:]
        switch number % 6 {
        case 0: metadata["x"] = .number(Double(number))
        case 1: metadata["x"] = .number(-0.5)
        case 2: metadata["x"] = .string("word\(number)")
        case 3: metadata["x"] = .boolean(number % 4 == 1)
        case 4: metadata["x"] = .string("12")
        default: break
        }
        return FilterRow(
            tags: [[], ["a"], ["a", "b"], ["quote'\"", "b"]][number % 4],
            sourceType: ["md", "txt", nil][number % 3],
            fileName: ["one.md", "two.md", nil][number / 16],
            createdAt: Date(timeIntervalSince1970: 1_700_000_000 + Double(number) * 3600),
            metadata: metadata)
    }
}

extension Filter {
    /// What the filter means, without SQL: a comparison with a missing value, or one of another kind, is false.
    func admits(_ row: FilterRow) -> Bool {
        switch self {
        case .compare(.notEqual, let key, let value): !key.holds(.equal, value, in: row)
        case .compare(let comparison, let key, let value): key.holds(comparison, value, in: row)
        case .oneOf(let key, let values, let negated): values.contains { key.holds(.equal, $0, in: row) } != negated
        case .all(let filters): filters.allSatisfy { $0.admits(row) }
        case .any(let filters): filters.contains { $0.admits(row) }
        }
    }
}

extension Filter.Key {
    fileprivate func holds(_ comparison: Filter.Comparison, _ value: Filter.Value, in row: FilterRow) -> Bool {
        switch (self, value) {
        case (.tags, .string(let tag)): row.tags.contains(tag)
        case (.sourceType, .string(let text)): row.sourceType.map { comparison.holds($0, text) } ?? false
        case (.file, .string(let text)): row.fileName == text
        case (.createdAt, .string(let text)):
            (try? Date(text, strategy: .iso8601)).map { comparison.holds(row.createdAt, $0) } ?? false
        case (.metadata(let name), _):
            switch (row.metadata[name], value) {
            case (.string(let mine), .string(let other)): comparison.holds(mine, other)
            case (.number(let mine), .number(let other)): comparison.holds(mine, other)
            case (.boolean(let mine), .boolean(let other)): comparison.holds(mine ? 1 : 0, other ? 1 : 0)
            default: false
            }
        default: false
        }
    }
}

extension Filter.Comparison {
    fileprivate func holds<T: Comparable>(_ left: T, _ right: T) -> Bool {
        switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .less: left < right
        case .lessOrEqual: left <= right
        }
    }
}
