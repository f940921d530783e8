import Foundation
public import NIOCore
public import NIOHTTP1
import NIOPosix

/// A small HTTP server of a test: every request goes to one closure.
public final class StubServer: Sendable {
    public struct Request: Sendable {
        public let method: HTTPMethod
        public let path: String
        public let query: [String: String]
        public let headers: HTTPHeaders
        public let body: [UInt8]
    }

    public struct Response: Sendable {
        public var status: HTTPResponseStatus
        public var headers: [(String, String)]
        public var body: String
        /// Whether the connection is left open without an end of the body.
        public var staysOpen: Bool
        /// Whether the connection is cut in place of an answer.
        public var cuts: Bool
        /// Bytes of the body after which the connection is cut; nil: it is not.
        public var cutsAfter: Int?
        /// What passes before the answer begins.
        public var delay: TimeAmount

        public init(
            status: HTTPResponseStatus = .ok, headers: [(String, String)] = [], body: String = "", staysOpen: Bool = false,
            cuts: Bool = false, cutsAfter: Int? = nil, delay: TimeAmount = .zero
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.staysOpen = staysOpen
            self.cuts = cuts
            self.cutsAfter = cutsAfter
            self.delay = delay
        }
    }

    private let channel: any Channel

    public init(_ answer: @escaping @Sendable (Request) -> Response) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    public var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    public func stop() async throws { try await channel.close() }

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
                let response = answer(Request(head, body))
                if response.delay == .zero { return write(response, context) }
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: response.delay) {
                    let (handler, context) = bound.value
                    handler.write(response, context)
                }
            }
        }

        private func write(_ response: Response, _ context: ChannelHandlerContext) {
            if response.cuts { return context.close(promise: nil) }
            var headers = HTTPHeaders(response.headers)
            if !response.staysOpen { headers.add(name: "Content-Length", value: "\(response.body.utf8.count)") }
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: response.status, headers: headers))), promise: nil)
            if let end = response.cutsAfter {
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body.utf8.prefix(end))))), promise: nil)
                return context.close(promise: nil)
            }
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
