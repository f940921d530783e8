import CPostgres
import Logging
import Synchronization

/// One connection to a PostgreSQL server.
///
/// It may be used from any task. Statements take turns in the order of their calls. No thread waits for the server. A cancelled task stops its statement at the
/// server, gets `CancellationError`, and leaves the connection ready for use.
public final class PostgresConnection: Sendable {
    let session: Session
    /// What the connection was made with.
    public let configuration: PostgresConfiguration
    /// The server's version as a number, such as 150020 for 15.20.
    public let serverVersion: Int
    /// The process at the server that works for this connection, as in `pg_stat_activity`.
    public let processID: Int32
    /// When the connection was made.
    let openedAt = ContinuousClock.now

    private init(session: Session, configuration: PostgresConfiguration, serverVersion: Int, processID: Int32) {
        self.session = session
        self.configuration = configuration
        self.serverVersion = serverVersion
        self.processID = processID
    }

    /// Connects and logs in. The server's notices go to `logger` at level debug.
    /// - Throws: ``PostgresError`` with ``PostgresError/Code/connectFailed`` and the server's or the system's reason, also after
    ///   ``PostgresConfiguration/connectTimeout``; ``PostgresError/Code/cancelled`` when the task is cancelled.
    public static func connect(_ configuration: PostgresConfiguration, logger: Logger) async throws(PostgresError) -> PostgresConnection {
        let session = try await Session.connect(configuration, logger: logger)
        let facts = await session.facts
        return PostgresConnection(session: session, configuration: configuration, serverVersion: facts.version, processID: facts.processID)
    }

    deinit { closeSoon() }

    /// As ``close()`` for those who cannot wait. The session outlives its owner by the turn in which it says good-bye to the server.
    func closeSoon() {
        let session = session
        session.executor.queue.async { session.assumeIsolated { $0.close() } }
    }

    /// Runs one statement and returns its rows.
    /// - Parameter timeout: After it the statement is stopped at the server; the session's `statement_timeout` holds besides.
    /// - Throws: ``PostgresError``; `CancellationError` when the task is cancelled.
    public func query(
        _ sql: SQL, timeout: Duration? = nil, file: String = #fileID, line: Int = #line
    ) async throws -> [PostgresRow] {
        try await run(sql, OperationRequest(timeout: timeout, place: CallSite(file: file, line: line))).rows
    }

    /// Runs one statement and returns the number of rows it affected.
    /// - Throws: as ``query(_:timeout:file:line:)``.
    @discardableResult
    public func execute(_ sql: SQL, timeout: Duration? = nil, file: String = #fileID, line: Int = #line) async throws -> Int {
        try await run(sql, OperationRequest(timeout: timeout, place: CallSite(file: file, line: line))).affectedRows
    }

    /// Runs trusted text of any number of statements. Without `BEGIN` in it, they are one transaction.
    /// - Throws: as ``query(_:timeout:file:line:)``; the first failing statement ends the script.
    public func executeScript(_ text: String, file: String = #fileID, line: Int = #line) async throws {
        try await runScript(text, OperationRequest(place: CallSite(file: file, line: line)))
    }

    /// True once the connection has broken or was closed. It never becomes usable again.
    public var isBroken: Bool { session.shared.isBroken.load(ordering: .sequentiallyConsistent) }

    /// Ends the connection; a statement under way fails. May be called more than once.
    public func close() async {
        await session.close()
    }

    func run(_ sql: SQL, _ request: OperationRequest) async throws -> ResultHandle {
        let statement: BoundStatement
        do { statement = try BoundStatement(sql) } catch { throw error.at(request.place, statement: sql.text) }
        return try await interruptible(request) { try await self.session.run(statement, request) }
    }

    @discardableResult
    func runScript(_ text: String, _ request: OperationRequest) async throws -> ResultHandle? {
        try await interruptible(request) { try await self.session.runScript(text, request) }
    }

    /// Stops the operation at the server when the task is cancelled, unless it is shielded.
    func interruptible<R>(
        _ request: OperationRequest, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R {
        if request.isShielded { return try await body() }
        let session = session
        return try await withTaskCancellationHandler {
            try await body()
        } onCancel: {
            session.executor.queue.async { session.assumeIsolated { $0.interrupt(request.id, .taskCancelled) } }
        }
    }
}

extension Session {
    var facts: (version: Int, processID: Int32) { (Int(PQserverVersion(handle.pointer)), PQbackendPID(handle.pointer)) }

}
