/// A condition on passages: the one filter language of every face and path.
///
/// JSON form: `{"type":"eq|ne|gt|gte|lt|lte|in|nin","key":…,"value":…}`, nested in `{"type":"and|or","filters":[…]}`.
/// Keys: `tags`, `source_type`, `file`, `created_at` (RFC 3339) and `metadata.NAME`. On `tags`, `eq` and `in` mean "carries".
public indirect enum Filter: Sendable, Hashable {
    case compare(Comparison, key: Key, value: Value)
    case oneOf(key: Key, values: [Value], negated: Bool)
    case all([Filter])
    case any([Filter])

    /// The comparisons of one value.
    public enum Comparison: String, Sendable, Hashable {
        case equal = "eq"
        case notEqual = "ne"
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
    }

    /// What is compared.
    public enum Key: Sendable, Hashable {
        case tags
        case sourceType
        case file
        case createdAt
        case metadata(String)

        /// Reads the wire name; nil when there is no such key.
        public init?(_ name: String) {
            switch name {
            case "tags": self = .tags
            case "source_type": self = .sourceType
            case "file": self = .file
            case "created_at": self = .createdAt
            default:
                guard name.hasPrefix("metadata."), name.count > 9 else { return nil }
                self = .metadata(String(name.dropFirst(9)))
            }
        }
    }

    /// A JSON scalar.
    public enum Value: Sendable, Hashable {
        case string(String)
        case number(Double)
        case boolean(Bool)
    }

    /// Deepest nesting and most conditions that are accepted, so that a filter's cost stays bounded.
    public static let maximumDepth = 8
    public static let maximumConditions = 100

    /// How many conditions stand in it, nested ones included.
    public var conditionCount: Int {
        switch self {
        case .compare: 1
        case .oneOf(_, let values, _): values.count
        case .all(let filters), .any(let filters): filters.reduce(1) { $0 + $1.conditionCount }
        }
    }
}

extension Filter: Decodable {
    private enum CodingKeys: String, CodingKey {
        case type, key, value, filters
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // A group and its list are two steps of the coding path, so depth is half of it.
        guard decoder.codingPath.count <= 2 * Self.maximumDepth + 2 else {
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "filters nest deeper than \(Self.maximumDepth) levels")
        }
        let type = try container.decode(String.self, forKey: .type)
        switch type {
        case "and": self = .all(try Self.members(of: container))
        case "or": self = .any(try Self.members(of: container))
        case "in", "nin":
            self = .oneOf(
                key: try Self.key(of: container), values: try container.decode([Value].self, forKey: .value), negated: type == "nin")
        default:
            guard let comparison = Comparison(rawValue: type) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .type, in: container,
                    debugDescription: "\"\(type)\" is no filter type; allowed are eq, ne, gt, gte, lt, lte, in, nin, and, or")
            }
            self = .compare(comparison, key: try Self.key(of: container), value: try container.decode(Value.self, forKey: .value))
        }
    }

    private static func members(of container: KeyedDecodingContainer<CodingKeys>) throws -> [Filter] {
        let filters = try container.decode([Filter].self, forKey: .filters)
        guard !filters.isEmpty else {
            throw DecodingError.dataCorruptedError(forKey: .filters, in: container, debugDescription: "\"filters\" must not be empty")
        }
        return filters
    }

    private static func key(of container: KeyedDecodingContainer<CodingKeys>) throws -> Key {
        let name = try container.decode(String.self, forKey: .key)
        guard let key = Key(name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .key, in: container,
                debugDescription: "\"\(name)\" is no filter key; allowed are tags, source_type, file, created_at and metadata.NAME")
        }
        return key
    }
}

extension Filter.Value: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a filter value is a string, a number or a boolean")
        }
    }
}
