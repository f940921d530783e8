import Accounts
import Domain
import Foundation
import Hummingbird
import Logging
import NIOCore

/// What travels with a request.
public struct BunkoRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// Known behind the authentication middleware.
    var principal: Principal?
    /// The caller's `X-Request-Id`, or one of ours.
    var requestID: String

    public init(source: Source) {
        coreContext = .init(source: source)
        requestID = UUID().uuidString.lowercased()
    }

    /// The scope of the authenticated caller.
    var scope: Scope {
        get throws(Problem) { try caller.scope }
    }

    /// The authenticated caller.
    var caller: Principal {
        get throws(Problem) {
            guard let principal else {
                throw Problem(.internalFault, code: "route_unprotected", "A route that needs a scope stands outside authentication.")
            }
            return principal
        }
    }
}

extension Request {
    /// Largest JSON body that is read, in bytes.
    static let maximumJSONSize = 4 << 20

    /// Reads the body as JSON of this type.
    func json<T: Decodable>(_ type: T.Type) async throws -> T {
        try JSON.decode(type, from: try await bytes(upTo: Self.maximumJSONSize))
    }

    /// Collects the body; refuses it before reading when its announced length is over the limit, and while reading when it grows over.
    func bytes(upTo limit: Int) async throws -> ByteBuffer {
        let tooLarge = Problem(
            .tooLarge, code: "body_too_large", "The request's body is larger than the limit of \(limit) bytes.",
            remedy: "Send less at a time.")
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limit { throw tooLarge }
        var collected = ByteBuffer()
        for try await var part in body {
            guard collected.readableBytes + part.readableBytes <= limit else { throw tooLarge }
            collected.writeBuffer(&part)
        }
        return collected
    }

    /// A whole number among the query parameters, or the default.
    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws(Problem) -> Int {
        guard let text = uri.queryParameters[Substring(name)] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw Problem.invalid(
                name, "\(name) is \"\(text)\"; it must be a whole number between \(range.lowerBound) and \(range.upperBound).")
        }
        return number
    }

    /// A query parameter that is one of a few words, if it is given.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(Problem) -> Choice? {
        guard let text = parameter(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw Problem.invalid(name, "\(name) is \"\(text)\"; it is one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return choice
    }

    /// A query parameter that is true or false, if it is given.
    func flag(_ name: String) throws(Problem) -> Bool? {
        guard let text = parameter(name) else { return nil }
        guard let flag = Bool(text) else { throw Problem.invalid(name, "\(name) is \"\(text)\"; it is true or false.") }
        return flag
    }

    /// Whether `order` asks for ascending rows; nil when it is not given.
    var isAscending: Bool? {
        get throws(Problem) { try choice("order", of: ListOrder.self).map { $0 == .asc } }
    }

    /// A query parameter as text.
    func parameter(_ name: String) -> String? {
        uri.queryParameters[Substring(name)].map(String.init)
    }
}

extension Request {
    /// An identifier among the query parameters, if it is given.
    func identifier<ID: EntityID>(_ name: String, as type: ID.Type) throws(Problem) -> ID? {
        guard let text = parameter(name) else { return nil }
        guard let id = ID(text) else { throw Problem.invalid(name, "\(name) is \"\(text)\", which is no UUID.") }
        return id
    }
}

extension BunkoRequestContext {
    /// A part of the path, percent-decoded.
    func pathText(_ name: String) throws(Problem) -> String {
        guard let raw = parameters.get(name), let text = raw.removingPercentEncoding, !text.isEmpty else {
            throw Problem.invalid(name, "The path holds no \(name).")
        }
        return text
    }

    /// An identifier in the path. Text that is no identifier names nothing, so it is answered like one that does not exist.
    func pathID<ID: EntityID>(_ what: String, as type: ID.Type) throws(Problem) -> ID {
        let text = try pathText(what)
        guard let id = ID(text) else { throw Problem.notFound(what, text) }
        return id
    }
}

private enum ListOrder: String, CaseIterable {
    case asc
    case desc
}
