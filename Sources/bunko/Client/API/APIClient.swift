import AsyncHTTPClient
import Domain
import Foundation
import NIOCore
import NIOHTTP1

/// Calls the service's own API, as any other client would.
struct APIClient: Sendable {
    let address: String
    let token: String

    /// A refused connection is told at once and not tried again until the request's time is over. Lives as long as the process.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        // The widest import has 64 uploads under way, and beside them asks for results and listens to events.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 72
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// A failure the server told, as its problem document says it.
    struct Failure: Error, CustomStringConvertible {
        let status: Int
        let code: String
        let detail: String
        let remedy: String?
        /// Seconds after which the server wants to be asked again.
        var retryAfter: Int?

        var description: String { [detail, remedy].compactMap(\.self).joined(separator: " ") }
    }

    /// The path of one member of a collection, whatever characters its name holds.
    static func path(_ collection: String, _ name: String) -> String {
        let ascii = CharacterSet(charactersIn: " "..."~")
        let unreserved = CharacterSet.alphanumerics.intersection(ascii).union(CharacterSet(charactersIn: "-._~"))
        return "/v1/\(collection)/\(name.addingPercentEncoding(withAllowedCharacters: unreserved) ?? name)"
    }

    func get<T: Decodable>(_ path: String, query: [String: String] = [:], as type: T.Type = T.self) async throws -> T {
        try await send(.GET, path, query: query, body: nil)
    }

    /// A row with its entity tag, which a change of it counts on as `ifMatch`.
    func versioned<T: Decodable>(_ path: String, as type: T.Type = T.self) async throws -> (row: T, version: String?) {
        let (data, headers) = try await exchange(.GET, path)
        return (try Self.decode(data, from: path), headers.first(name: "ETag"))
    }

    func post<T: Decodable>(_ path: String, _ body: some Encodable, as type: T.Type = T.self) async throws -> T {
        try await send(.POST, path, body: (Array(try JSONEncoder().encode(body)), "application/json"))
    }

    func put<T: Decodable>(_ path: String, _ body: some Encodable, as type: T.Type = T.self) async throws -> T {
        try await send(.PUT, path, body: (Array(try JSONEncoder().encode(body)), "application/json"))
    }

    func delete<T: Decodable>(_ path: String, as type: T.Type = T.self) async throws -> T {
        try await send(.DELETE, path, body: nil)
    }

    /// The answer's bytes, for `--json`.
    func raw(
        _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: (bytes: [UInt8], type: String)? = nil,
        timeout: TimeAmount = .seconds(120)
    ) async throws -> Data {
        try await exchange(method, path, query: query, body: body, timeout: timeout).data
    }

    /// As ``raw(_:_:query:body:timeout:)``, with a body of JSON.
    /// - Parameter ifMatch: the entity tag of the only version that is changed; nil for any.
    func raw(_ method: HTTPMethod, _ path: String, json: some Encodable, ifMatch: String? = nil) async throws -> Data {
        try await exchange(method, path, body: (Array(try JSONEncoder().encode(json)), "application/json"), ifMatch: ifMatch).data
    }

    private func exchange(
        _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: (bytes: [UInt8], type: String)? = nil,
        ifMatch: String? = nil, timeout: TimeAmount = .seconds(120)
    ) async throws -> (data: Data, headers: HTTPHeaders) {
        var request = try request(method, path, query: query)
        if let ifMatch { request.headers.add(name: "If-Match", value: ifMatch) }
        if let body {
            request.headers.add(name: "Content-Type", value: body.type)
            request.body = .bytes(body.bytes)
        }
        return try await exchange(request, timeout: timeout)
    }

