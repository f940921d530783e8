import Domain
import Foundation
import Storage
import RowFilters

extension RowAttributes {
    /// What ``Domain/Filter`` may ask about a row, under the names of its keys.
    init(_ row: MirrorRow) {
        self.init()
        if !row.tags.isEmpty { keywords[Filter.Key.tags.attribute] = row.tags }
        if let type = row.sourceType { keywords[Filter.Key.sourceType.attribute] = [type] }
        if let file = row.file { keywords[Filter.Key.file.attribute] = [file.description] }
        numbers[Filter.Key.createdAt.attribute] = row.createdAt.microseconds
        guard let metadata = row.metadata, metadata != "{}" else { return }
        // What is no scalar no filter can ask for.
        for (name, value) in (try? JSONDecoder().decode([String: Scalar].self, from: Data(metadata.utf8))) ?? [:] {
            switch value {
            case .string(let text): keywords[Filter.Key.metadata(name).attribute] = [text]
            case .boolean(let flag): keywords[Filter.Key.metadata(name).flagAttribute] = [String(flag)]
            case .number(let number): numbers[Filter.Key.metadata(name).attribute] = number
            case .other: break
            }
        }
    }

    private enum Scalar: Decodable {
        case string(String), boolean(Bool), number(Double), other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .boolean(flag)
            } else if let text = try? container.decode(String.self) {
                self = .string(text)
            } else if let number = try? container.decode(Double.self), !number.isNaN {
                self = .number(number)
            } else {
                self = .other
            }
        }
    }
}

extension Filter.Key {
    var attribute: String {
        switch self {
        case .tags: "tags"
        case .sourceType: "source_type"
        case .file: "file"
        case .createdAt: "created_at"
        // Names are the same when their bytes are; of texts in Swift other ones are equal, too.
        case .metadata(let name):
            "metadata." + name.utf8.map { $0 < 0x80 && $0 != UInt8(ascii: "%") ? String(UnicodeScalar($0)) : "%\($0)" }.joined()
        }
    }

    /// Truth is neither a text nor a number, so it has a key of its own, which no metadata of a row can have.
    var flagAttribute: String { "flag.\(attribute)" }
}

extension Date {
    /// Since 1970, whole: PostgreSQL's precision, and exact in 53 bits until the year 2255.
    var microseconds: Double { (timeIntervalSince1970 * 1e6).rounded() }
}

extension RowFilter {
    /// The filter as the index understands it.
    /// - Parameter files: the ids of the files that go by a name, by its UTF-8, for every text that the filter compares `file` with.
    /// - Throws: `invalid_request` as SQL would: for a comparison that a key does not have.
    init(_ filter: Filter, files: [[UInt8]: [FileID]]) throws(Problem) {
        switch filter {
        case .compare(let comparison, let key, let value): self = try Self.compared(comparison, key, value, files)
        case .oneOf(let key, let values, let negated):
            var either: [RowFilter] = []
            for value in values { either.append(try Self.compared(.equal, key, value, files)) }
            self = negated ? either.reduce(into: .all([])) { $0.add(negationOf: $1) } : .any(either)
        case .all(let filters):
            var members: [RowFilter] = []
            for filter in filters { members.append(try RowFilter(filter, files: files)) }
            self = .all(members)
        case .any(let filters):
            var members: [RowFilter] = []
            for filter in filters { members.append(try RowFilter(filter, files: files)) }
            self = .any(members)
        }
    }

    /// Adds to a conjunction the negation of an equality.
    private mutating func add(negationOf equality: RowFilter) {
        guard case .all(let members) = self else { return }
        switch equality {
        case .compare(_, let key, let value): self = .all(members + [.compare(.notEqual, key: key, value: value)])
        case .oneOf(let key, let values, _): self = .all(members + [.oneOf(key: key, values: values, negated: true)])
        case .all, .any: break
        }
    }

    private static func compared(
        _ comparison: Filter.Comparison, _ key: Filter.Key, _ value: Filter.Value, _ files: [[UInt8]: [FileID]]
    ) throws(Problem) -> RowFilter {
        try key.check(comparison, value)
        switch (key, value) {
        case (.file, .string(let name)):
            return .oneOf(
                key: key.attribute, values: (files[Array(name.utf8)] ?? []).map { .text($0.description) }, negated: comparison == .notEqual)
        case (.createdAt, _):
            return .compare(comparison.ofRows, key: key.attribute, value: .number(try key.time(value).microseconds))
        case (_, .string(let text)): return .compare(comparison.ofRows, key: key.attribute, value: .text(text))
        case (_, .number(let number)): return .compare(comparison.ofRows, key: key.attribute, value: .number(number))
        case (_, .boolean(let flag)): return .compare(comparison.ofRows, key: key.flagAttribute, value: .text(String(flag)))
        }
    }
}

extension Filter.Comparison {
    fileprivate var ofRows: RowFilter.Comparison {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        }
    }
}

extension Filter {
    /// The texts that `file` is compared with, each as often as it is.
    var fileNames: [String] {
        switch self {
        case .compare(_, .file, .string(let name)): [name]
        case .oneOf(.file, let values, _):
            values.compactMap { value in if case .string(let name) = value { name } else { nil } }
        case .all(let filters), .any(let filters): filters.flatMap(\.fileNames)
        case .compare, .oneOf: []
        }
    }
}
