import Foundation

/// Where a database is and how to speak to it.
public struct PostgresConfiguration: Sendable, Equatable {
    /// A name, an address, or the absolute path of the folder that holds the server's Unix socket.
    public var host: String
    /// The TCP port, or the number in the socket's name.
    public var port: Int
    /// The database's name.
    public var database: String
    /// The role to log in as.
    public var user: String
    /// The role's password; nil for peer or trust authentication.
    public var password: String?
    /// The name shown in `pg_stat_activity`.
    public var applicationName: String
    /// libpq's `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full` …); nil for libpq's default, `prefer`.
    public var sslMode: String?
    /// How long making a connection may take.
    public var connectTimeout: Duration = .seconds(10)
    /// The server's `statement_timeout` for every statement of the session; nil for the server's own setting.
    public var statementTimeout: Duration?
    /// How many statements a connection keeps prepared; 0 turns that off, which poolers between here and the server may need.
    public var preparedStatementLimit = 128

    /// A database with the settings that have no default; the others can be set afterwards.
    public init(
        host: String, port: Int = 5432, database: String, user: String, password: String? = nil, applicationName: String = "bunko"
    ) {
        self.host = host
        self.port = port
        self.database = database
        self.user = user
        self.password = password
        self.applicationName = applicationName
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// User, host, port and database; never the password.
    public var description: String { "postgresql://\(user)@\(host):\(port)/\(database)" }
    /// As ``description``.
    public var debugDescription: String { description }
    /// No children, so that `dump` does not show the password either.
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}

extension PostgresConfiguration {
    /// Parameters of `PQconnectStartParams` in the order of libpq's manual (section "Parameter Key Words").
    var libpqParameters: [(name: String, value: String)] {
        var parameters = [
            ("host", host), ("port", "\(port)"), ("dbname", database), ("user", user), ("application_name", applicationName),
            ("client_encoding", "UTF8"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ]
        if let password { parameters.append(("password", password)) }
        if let sslMode { parameters.append(("sslmode", sslMode)) }
        if let statementTimeout { parameters.append(("options", "-c statement_timeout=\(statementTimeout.wholeMilliseconds)")) }
        return parameters.map { (name: $0.0, value: $0.1) }
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that a short timeout does not become 0, which means none.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// Seconds with up to three decimals, such as `0.25 s`.
    var text: String { "\(Double(wholeMilliseconds) / 1000) s" }
}

/// Why a connection URL could not be used.
public enum PostgresConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The URL does not begin with `postgres://` or `postgresql://`.
    case wrongScheme
    /// A part of the URL is missing or cannot be read; the text says which and why.
    case invalid(part: String, reason: String)
    /// The URL has parameters that are not known here.
    case unknownParameters([String])

    /// What was wrong and what to do. The URL itself is not quoted, because it may hold a password.
    public var description: String {
        switch self {
        case .wrongScheme: "a database URL begins with postgres:// or postgresql://"
        case .invalid(let part, let reason): "the \(part) of the database URL \(reason)"
        case .unknownParameters(let names):
            "the database URL has unknown parameters: \(names.joined(separator: ", "))"
                + " (known: \(ConnectionURL.knownParameters.joined(separator: ", ")))"
        }
    }
}

extension PostgresConfiguration {
    /// Reads `postgres://user:password@host:port/database?parameters`, each part percent-encoded where needed.
    ///
    /// Known parameters: `host` (also a socket folder), `port`, `user`, `password`, `dbname`, `sslmode`, `connect_timeout` (seconds), `application_name`,
    /// `statement_timeout` (milliseconds). Without a host it is `localhost`, without a database it is the user's name.
    public init(url: String) throws(PostgresConfigurationError) {
        let parsed = try ConnectionURL(url)
        let user = parsed["user"] ?? ""
        guard !user.isEmpty else { throw .invalid(part: "user", reason: "is missing: write postgresql://user@host/database") }
        let database = parsed["dbname"] ?? user
        let host = parsed["host"] ?? "localhost"
        self.init(host: host, port: try parsed.number("port", in: 1...65_535) ?? 5432, database: database, user: user)
        password = parsed["password"]
        sslMode = parsed["sslmode"]
        applicationName = parsed["application_name"] ?? applicationName
        if let seconds = try parsed.number("connect_timeout", in: 1...3600) { connectTimeout = .seconds(seconds) }
        statementTimeout = try parsed.number("statement_timeout", in: 0...Int(Int32.max)).map { .milliseconds($0) }
    }
}

/// The parts of a connection URL by libpq's names for them. Parameters override what stands in the address.
struct ConnectionURL {
    static let knownParameters = [
        "host", "port", "user", "password", "dbname", "sslmode", "connect_timeout", "application_name", "statement_timeout",
    ]

    private var values: [String: String] = [:]

    subscript(name: String) -> String? { values[name] }

    init(_ url: String) throws(PostgresConfigurationError) {
        guard let scheme = ["postgresql://", "postgres://"].first(where: { url.hasPrefix($0) }) else { throw .wrongScheme }
        let (address, query) = url.dropFirst(scheme.count).halves(at: "?")
        let (authority, path) = address.halves(at: "/")
        let at = authority.lastIndex(of: "@")
        if let at { try readCredentials(authority[..<at]) }
        try readHost(at.map { authority[authority.index(after: $0)...] } ?? authority)
        try set("dbname", path)
        try readParameters(query)
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(PostgresConfigurationError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalid(part: name, reason: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private mutating func readCredentials(_ text: Substring) throws(PostgresConfigurationError) {
        let (user, password) = text.halves(at: ":")
        try set("user", user)
        try set("password", password)
    }

    private mutating func readHost(_ text: Substring) throws(PostgresConfigurationError) {
        guard text.first == "[" else {
            let (host, port) = text.halves(at: ":")
            try set("host", host)
            return try set("port", port)
        }
        guard let end = text.firstIndex(of: "]") else { throw .invalid(part: "host", reason: "has '[' without ']'") }
        try set("host", text[text.index(after: text.startIndex)..<end])
        try set("port", text[text.index(after: end)...].halves(at: ":").1)
    }

    private mutating func readParameters(_ query: Substring) throws(PostgresConfigurationError) {
        var unknown: [String] = []
        for pair in query.split(separator: "&") {
            let (name, value) = pair.halves(at: "=")
            if Self.knownParameters.contains(String(name)) { try set(String(name), value) } else { unknown.append(String(name)) }
        }
        guard unknown.isEmpty else { throw .unknownParameters(unknown) }
    }

    private mutating func set(_ name: String, _ encoded: Substring) throws(PostgresConfigurationError) {
        guard !encoded.isEmpty else { return }
        guard let value = String(encoded).removingPercentEncoding else {
            throw .invalid(part: name, reason: "has a '%' that is not followed by two hexadecimal digits; write %25 for the sign itself")
        }
        guard !value.utf8.contains(0) else { throw .invalid(part: name, reason: "contains the character NUL") }
        values[name] = value
    }
}

extension Substring {
    /// What stands before and after the first `separator`; the second half is empty without one.
    fileprivate func halves(at separator: Character) -> (Substring, Substring) {
        guard let index = firstIndex(of: separator) else { return (self, "") }
        return (self[..<index], self[self.index(after: index)...])
    }
}
