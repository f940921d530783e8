import CPostgres
import Dispatch
import Logging

/// Owns a `PGconn`.
///
/// Unchecked because it is used on one queue only: that of the attempt that connected, which then is the session's.
final class LibpqHandle: @unchecked Sendable {
    /// nil after ``finish()``, which every function of libpq takes for a broken connection.
    private(set) var pointer: OpaquePointer?
    private let notices: Unmanaged<NoticeSink>

    init(_ pointer: OpaquePointer, logger: Logger) {
        self.pointer = pointer
        notices = .passRetained(NoticeSink(logger: logger))
        PQsetNoticeReceiver(pointer, { NoticeSink.receive($0, $1) }, notices.toOpaque())
    }

    /// Says good-bye to the server and frees the connection.
    func finish() {
        PQfinish(pointer)
        pointer = nil
    }

    deinit {
        PQfinish(pointer)
        notices.release()
    }

    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(pointer) }

    /// libpq's last message as an error.
    func error(_ code: PostgresError.Code) -> PostgresError {
        let text = PQerrorMessage(pointer).map { String(cString: $0).trimmingTrailingNewlines } ?? ""
        return PostgresError(code: code, message: text.isEmpty ? "the server closed the connection" : text)
    }
}

/// Passes the server's notices to the log.
final class NoticeSink: Sendable {
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    static func receive(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
        guard let context, let result, let text = PQresultErrorMessage(result) else { return }
        Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().logger.debug(
            "server notice", metadata: ["notice": "\(String(cString: text).trimmingTrailingNewlines)"])
    }
}

/// What is needed to ask the server to stop a statement.
///
/// Unchecked because `PQcancel` is documented to be safe from any thread (libpq's section "Canceling Queries in Progress") and nothing else is done with the pointer.
final class CancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer
    // PQcancel blocks while it connects: never on the session's queue, and never behind another connection's request.
    private let queue = DispatchQueue(label: "postgres.cancel")

    init?(_ connection: OpaquePointer?) {
        guard let pointer = PQgetCancel(connection) else { return nil }
        self.pointer = pointer
    }

    deinit { PQfreeCancel(pointer) }

    /// Sends the request and calls back when the server has taken it, with libpq's message when it could not be sent.
    func send(then completion: @escaping @Sendable (String?) -> Void) {
        queue.async { completion(self.request()) }
    }

    private func request() -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress, PQcancel(pointer, start, Int32(buffer.count)) == 0 else { return nil }
            return String(cString: start)
        }
    }
}