    /// A request with this client's key, its body still to come.
    func request(_ method: HTTPMethod, _ path: String, query: [String: String] = [:]) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: try url(path, query))
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        return request
    }

    /// - Throws: ``Failure`` for an answer that tells one, `server_unreachable` for none, `CancellationError`.
    func exchange(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> (data: Data, headers: HTTPHeaders) {
        let (status, headers, data) = try await reaching {
            let response = try await Self.http.execute(request, timeout: timeout)
            return (response.status.code, response.headers, Data(try await response.body.collect(upTo: 256 << 20).readableBytesView))
        }
        guard (200..<300).contains(status) else { throw Self.failure(Int(status), headers, data) }
        return (data, headers)
    }

    /// An answer whose body is read as it comes, for as long as the server sends.
    /// - Throws: as ``exchange(_:timeout:)``; a failure of the connection later on comes out of `body`.
    func following(_ request: HTTPClientRequest, _ body: (HTTPClientResponse.Body) async throws -> Void) async throws {
        let response = try await reaching { try await Self.http.execute(request, deadline: .distantFuture) }
        guard (200..<300).contains(response.status.code) else {
            let data = try await reaching { Data(try await response.body.collect(upTo: 1 << 20).readableBytesView) }
            throw Self.failure(Int(response.status.code), response.headers, data)
        }
        try await reaching { try await body(response.body) }
    }

    private func reaching<R>(_ attempt: () async throws -> R) async throws -> R {
        do {
            return try await attempt()
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            // What the body of a request was made from, not the connection.
            if error is FileFault { throw error }
            throw Problem(
                .environment, code: Self.unreachable, "The server at \(address) does not answer: \(error)",
                remedy: "Check that it runs (`bunko serve`) and that the address is right.", underlying: error)
        }
    }

    static let unreachable = "server_unreachable"

    /// Goes through all pages of a list: the answer's bytes and its elements.
    func eachPage<Element: Decodable & Sendable>(
        _ path: String, of type: Element.Type, query: [String: String] = [:], _ body: (Data, [Element]) throws -> Void
    ) async throws {
        var query = query.merging(["limit": "1000"]) { given, _ in given }
        while true {
            let data = try await raw(.GET, path, query: query)
            let page = try JSONDecoder().decode(PageAnswer<Element>.self, from: data)
            try body(data, page.data)
            guard page.has_more, let last = page.last_id else { return }
            query["after"] = last
        }
    }

    /// Whether a server answers at this address.
    func isAlive() async -> Bool {
        do {
            let response = try await Self.http.execute(HTTPClientRequest(url: "\(address)/health"), timeout: .seconds(3))
            return response.status == .ok
        } catch {
            return false
        }
    }

    /// Throws within seconds when nothing answers, also where a request would wait for its own time to be over.
    func requireAlive() async throws {
        guard await isAlive() else {
            throw Problem(
                .environment, code: Self.unreachable, "No server answers at \(address).",
                remedy: "Check that it runs (`bunko serve`) and that the address is right.", parameter: "--server")
        }
    }

    private func send<T: Decodable>(
        _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: (bytes: [UInt8], type: String)?
    ) async throws -> T {
        try Self.decode(try await raw(method, path, query: query, body: body), from: path)
    }

    static func decode<T: Decodable>(_ data: Data, from path: String) throws(Problem) -> T {
        do {
            return try JSONDecoder().decode(T.self, from: data)
        } catch {
            throw Problem(
                .internalFault, code: "answer_unreadable", "The server's answer to \(path) has another form than this command knows.",
                remedy: "Use the same version of bunko on both sides.", underlying: error)
        }
    }

    private func url(_ path: String, _ query: [String: String]) throws -> String {
        guard var components = URLComponents(string: address) else {
            throw Problem(.configuration, code: "server_address", "\"\(address)\" is no address of a server.", parameter: "--server")
        }
        components.percentEncodedPath += path
        if !query.isEmpty {
            components.queryItems = query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
            // URLComponents leaves "+" as it is, which servers read as a space.
            components.percentEncodedQuery = components.percentEncodedQuery?.replacing("+", with: "%2B")
        }
        guard let text = components.string else {
            throw Problem(.configuration, code: "server_address", "\"\(address)\" is no address of a server.", parameter: "--server")
        }
        return text
    }

    private static func failure(_ status: Int, _ headers: HTTPHeaders, _ data: Data) -> Failure {
        struct Document: Decodable {
            let code: String?
            let detail: String?
            let remedy: String?
        }
        let document = try? JSONDecoder().decode(Document.self, from: data)
        return Failure(
            status: status, code: document?.code ?? "http_\(status)", detail: document?.detail ?? "The server answered \(status).",
            remedy: document?.remedy, retryAfter: headers.first(name: "Retry-After").flatMap { Int($0) })
    }
}
