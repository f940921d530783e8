import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// A row as an answer: its JSON as the database made it, its version as the entity tag.
struct ResourceResponse: ResponseGenerator {
    var status: HTTPResponse.Status
    var body: [UInt8]
    var version: String?
    /// Whether this is the answer to an earlier request with the same Idempotency-Key.
    var isReplayed = false
    /// Up to where an index must have followed to know of what the body tells.
    var position: WriteToken?
    /// Whether the version changes with all that the body tells, so that a reader who has it need not read again. Not where the body also
    /// tells when something was last used.
    var isValidator = true

    init(_ row: ResourceRow, status: HTTPResponse.Status = .ok) {
        self.status = status
        body = Array(row.json.utf8)
        version = row.version
    }

    init(json: String, status: HTTPResponse.Status) {
        self.status = status
        body = Array(json.utf8)
        version = nil
    }

    init(_ body: some Encodable, version: String? = nil, isValidator: Bool = true, status: HTTPResponse.Status = .ok) {
        self.status = status
        self.isValidator = isValidator
        self.body = Array(JSON.encode(body).readableBytesView)
        self.version = version
    }

    init(_ kept: KeptAnswer) {
        status = HTTPResponse.Status(code: kept.status)
        body = kept.body
        version = kept.version
        position = kept.write
        isReplayed = true
    }

