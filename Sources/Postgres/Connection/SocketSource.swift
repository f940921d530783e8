import Dispatch
import Foundation

/// Calls a handler on a queue whenever a socket is readable (or writable), while switched on.
///
/// It watches a duplicate of the descriptor: libpq closes its own at moments of its choosing, and the number could then already belong to another
/// connection while the event source still watched it.
final class SocketSource {
    enum Kind { case readable, writable }

    private let source: any DispatchSourceProtocol
    private var isOn = false

    init(socket: Int32, kind: Kind, queue: DispatchQueue, handler: @escaping @Sendable () -> Void) throws(PostgresError) {
        let duplicate = dup(socket)
        guard duplicate >= 0 else {
            throw PostgresError(
                code: .connectFailed, message: "no file descriptor left to watch a connection: \(String(cString: strerror(errno)))")
        }
        source =
            switch kind {
            case .readable: DispatchSource.makeReadSource(fileDescriptor: duplicate, queue: queue)
            case .writable: DispatchSource.makeWriteSource(fileDescriptor: duplicate, queue: queue)
            }
        source.setEventHandler(handler: handler)
        source.setCancelHandler { close(duplicate) }
    }

    func set(on: Bool) {
        guard on != isOn, !source.isCancelled else { return }
        isOn = on
        if on { source.resume() } else { source.suspend() }
    }

    /// Ends the watching for good.
    func cancel() {
        guard !source.isCancelled else { return }
        source.cancel()
        // A suspended source never gets to its cancel handler and must not be released.
        if !isOn { source.resume() }
    }

    deinit { cancel() }
}
