import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP server of a test: every request goes to one closure.
final class StubServer: Sendable {
    struct Request: Sendable {
        let method: HTTPMethod
        let path: String
        let query: [String: String]
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    struct Response: Sendable {
        var status = HTTPResponseStatus.ok
        var headers: [(String, String)] = []
        var body = ""
        /// Whether the connection is left open without an end of the body.
        var staysOpen = false
        /// Whether the connection is cut in place of an answer.
        var cuts = false
    }

    private let channel: any Channel

    init(_ answer: @escaping @Sendable (Request) -> Response) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) -> Response
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(_ answer: @escaping @Sendable (Request) -> Response) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body += part.readableBytesView
            case .end:
                guard let head else { return }
                write(answer(Request(head, body)), context)
            }
        }

        private func write(_ response: Response, _ context: ChannelHandlerContext) {
            if response.cuts { return context.close(promise: nil) }
            var headers = HTTPHeaders(response.headers)
            if !response.staysOpen { headers.add(name: "Content-Length", value: "\(response.body.utf8.count)") }
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: response.status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
            if !response.staysOpen { context.write(wrapOutboundOut(.end(nil)), promise: nil) }
            context.flush()
        }
    }
}

extension StubServer.Request {
    fileprivate init(_ head: HTTPRequestHead, _ body: [UInt8]) {
        let parts = head.uri.split(separator: "?", maxSplits: 1)
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? String(parts[1]) : "").split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? String($0) }
            query[sides[0]] = sides.count > 1 ? sides[1] : ""
        }
        self.init(method: head.method, path: parts.first.map(String.init) ?? "/", query: query, headers: head.headers, body: body)
    }
}
