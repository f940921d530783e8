import CPostgres

/// Statements whose whole result is collected.
extension Session {
    /// Runs a statement in the extended protocol.
    func run(_ statement: BoundStatement, _ request: OperationRequest) async throws -> ResultHandle {
        try await withTurn(request) { session throws(PostgresError) -> ResultHandle in
            do throws(PostgresError) {
                return try await session.exchange(statement)
            } catch {
                throw error.at(request.place, statement: statement.text)
            }
        }
    }

    /// Runs several statements in the simple protocol and returns the last result.
    func runScript(_ text: String, _ request: OperationRequest) async throws -> ResultHandle? {
        try await withTurn(request) { session throws(PostgresError) -> ResultHandle? in
            do throws(PostgresError) {
                return try await session.simpleExchange(text)
            } catch {
                throw error.at(request.place, statement: text)
            }
        }
    }

    /// Sends a statement of the simple protocol and reads everything it answers.
    func simpleExchange(_ text: String) async throws(PostgresError) -> ResultHandle? {
        guard PQsendQuery(handle.pointer, text) == 1 else { throw sendFailure() }
        try await flush()
        return try await collect()
    }

    private func exchange(_ statement: BoundStatement) async throws(PostgresError) -> ResultHandle {
        let wasIdle = handle.transactionStatus == PQTRANS_IDLE
        do throws(PostgresError) {
            return try await attempt(statement)
        } catch  where wasIdle && Self.isStalePlan(error) {
            // The server refused before executing anything: the second attempt is not prepared and cannot fail this way.
            return try await attempt(statement)
        }
    }

    private func attempt(_ statement: BoundStatement) async throws(PostgresError) -> ResultHandle {
        do throws(PostgresError) {
            try await send(statement)
            guard let result = try await collect() else {
                throw PostgresError(code: .protocolViolation, message: "the server sent no result")
            }
            return result
        } catch {
            if Self.isStalePlan(error) { statements.forget(statement.cacheKey) }
            throw error
        }
    }

    /// 0A000 "cached plan must not change result type" after a change of the table; 26000 after `DEALLOCATE ALL`.
    private static func isStalePlan(_ error: PostgresError) -> Bool {
        error.sqlState == "26000" || (error.sqlState == "0A000" && error.message.contains("cached plan"))
    }

    /// Sends a statement, prepared where that pays.
    func send(_ statement: BoundStatement) async throws(PostgresError) {
        var statement = statement
        if !statement.extensionTypes.isEmpty { statement.resolve(try await oids(of: statement.extensionTypes)) }
        let route = statements.route(for: statement.cacheKey)
        try await releaseAbandonedStatements()
        if case .prepare(let name) = route {
            guard let connection = handle.pointer, statement.sendPrepare(on: connection, name: name) == 1 else { throw sendFailure() }
            try await flush()
            _ = try await collect()
            statements.didPrepare(statement.cacheKey, as: name)
        }
        guard let connection = handle.pointer, statement.send(on: connection, as: route) == 1 else { throw sendFailure() }
        try await flush()
    }

    private func releaseAbandonedStatements() async throws(PostgresError) {
        // In a failed transaction the server takes no statement but its end.
        guard !statements.abandonedNames.isEmpty, handle.transactionStatus != PQTRANS_INERROR else { return }
        let script = statements.takeAbandonedNames().map { "DEALLOCATE \(SQL.quoted(identifier: $0))" }.joined(separator: "; ")
        _ = try await simpleExchange(script)
    }

    /// Looks up the object identifiers of extension types, once per connection.
    private func oids(of names: Set<String>) async throws(PostgresError) -> [String: UInt32] {
        for name in names.sorted() where extensionOIDs[name] == nil {
            let sql: SQL = "SELECT to_regtype(\(name))::oid"
            let statement = try BoundStatement(sql)
            guard let connection = handle.pointer, statement.send(on: connection, as: .direct) == 1 else { throw sendFailure() }
            try await flush()
            guard let result = try await collect(), let oid = try? result.rows.first?.decode(at: 0, as: Int64?.self) else {
                throw PostgresError(
                    code: .encoding, message: "the database has no type '\(name)'",
                    hint: "create the extension that brings it: CREATE EXTENSION \(name)")
            }
            extensionOIDs[name] = UInt32(truncatingIfNeeded: oid)
        }
        return extensionOIDs
    }

    func sendFailure() -> PostgresError {
        if let lost { return lost }
        if PQstatus(handle.pointer) == CONNECTION_BAD { return lostConnection() }
        return handle.error(.protocolViolation)
    }

    /// Reads until the server is ready again; throws the first error, returns the last result.
    func collect() async throws(PostgresError) -> ResultHandle? {
        var last: ResultHandle?
        var failure: PostgresError?
        while true {
            let result: ResultHandle?
            // What the server said last is the reason, and the end of the connection that follows it is not.
            do throws(PostgresError) { result = try await nextResult() } catch { throw failure ?? error }
            guard let result else { break }
            switch result.status {
            case PGRES_COPY_IN: _ = PQputCopyEnd(handle.pointer, "COPY FROM STDIN is only possible with copyIn")
            case PGRES_COPY_OUT, PGRES_COPY_BOTH:
                failure = failure ?? PostgresError(code: .invalidStatement, message: "COPY TO STDOUT is only possible with copyOut")
                try await discardCopy()
            default:
                failure = failure ?? result.error
                last = result
            }
        }
        if let failure { throw failure }
        return last
    }

    private func discardCopy() async throws(PostgresError) {
        while try await copyMessage({ _ in }) {}
    }

    /// Passes the next message of COPY to `body`; false at the end.
    func copyMessage(_ body: (UnsafeRawBufferPointer) -> Void) async throws(PostgresError) -> Bool {
        while true {
            if let lost { throw lost }
            if let more = nextBufferedCopyMessage(body) { return more }
            await socketReady()
        }
    }

    /// As ``copyMessage(_:)``, without waiting: nil when no message has arrived completely.
    func nextBufferedCopyMessage(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool? {
        var message: UnsafeMutablePointer<CChar>?
        let length = PQgetCopyData(handle.pointer, &message, 1)
        if length == 0 { return nil }
        // -1 is the end, -2 an error; either way the results that follow say what happened.
        guard length > 0 else { return false }
        defer { PQfreemem(message) }
        body(UnsafeRawBufferPointer(start: message, count: Int(length)))
        return true
    }
}