    func response(from request: Request, context: some RequestContext) -> Response {
        var headers = HTTPFields()
        if let version { headers[.eTag] = "\"\(version)\"" }
        if let position { headers[.bunkoPosition] = "\(position.transactionID)" }
        if isReplayed { headers[.idempotentReplayed] = "true" }
        if request.method == .get, isValidator, let version, request.headers[.ifNoneMatch] == "\"\(version)\"" {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// A page of rows in OpenAI's list envelope, put together without looking into them: as many as asked for and as fit into
/// ``ResourceQuery/largestPage``, but one at least.
struct ResourcePage: ResponseGenerator {
    let rows: [ResourceRow]
    let limit: Int
    /// Whether the last rows are shown when not all are.
    var showsLast = false

    func response(from request: Request, context: some RequestContext) -> Response {
        let page = showsLast ? rows.suffix(count(rows.reversed())) : rows.prefix(count(rows))
        let ids = [page.first, page.last].map { $0.map { "\"\($0.id.uuidString.lowercased())\"" } ?? "null" }
        let text =
            "{\"object\":\"list\",\"data\":[\(page.map(\.json).joined(separator: ","))],\"first_id\":\(ids[0]),\"last_id\":\(ids[1]),"
            + "\"has_more\":\(rows.count > page.count)}"
        return .json(text)
    }

    /// How many rows the page holds when it takes them in this order.
    private func count(_ rows: [ResourceRow]) -> Int {
        var bytes = 0
        let fitting = rows.prefix(limit).prefix { row in
            bytes += row.json.utf8.count
            return bytes <= ResourceQuery.largestPage
        }
        return max(fitting.count, 1)
    }
}

/// JSON texts of the database as a list.
struct RawList: ResponseGenerator {
    let items: [String]

    func response(from request: Request, context: some RequestContext) -> Response {
        .json("{\"object\":\"list\",\"data\":[\(items.joined(separator: ","))],\"has_more\":false}")
    }
}

extension Response {
    static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name(literal: "Idempotency-Key")
    static let idempotentReplayed = HTTPField.Name(literal: "Idempotent-Replayed")
}

extension Request {
    /// The version that `If-Match` asks for; nil when it does not, or takes any.
    func expectedVersion() throws(Problem) -> String? {
        guard let text = headers[.ifMatch]?.trimmingCharacters(in: .whitespaces), text != "*" else { return nil }
        guard text.count > 2, text.hasPrefix("\""), text.hasSuffix("\"") else {
            throw Problem(
                .invalidRequest, code: "invalid_if_match", "If-Match is \(text.prefix(100)), which is not one entity tag in quotes.",
                remedy: "Send the ETag of the answer you read.", parameter: "If-Match")
        }
        return String(text.dropFirst().dropLast())
    }

    /// The members of the JSON object in the body.
    func members() async throws -> [String: JSONValue] { try await json([String: JSONValue].self) }

    /// What the query string asks of a list.
    func resourceQuery(_ resource: Resource, defaultLimit: Int = 100, isAscending: Bool = false) throws(Problem) -> ResourceQuery {
        var query = ResourceQuery(limit: try number("limit", default: defaultLimit, in: 1...1_000), isAscending: isAscending)
        if let after = parameter("after") {
            guard let id = UUID(uuidString: after) else { throw Problem.invalid("after", "after is \"\(after)\", which is no UUID.") }
            query.after = id
        }
        query.sort = parameter("sort")
        if let ascending = try self.isAscending { query.isAscending = ascending }
        if let visibility = try choice("visibility", of: ResourceQuery.Visibility.self) { query.visibility = visibility }
        for (name, value) in uri.queryParameters where !Self.listParameters.contains(String(name)) {
            query.filters[String(name)] = String(value)
        }
        return query
    }

    /// Query parameters of lists that are no filters; the last ones belong to single routes.
    private static let listParameters: Set<String> = ["limit", "after", "sort", "order", "visibility", "assistant", "branch", "archived"]
}

/// The answer to a creation, and what of it is kept for a repetition.
struct Creation {
    var answer: ResourceResponse
    /// The body without what is shown once and stored nowhere.
    var kept: [UInt8]

    /// An answer without secrets, which is kept whole.
    init(_ answer: ResourceResponse) {
        self.answer = answer
        kept = answer.body
    }

    /// - Parameter kept: the body without its secrets; nil when there are none.
    init(_ body: some Encodable, kept: (any Encodable)? = nil, status: HTTPResponse.Status = .created) {
        answer = ResourceResponse(body, status: status)
        self.kept = kept.map { Array(JSON.encode($0).readableBytesView) } ?? answer.body
    }
}

/// Carries out a creation once, however often it is sent with the same Idempotency-Key.
struct IdempotentWrite: Sendable {
    let database: Database

    /// Longest key that is taken.
    static let longestKey = 255

    /// Runs `body`, which adds a row, in a transaction; with a key, the answer is kept in that same transaction.
    /// - Parameter owner: in whose scope the row is written when it is not the caller's, whose the key is all the same.
    func run(
        _ request: Request, _ members: [String: JSONValue], scope: Scope, owner: Scope? = nil,
        _ body: (Transaction) async throws -> ResourceRow
    ) async throws -> ResourceResponse {
        try await answer(request, members, scope: scope, owner: owner) { ResourceResponse(try await body($0), status: .created) }
    }

    /// As ``run(_:_:scope:owner:_:)``, for a creation whose answer is no row.
    func answer(
        _ request: Request, _ members: [String: JSONValue], scope: Scope, owner: Scope? = nil,
        _ body: (Transaction) async throws -> ResourceResponse
    ) async throws -> ResourceResponse {
        try await create(request, members, scope: scope, owner: owner) { Creation(try await body($0)) }
    }

    /// As ``answer(_:_:scope:owner:_:)``, for a creation of whose answer a part is not kept.
    func create(
        _ request: Request, _ members: [String: JSONValue], scope: Scope, owner: Scope? = nil,
        _ body: (Transaction) async throws -> Creation
    ) async throws -> ResourceResponse {
        guard let key = try Self.key(of: request) else { return try await database.write(owner ?? scope, body).answer }
        let digest = try Self.digest(request, members, scope)
        return try await database.write(owner ?? scope) { transaction in
            if let kept = try await transaction.claimIdempotencyKey(key, request: digest, of: scope) { return ResourceResponse(kept) }
            let made = try await body(transaction)
            try await transaction.keep(
                KeptAnswer(status: made.answer.status.code, version: made.answer.version, body: made.kept), idempotencyKey: key, of: scope)
            return made.answer
        }
    }

    /// The answer given before to this request, for creations with much to do before their transaction.
    func kept(_ request: Request, _ members: [String: JSONValue], scope: Scope) async throws -> ResourceResponse? {
        guard let key = try Self.key(of: request) else { return nil }
        let digest = try Self.digest(request, members, scope)
        return try await database.read(scope) { try await $0.keptAnswer(key, request: digest, of: scope) }.map(ResourceResponse.init)
    }

    private static func key(of request: Request) throws(Problem) -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...longestKey).contains(key.unicodeScalars.count) else {
            throw Problem.invalid("Idempotency-Key", "An Idempotency-Key has 1 to \(longestKey) characters.")
        }
        return key
    }

    /// What tells one request from another: method, path, the assistants the caller is bound to (whose answers others must not get), and
    /// the body's meaning, without a password: this digest is stored, and as quickly made as a password is guessed.
    private static func digest(_ request: Request, _ members: [String: JSONValue], _ scope: Scope) throws -> ContentDigest {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let binding = scope.assistants.map { $0.map(\.description).sorted().joined(separator: " ") } ?? "all"
        let head = Array("\(request.method) \(request.uri.path)\n\(binding)\n".utf8)
        return ContentStore.digest(of: head + Array(try encoder.encode(members.filter { $0.key != "password" })))
    }
}
