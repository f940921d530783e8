public import Foundation

extension Filter.Key {
    /// Throws `invalid_request` when what stands under this key cannot be compared so.
    public func check(_ comparison: Filter.Comparison, _ value: Filter.Value) throws(Problem) {
        let isEquality = comparison == .equal || comparison == .notEqual
        switch (self, value) {
        case (.tags, .string) where isEquality, (.file, .string) where isEquality, (.sourceType, .string), (.metadata, _): break
        case (.tags, _): throw Problem.invalid("filters", "\"tags\" takes eq, ne, in and nin with strings.")
        case (.file, _): throw Problem.invalid("filters", "\"file\" takes eq, ne, in and nin with a file's id, name or source path.")
        case (.sourceType, _): throw Problem.invalid("filters", "\"source_type\" is compared with a string.")
        case (.createdAt, _): _ = try time(value)
        }
    }

    /// The time that `created_at` is compared with.
    /// - Throws: `invalid_request` unless it is an RFC 3339 time.
    public func time(_ value: Filter.Value) throws(Problem) -> Date {
        guard case .string(let text) = value, let time = try? Date(text, strategy: .iso8601) else {
            throw Problem.invalid("filters", "\"created_at\" is compared with an RFC 3339 time such as 2026-01-31T00:00:00Z.")
        }
        return time
    }
}
