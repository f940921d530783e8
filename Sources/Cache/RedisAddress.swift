public import Domain
import Foundation

/// Where a Redis server is, and how to log in there.
public struct RedisAddress: Sendable, Equatable {
    /// What is connected to.
    public enum Place: Sendable, Equatable {
        /// A name or an address, without the brackets of IPv6.
        case host(String, port: Int)
        /// The absolute path of a Unix socket.
        case socket(String)
    }

    public var place: Place
    /// Nil logs in as Redis' user `default`.
    public var user: String?
    public var password: String?
    public var database = 0

    /// Reads `redis://[user:password@]host[:port][/database]` or `unix://[user:password@]/path[?db=database]`, each part percent-encoded
    /// where needed. Without a port it is 6379, without a database 0; the user may be left out, and the colon stays: `redis://:password@host`.
    /// - Throws: `configuration`, which names the part that is wrong and never quotes the URL, since that may hold a password.
    public init(url: String) throws(Problem) {
        guard let scheme = url.firstRange(of: "://") else { throw Self.refusal("has no scheme") }
        let rest = url[scheme.upperBound...]
        switch url[..<scheme.lowerBound] {
        case "redis": try self.init(network: rest)
        case "unix": try self.init(socket: rest)
        case "rediss":
            throw Self.refusal(
                "asks for TLS (rediss://), which is not supported",
                remedy: "Use redis:// within a private network, or redis:// to a TLS proxy on this machine, such as stunnel.")
        case let other: throw Self.refusal("begins with \"\(other)://\"")
        }
    }

    private init(network rest: Substring) throws(Problem) {
        let (location, parameters) = rest.halves(at: "?")
        guard parameters == nil else { throw Self.refusal("has parameters behind \"?\", which only unix:// takes") }
        let (authority, path) = location.halves(at: "/")
        let (login, place) = Self.split(authority)
        self.init(place: try Self.host(place))
        try setLogin(login)
        if let path, !path.isEmpty { database = try Self.number(path, "database", in: 0...Int(Int32.max)) }
    }

    private init(socket rest: Substring) throws(Problem) {
        let (location, parameters) = rest.halves(at: "?")
        let slash = location.firstIndex(of: "/") ?? location.endIndex
        let (login, nothing) = Self.split(location[..<slash])
        guard nothing.isEmpty else { throw Self.refusal("names a host before the socket's path", remedy: "Write unix:///absolute/path.") }
        let path = try Self.decoded(location[slash...], "path")
        guard (2...Self.longestPath).contains(path.utf8.count) else {
            throw Self.refusal("has a socket path of \(path.utf8.count) bytes; it must be between 2 and \(Self.longestPath)")
        }
        self.init(place: .socket(path))
        try setLogin(login)
        guard let parameters else { return }
        let (name, value) = parameters.halves(at: "=")
        guard name == "db", let value else { throw Self.refusal("has a parameter other than db", remedy: "Write unix:///path?db=1.") }
        database = try Self.number(value, "database", in: 0...Int(Int32.max))
    }

    private init(place: Place) {
        self.place = place
    }

    /// What fits into `sockaddr_un`.
    private static let longestPath = 107

    private static func split(_ authority: Substring) -> (login: Substring?, place: Substring) {
        guard let at = authority.lastIndex(of: "@") else { return (nil, authority) }
        return (authority[..<at], authority[authority.index(after: at)...])
    }

    private static func host(_ text: Substring) throws(Problem) -> Place {
        var (name, port) = text.halves(at: ":")
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw refusal("has an IPv6 address without its closing bracket") }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw refusal("has something other than a port behind the IPv6 address") }
            name = text[text.index(after: text.startIndex)..<end]
            port = rest.isEmpty ? nil : rest.dropFirst()
        }
        let host = try decoded(name, "host")
        guard !host.isEmpty else { throw refusal("names no host") }
        return .host(host, port: try port.map { text throws(Problem) in try number(text, "port", in: 1...65_535) } ?? 6_379)
    }

    private mutating func setLogin(_ login: Substring?) throws(Problem) {
        guard let login else { return }
        let (user, password) = login.halves(at: ":")
        guard let password, !password.isEmpty else {
            throw Self.refusal("names a user without a password", remedy: "Write redis://user:password@host, or redis://:password@host.")
        }
        self.user = user.isEmpty ? nil : try Self.decoded(user, "user")
        self.password = try Self.decoded(password, "password")
    }

    private static func decoded(_ text: Substring, _ part: String) throws(Problem) -> String {
        guard let decoded = text.removingPercentEncoding, !decoded.utf8.contains(0) else {
            throw refusal("has a \(part) whose percent-encoding is broken", remedy: "Write a percent sign as %25.")
        }
        return decoded
    }

    private static func number(_ text: Substring, _ part: String, in range: ClosedRange<Int>) throws(Problem) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number) else {
            throw refusal("has a \(part) that is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func refusal(
        _ reason: String, remedy: String = "Write redis://[user:password@]host[:port][/database] or unix:///path/of/socket."
    ) -> Problem {
        Problem(
            .configuration, code: "invalid_redis_url", "The address of Redis \(reason).", remedy: remedy, parameter: "REDIS_URL")
    }
}

extension RedisAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The place and the database; never user or password.
    public var description: String {
        switch place {
        case .host(let host, let port): "redis://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .socket(let path): "unix://\(path)\(database == 0 ? "" : "?db=\(database)")"
        }
    }
    /// As ``description``.
    public var debugDescription: String { description }
    /// No children, so that `dump` does not show the password either.
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}

extension Substring {
    /// What stands before the first separator, and what behind it: nil where there is none.
    fileprivate func halves(at separator: Character) -> (Substring, Substring?) {
        guard let index = firstIndex(of: separator) else { return (self, nil) }
        return (self[..<index], self[self.index(after: index)...])
    }
}
