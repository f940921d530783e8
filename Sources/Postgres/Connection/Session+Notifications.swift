import CPostgres

/// LISTEN and NOTIFY.
extension Session {
    /// How far a reader may fall behind before its stream is ended.
    static let notificationLimit = 65_536

    func addListener(_ id: UInt64, _ channels: [String], _ continuation: AsyncThrowingStream<PostgresNotification, any Error>.Continuation)
    {
        if let lost { return continuation.finish(throwing: lost) }
        listeners[id] = Listener(channels: channels, continuation: continuation)
        shared.hasListeners.store(!listeners.isEmpty, ordering: .sequentiallyConsistent)
    }

    func removeListener(_ id: UInt64) {
        listeners[id] = nil
        shared.hasListeners.store(!listeners.isEmpty, ordering: .sequentiallyConsistent)
    }

    /// Forgets a reader and tells the server about channels nobody listens on any more.
    func stopListening(_ id: UInt64) async {
        guard let listener = listeners[id] else { return }
        removeListener(id)
        let wanted = Set(listeners.values.flatMap(\.channels))
        let unwanted = Set(listener.channels).subtracting(wanted).sorted()
        guard !unwanted.isEmpty, lost == nil else { return }
        let script = unwanted.map { "UNLISTEN \(SQL.quoted(identifier: $0))" }.joined(separator: "; ")
        // A failure means that the connection is gone or in a failed transaction; either way a notification too many is dropped here.
        _ = try? await runScript(script, OperationRequest(place: CallSite(file: #fileID, line: #line), isShielded: true))
    }

    /// Passes on what has arrived.
    func deliverNotifications() {
        while let notify = PQnotifies(handle.pointer) {
            defer { PQfreemem(notify) }
            let notification = PostgresNotification(
                channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra),
                processID: notify.pointee.be_pid)
            for (id, listener) in listeners where listener.channels.contains(notification.channel) {
                guard case .dropped = listener.continuation.yield(notification) else { continue }
                listener.continuation.finish(
                    throwing: PostgresError(
                        code: .connectionLost, message: "the reader of notifications fell more than \(Self.notificationLimit) behind",
                        hint: "read faster, and read the state anew before listening again"))
                removeListener(id)
            }
        }
    }
}
