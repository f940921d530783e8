import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Testing

/// A running `bunko serve` on a data folder, and what a client sends to it.
final class TestService: Sendable {
    let data: String
    let process: BunkoProcess.Running
    let address: String
    let token: String
    /// The one-time link that makes the first administrator, when the server printed one.
    let setUpLink: String?

    private init(data: String, process: BunkoProcess.Running, address: String, token: String, setUpLink: String?) {
        self.data = data
        self.process = process
        self.address = address
        self.token = token
        self.setUpLink = setUpLink
    }

    /// Starts a server and waits until it is ready.
    static func start(data: String, environment: [String: String] = [:]) async throws -> TestService {
        let process = try BunkoProcess.start(["serve", "--port", "0", "--json", "--data", data], environment: environment)
        do {
            try await eventually("the address", within: .seconds(120)) { process.output.contains("\n") || !process.isRunning }
            let line = try #require(process.output.split(separator: "\n").first, "\(process.errors.suffix(4_000))")
            let told = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            let file = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(data)/server.json")))
            let token = try #require((file as? [String: Any])?["token"] as? String)
            let service = TestService(
                data: data, process: process, address: try #require(told["listening"]), token: token, setUpLink: told["setup"])
            try await eventually("readiness", within: .seconds(60)) { try await service.get("/readyz").status == 200 }
            return service
        } catch {
            process.send(SIGTERM)
            _ = try? await process.exitCode(within: .seconds(30))
            throw error
        }
    }

    /// Starts a server for the body and stops it afterwards in good order.
    static func with<R>(
        data: String, environment: [String: String] = [:], _ body: (TestService) async throws -> R
    ) async throws -> R {
        let service = try await start(data: data, environment: environment)
        do {
            let result = try await body(service)
            #expect(try await service.stop() == 0)
            return result
        } catch {
            if service.process.isRunning {
                _ = try? await service.stop()
            } else {
                Issue.record("The server ended by itself: \(service.process.errors.suffix(4_000))")
            }
            throw error
        }
    }

    func stop() async throws -> Int32 {
        process.send(SIGTERM)
        return try await process.exitCode(within: .seconds(60))
    }

    /// The private PostgreSQL's main process and its socket's folder.
    var postmaster: (pid: pid_t, socket: String)? {
        guard let text = try? String(contentsOfFile: "\(data)/postgres/postmaster.pid", encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 4, let pid = pid_t(lines[0]) else { return nil }
        return (pid, String(lines[4]))
    }

    /// The address of the private database, for a second server on it.
    var databaseURL: String {
        get throws { "postgresql://bunko_owner:\(try secret)@/bunko?host=\(try #require(postmaster).socket)" }
    }

    private var secret: String {
        get throws {
            try String(contentsOfFile: "\(data)/postgres.secret", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// Runs statements as the superuser; the rows as text, fields divided by `|`.
    @discardableResult
    func sql(_ statement: String) async throws -> [String] {
        let psql = try startSQL(statement)
        let code = try await psql.exitCode(within: .seconds(60))
        try #require(code == 0, "\(psql.errors)")
        return psql.output.split(separator: "\n").map(String.init)
    }

    /// Statements of the superuser that are under way, for those that hold a lock.
    func startSQL(_ statement: String, database: String = "bunko") throws -> BunkoProcess.Running {
        let socket = try #require(postmaster).socket
        return try BunkoProcess.Running(
            URL(filePath: "/usr/bin/psql"),
            ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", socket, "-U", "bunko_super", "-d", database, "-c", statement],
            environment: ["PGPASSWORD": try secret])
    }
}

/// An answer, its body read.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as an object.
    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any], "no JSON object: \(text)")
    }

    func list(_ member: String) throws -> [[String: Any]] {
        try #require(try object()[member] as? [[String: Any]], "no list \"\(member)\": \(text)")
    }

    func string(_ member: String) throws -> String {
        try #require(try object()[member] as? String, "no text \"\(member)\": \(text)")
    }

    /// The code of a problem that carries the members of both error forms.
    func problemCode() throws -> String {
        #expect(headers.first(name: "content-type") == "application/problem+json")
        let body = try object()
        for member in ["type", "title", "detail", "instance"] { #expect(body[member] is String, "\(member) in \(text)") }
        #expect(body["status"] as? Int == status)
        let openAI = try #require(body["error"] as? [String: Any])
        #expect(openAI["message"] is String)
        #expect(openAI["type"] is String)
        #expect(openAI.keys.contains("param"))
        let code = try #require(openAI["code"] as? String)
        #expect(body["code"] as? String == code)
        return code
    }
}

extension TestService {
    enum Body {
        case none
        case json(String)
        case bytes([UInt8], type: String)
        /// Sent in chunks, without a length told beforehand.
        case chunked([UInt8], type: String)
    }

    /// The shared client gives up after ninety seconds without a byte, whatever the time a request is given.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.timeout.read = nil
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    func send(
        _ method: HTTPMethod, _ path: String, _ body: Body = .none, key: String? = nil, headers: [(String, String)] = [],
        timeout: TimeAmount = .seconds(90)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: address + path)
        request.method = method
        let key = key ?? token
        if !key.isEmpty { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        switch body {
        case .none: break
        case .json(let text):
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(Array(text.utf8))
        case .bytes(let bytes, let type):
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(bytes)
        case .chunked(let bytes, let type):
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(bytes, length: .unknown)
        }
        let response = try await Self.client.execute(request, timeout: timeout)
        let collected = try await response.body.collect(upTo: 64 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, bytes: Array(collected.readableBytesView))
    }

    func get(_ path: String, key: String? = nil, headers: [(String, String)] = []) async throws -> Answer {
        try await send(.GET, path, key: key, headers: headers)
    }

    func post(_ path: String, _ json: String, key: String? = nil) async throws -> Answer {
        try await send(.POST, path, .json(json), key: key)
    }

    func delete(_ path: String, key: String? = nil) async throws -> Answer {
        try await send(.DELETE, path, key: key)
    }

    /// Uploads bare bytes.
    func upload(_ name: String, _ text: String, to assistant: String, key: String? = nil) async throws -> Answer {
        try await send(
            .POST, "/v1/files?assistant=\(assistant)&name=\(name)", .bytes(Array(text.utf8), type: "application/octet-stream"), key: key)
    }

    /// Uploads and waits for the end.
    func uploadAndWait(_ name: String, _ text: String, to assistant: String) async throws -> Answer {
        let answer = try await upload(name, text, to: assistant)
        #expect(answer.status == 202, "\(answer.text)")
        return try await get("/v1/files/\(try answer.string("id"))?wait=60")
    }

    func makeAssistant(_ name: String) async throws -> String {
        let answer = try await post("/v1/assistants", #"{"name":"\#(name)"}"#)
        #expect(answer.status == 201, "\(answer.text)")
        return try answer.string("id")
    }
}
