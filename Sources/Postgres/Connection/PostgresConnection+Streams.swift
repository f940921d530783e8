extension PostgresConnection {
    /// Runs one statement and passes its rows to `body` as they come. Memory holds a few hundred rows, however many there are.
    ///
    /// While it runs the connection takes no other statement, also not from inside `body`. When `body` throws, the server is stopped and the error passed on.
    /// - Throws: what `body` throws; ``PostgresError``; `CancellationError` when the task is cancelled.
    public func stream(
        _ sql: SQL, timeout: Duration? = nil, isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        body: (PostgresRow) async throws -> Void
    ) async throws {
        let request = OperationRequest(timeout: timeout, place: CallSite(file: file, line: line))
        let statement: BoundStatement
        do { statement = try BoundStatement(sql) } catch { throw error.at(request.place, statement: sql.text) }
        try await interruptible(request) {
            try await session.openStream(statement, request)
            do {
                while true {
                    let rows = try await session.nextRows(request, text: statement.text)
                    if rows.isEmpty { break }
                    for row in rows { try await body(row) }
                }
            } catch {
                await session.closeStream(request.id)
                throw error
            }
            await session.closeStream(request.id)
        }
    }

    /// Listens on channels. The stream ends with an error when the connection breaks, or when its reader is more than 65,536 notifications behind.
    ///
    /// Notifications arrive while the connection is otherwise idle or in use. Channels are names, quoted here.
    /// - Throws: ``PostgresError`` when LISTEN fails.
    public func notifications(
        on channels: [String], file: String = #fileID, line: Int = #line
    ) async throws -> AsyncThrowingStream<PostgresNotification, any Error> {
        let request = OperationRequest(place: CallSite(file: file, line: line))
        let (stream, continuation) = AsyncThrowingStream<PostgresNotification, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(Session.notificationLimit))
        await session.addListener(request.id, channels, continuation)
        do {
            let script = channels.map { "LISTEN \(SQL.quoted(identifier: $0))" }.joined(separator: "; ")
            try await runScript(script, request)
        } catch {
            await session.removeListener(request.id)
            throw error
        }
        let session = session
        continuation.onTermination = { _ in
            // A task, because the end of a stream cannot wait for the server to be told.
            Task { await session.stopListening(request.id) }
        }
        return stream
    }
}

/// A message sent with NOTIFY.
public struct PostgresNotification: Sendable, Equatable {
    /// The channel it was sent on.
    public let channel: String
    /// Its text, up to 8,000 bytes; empty when none was given.
    public let payload: String
    /// The server process of the sender.
    public let processID: Int32
}
