/// How a transaction sees and may change the database.
public struct TransactionMode: Sendable, Equatable {
    /// Isolation levels of the server.
    public enum Level: String, Sendable {
        /// Each statement sees what was committed before it began.
        case readCommitted = "READ COMMITTED"
        /// All statements see what was committed before the first.
        case repeatableRead = "REPEATABLE READ"
        /// As if transactions ran one after the other; may fail with ``PostgresError/Code/serializationFailure``.
        case serializable = "SERIALIZABLE"
    }

    /// nil for the server's default.
    public var level: Level?
    /// Refuses every change.
    public var isReadOnly: Bool
    /// Session parameters by name, set for this transaction alone (`SET LOCAL`), in the same message that begins it.
    public var settings: [String: String]

    /// A mode with the server's default level unless one is given.
    public init(level: Level? = nil, isReadOnly: Bool = false, settings: [String: String] = [:]) {
        self.level = level
        self.isReadOnly = isReadOnly
        self.settings = settings
    }

    /// The server's defaults.
    public static let standard = TransactionMode()
    /// The default level, without changes.
    public static let readOnly = TransactionMode(isReadOnly: true)
    /// One unchanging view of the database, without changes.
    public static let readOnlySnapshot = TransactionMode(level: .repeatableRead, isReadOnly: true)
    /// The strictest level.
    public static let serializable = TransactionMode(level: .serializable)

    var beginStatement: String {
        let begin = "BEGIN" + (level.map { " ISOLATION LEVEL \($0.rawValue)" } ?? "") + (isReadOnly ? " READ ONLY" : "")
        return settings.sorted(by: <).reduce(into: begin) { script, setting in
            // A dot separates the class of a parameter from its name, so both are quoted by themselves.
            let name = setting.key.split(separator: ".").map { SQL.quoted(identifier: String($0)) }.joined(separator: ".")
            script += "; SET LOCAL \(name) = \(SQL.quoted(literal: setting.value))"
        }
    }
}

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws or its task is cancelled. Inside a transaction it is a savepoint, and `mode` is not looked at.
    ///
    /// Transactions of one connection must not overlap from several tasks.
    /// - Throws: what `body` throws; ``PostgresError`` with ``PostgresError/Code/transactionAborted`` when `body` swallowed the failure of a statement, so that
    ///   the server could only roll back. When even rolling back fails, the connection is closed.
    public func withTransaction<R>(
        _ mode: TransactionMode = .standard, isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let place = CallSite(file: file, line: line)
        guard !isInTransaction else { return try await withSavepoint(isolation: isolation, file: file, line: line, body) }
        try await begin(mode, place)
        return try await completeTransaction(place, body)
    }

    func begin(_ mode: TransactionMode, _ place: CallSite) async throws {
        do {
            try await runScript(mode.beginStatement, OperationRequest(place: place))
        } catch {
            await undo("ROLLBACK", place)
            throw error
        }
    }

    /// Runs `body` in the transaction just begun, and ends it.
    func completeTransaction<R>(
        _ place: CallSite, isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        do {
            let value = try await body(self)
            try Task.checkCancellation()
            try await commit(place)
            return value
        } catch {
            await undo("ROLLBACK", place)
            throw error
        }
    }

    /// Runs `body` inside the current transaction; when it throws, only what it did is undone, and the transaction goes on.
    /// - Throws: what `body` throws; ``PostgresError`` outside a transaction.
    public func withSavepoint<R>(
        isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let place = CallSite(file: file, line: line)
        let name = "bunko_\(Operation.makeID())"
        try await runScript("SAVEPOINT \(name)", OperationRequest(place: place))
        do {
            let value = try await body(self)
            try Task.checkCancellation()
            try await runScript("RELEASE SAVEPOINT \(name)", OperationRequest(place: place, isShielded: true))
            return value
        } catch {
            await undo("ROLLBACK TO SAVEPOINT \(name); RELEASE SAVEPOINT \(name)", place)
            throw error
        }
    }

    /// Whether the last statement left a transaction open, failed or not.
    public var isInTransaction: Bool {
        let standing = session.shared.standing.load(ordering: .sequentiallyConsistent)
        return standing == .inTransaction || standing == .inFailedTransaction
    }

    private func commit(_ place: CallSite) async throws {
        let result = try await runScript("COMMIT", OperationRequest(place: place, isShielded: true))
        // The server answers COMMIT of a failed transaction with success and this tag.
        guard result?.commandTag == "ROLLBACK" else { return }
        throw PostgresError(
            code: .transactionAborted,
            message: "the transaction was rolled back: a statement in it had failed and its error was not passed on",
            hint: "let errors leave the body, or run the statement that may fail in withSavepoint"
        ).at(place, statement: nil)
    }

    /// Goes back, also in a cancelled task. A connection whose state is then unknown is closed.
    private func undo(_ script: String, _ place: CallSite) async {
        guard !isBroken, isInTransaction else { return }
        do {
            try await runScript(script, OperationRequest(timeout: .seconds(30), place: place, isShielded: true))
        } catch {
            session.logger.warning("a rollback failed; the connection is closed", metadata: ["error": "\(error)"])
            await close()
        }
    }
}
