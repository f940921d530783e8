import NIOCore
import NIOPosix

/// A TCP server of a test that answers whatever comes with the same bytes, or with nothing.
public final class RawServer: Sendable {
    public let port: Int
    private let channel: any Channel

    /// - Parameters:
    ///   - answer: sent for each piece that comes in; nil: nothing ever is.
    ///   - delay: what passes before.
    public init(answer: [UInt8]? = nil, after delay: TimeAmount = .zero) async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler(answer, delay)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    public func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: [UInt8]?
        private let delay: TimeAmount

        init(_ answer: [UInt8]?, _ delay: TimeAmount) {
            self.answer = answer
            self.delay = delay
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let answer else { return }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: delay) {
                let (handler, context) = bound.value
                context.writeAndFlush(handler.wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
