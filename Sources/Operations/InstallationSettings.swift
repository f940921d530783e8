public import Domain
public import Storage

/// The settings of the installation (`system_settings`): everybody who is authenticated reads them, administrators change them, and the
/// service obeys a change with the next request that depends on it.
public struct InstallationSettings: Sendable {
    private let database: Database
    private let scope: Scope

    /// - Parameter scope: the service's own, because settings belong to no user.
    public init(database: Database, scope: Scope) {
        self.database = database
        self.scope = scope
    }

    /// What a setting may be.
    private enum Form {
        case fixed
        case integer(ClosedRange<Int>)
        case flag
        case text
        case texts(known: Set<String>)

        func check(_ key: String, _ value: JSONValue) throws(Problem) {
            switch (self, value) {
            case (.integer(let range), .integer(let number)) where range.contains(number): return
            case (.flag, .boolean): return
            case (.text, .string(let text)) where (1...100).contains(text.unicodeScalars.count) && !value.holdsNull: return
            case (.texts(let known), .array(let values)) where values.allSatisfy({ Self.isOne($0, of: known) }): return
            case (.fixed, _): throw Problem.invalid(key, "\(key) is set by the service.")
            default: throw Problem.invalid(key, "\(key) must be \(expectation).")
            }
        }

        private static func isOne(_ value: JSONValue, of known: Set<String>) -> Bool {
            if case .string(let text) = value { return known.contains(text) }
            return false
        }

        private var expectation: String {
            switch self {
            case .fixed: "left as it is"
            case .integer(let range): "a whole number between \(range.lowerBound) and \(range.upperBound)"
            case .flag: "true or false"
            case .text: "a text of 1 to 100 characters"
            case .texts(let known): "an array of \(known.sorted().joined(separator: ", "))"
            }
        }
    }

    private static let forms: [String: Form] = [
        "app_version": .fixed,
        "embedding_model": .fixed,
        "embedding_shadow": .fixed,
        "max_file_size": .integer(1...(1 << 30)),
        "supported_file_types": .texts(known: [
            "txt", "text", "log", "md", "markdown", "html", "htm", "xhtml", "pdf", "docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "csv",
            "tsv",
            "json", "jsonl", "ndjson",
        ]),
        "default_llm_model": .text,
        "registration_open": .flag,
        "archive_after_days": .integer(0...36_500),
    ]

    /// Whether the service sets this one, and nobody else.
    public static func isFixed(_ key: String) -> Bool {
        if case .fixed? = forms[key] { true } else { false }
    }

    /// Every setting, by key.
    public func list() async throws -> [Setting] {
        try await database.read(scope) { try await $0.settings() }
    }

    /// One setting.
    /// - Throws: `not_found` for a key that is no setting.
    public func get(_ key: String) async throws -> Setting {
        guard let setting = try await list().first(where: { $0.key == key }) else { throw Self.unknown(key) }
        return setting
    }

    /// Changes a setting.
    /// - Parameter version: the only version that is changed; nil for any.
    /// - Throws: `not_found` for a key that is no setting, `invalid_request` for a value it does not take, `precondition_failed` when it
    ///   is at another version.
    public func set(_ key: String, to value: JSONValue, version: String? = nil) async throws -> Setting {
        guard let form = Self.forms[key] else { throw Self.unknown(key) }
        try form.check(key, value)
        return try await database.write(scope) { try await $0.setSetting(key, to: value, version: version) }
    }

    private static func unknown(_ key: String) -> Problem {
        Problem.notFound("setting", String(key.prefix(100)), remedy: "The settings are \(forms.keys.sorted().joined(separator: ", ")).")
    }
}
