import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import TestSupport

/// A site of the web for tests, on a port of its own on this machine.
struct WebServer: Sendable {
    let address: String

    /// Lends the site; what it answers stands in ``routes(_:)``.
    static func with<R: Sendable>(_ body: @Sendable (WebServer) async throws -> R) async throws -> R {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: routes(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: .silent)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            guard let number = await ports.first(where: { _ in true }) else { throw TestFailure("the site did not start") }
            let result = try await body(WebServer(address: "http://127.0.0.1:\(number)"))
            group.cancelAll()
            return result
        }
    }

    private static func routes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("notes") { _, _ in
            answer("# Ferry\n\nThe ferry leaves at nine.\n\n# Tickets\n\nTickets are sold on board.\n", "text/markdown; charset=UTF-8")
        }
        router.get("plain.md") { _, _ in answer("# Raw\n\nMarkdown as sources are sent.\n", "text/plain") }
        router.get("untold.txt") { _, _ in answer("A text whose type nobody told.", nil) }
        router.get("html") { _, _ in answer("<html><p>Hello</p></html>", "text/html") }
        router.get("untold") { _, _ in answer("<!doctype html><p>Hello</p>", nil) }
        router.get("latin") { _, _ in answer("caf\u{e9}", "text/plain; charset=iso-8859-1") }
        router.get("binary") { _, _ in Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: [0x89, 0x50, 0x4e, 0x47, 0, 0]))) }
        router.get("empty") { _, _ in answer("", "text/plain") }
        router.get("gone") { _, _ in Response(status: .notFound) }
        router.get("loop") { _, _ in Response(status: .found, headers: [.location: "/loop"]) }
        router.get("moved") { _, _ in Response(status: .permanentRedirect, headers: [.location: "notes"]) }
        router.get("elsewhere") { _, _ in Response(status: .found, headers: [.location: "file:///etc/passwd"]) }
        router.get("silent") { _, _ in
            try await Task.sleep(for: .seconds(600))
            return Response(status: .ok)
        }
        router.get("slow") { _, _ in parts { try await Task.sleep(for: .seconds(600)) } }
        router.get("large") { _, _ in answer(String(repeating: "x", count: 4_096), "text/plain") }
        router.get("endless") { _, _ in parts {} }
        return router
    }

    private static func answer(_ text: String, _ type: String?) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// A body without an announced length that goes on until the reader has enough.
    private static func parts(pause: @escaping @Sendable () async throws -> Void) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain"],
            body: .init { writer in
                for _ in 0..<100_000 {
                    try await writer.write(ByteBuffer(string: "one more line of text\n"))
                    try await pause()
                }
                try await writer.finish(nil)
            })
    }
}
