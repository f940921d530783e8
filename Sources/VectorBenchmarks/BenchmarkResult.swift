/// One setting of one system, measured: a member of `results` in the form of `bench --json`.
public struct BenchmarkResult: Codable, Sendable, Equatable {
    public var system: String
    public var parameters: [String: Parameter]
    /// Neighbours asked for.
    public var k: Int
    /// Mean over the queries, by id; a row within 1e-6 of the k-th exact score counts too.
    public var recall: Double
    /// Fifth percentile and least of the queries' recalls.
    public var recallP5: Double?
    public var recallMinimum: Double?
    /// Queries a second.
    public var qps: Double
    public var p50: Double
    public var p95: Double
    public var p99: Double
    public var buildSeconds: Double
    public var memoryBytes: Int
    /// What the way into the library costs the measuring program, where it is not nothing.
    public var callOverhead: Double?

    /// A value of a parameter.
    public enum Parameter: Codable, Sendable, Equatable, CustomStringConvertible {
        case integer(Int)
        case number(Double)
        case text(String)
        case flag(Bool)

        public init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else if let integer = try? value.decode(Int.self) {
                self = .integer(integer)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            case .flag(let value): try container.encode(value)
            }
        }

        public var description: String {
            switch self {
            case .integer(let value): "\(value)"
            case .number(let value): "\(value)"
            case .text(let value): value
            case .flag(let value): "\(value)"
            }
        }
    }

    /// Measured by batches and not one query at a time.
    public var isBatch: Bool { parameters["batch"] != nil }

    /// Parameters in the order of their names, as one reads them.
    public var setting: String {
        parameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

extension BenchmarkResult {
    /// The recall's key names k.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func value<Value: Decodable>(_ name: String) throws -> Value { try container.decode(Value.self, forKey: Key(name)) }
        func optional<Value: Decodable>(_ name: String) throws -> Value? { try container.decodeIfPresent(Value.self, forKey: Key(name)) }
        guard let recallKey = container.allKeys.first(where: { $0.stringValue.hasPrefix("recall@") }) else {
            throw DecodingError.keyNotFound(Key("recall@k"), .init(codingPath: decoder.codingPath, debugDescription: "no recall"))
        }
        self.init(
            system: try value("system"), parameters: try value("parameters"), k: Int(recallKey.stringValue.dropFirst(7)) ?? 10,
            recall: try container.decode(Double.self, forKey: recallKey),
            recallP5: try optional("recall_p5"), recallMinimum: try optional("recall_min"), qps: try value("qps"), p50: try value("p50_us"),
            p95: try value("p95_us"), p99: try value("p99_us"), buildSeconds: try value("build_seconds"),
            memoryBytes: try value("memory_bytes"), callOverhead: try optional("call_overhead_us"))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(system, forKey: Key("system"))
        try container.encode(parameters, forKey: Key("parameters"))
        try container.encode(recall, forKey: Key("recall@\(k)"))
        try container.encodeIfPresent(recallP5, forKey: Key("recall_p5"))
        try container.encodeIfPresent(recallMinimum, forKey: Key("recall_min"))
        try container.encode(qps, forKey: Key("qps"))
        try container.encode(p50, forKey: Key("p50_us"))
        try container.encode(p95, forKey: Key("p95_us"))
        try container.encode(p99, forKey: Key("p99_us"))
        try container.encode(buildSeconds, forKey: Key("build_seconds"))
        try container.encode(memoryBytes, forKey: Key("memory_bytes"))
        try container.encodeIfPresent(callOverhead, forKey: Key("call_overhead_us"))
    }
}
