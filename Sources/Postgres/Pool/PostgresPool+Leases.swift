import Synchronization

extension PostgresPool {
    /// Lends a connection to `body` and takes it back afterwards. A transaction that `body` left open is rolled back.
    /// - Throws: what `body` throws; ``PostgresError`` with ``PostgresError/Code/poolExhausted`` when none became free within
    ///   ``PoolOptions/acquireTimeout``, or why none could be opened; `CancellationError` when the task is cancelled while it waits.
    public func withConnection<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let lease = try await acquire()
        do {
            let value = try await body(lease.connection)
            await giveBack(lease)
            return value
        } catch {
            await giveBack(lease)
            throw error
        }
    }

    /// Lends a connection to `body` with a transaction begun: committed when `body` returns, rolled back when it throws.
    ///
    /// An idle connection that turns out to be dead when the transaction begins is replaced: nothing was done on it yet.
    /// - Throws: as ``withConnection(isolation:_:)`` and ``PostgresConnection/withTransaction(_:isolation:file:line:_:)``.
    public func withTransaction<R>(
        _ mode: TransactionMode = .standard, isolation: isolated (any Actor)? = #isolation, file: String = #fileID, line: Int = #line,
        _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        let place = CallSite(file: file, line: line)
        let lease = try await acquireBegun(mode, place)
        do {
            let value = try await lease.connection.completeTransaction(place, body)
            await giveBack(lease)
            return value
        } catch {
            await giveBack(lease)
            throw error
        }
    }

    private func acquireBegun(_ mode: TransactionMode, _ place: CallSite) async throws -> Lease {
        var attempt = 1
        while true {
            let lease = try await acquire()
            do {
                try await lease.connection.begin(mode, place)
                return lease
            } catch let error as PostgresError where error.isConnectionFailure && attempt < Self.beginAttempts {
                await giveBack(lease)
                attempt += 1
            } catch {
                await giveBack(lease)
                throw error
            }
        }
    }

    /// After the first failure all idle connections are pinged before they are lent, so that one more failure means another break.
    private static let beginAttempts = 3

    /// Runs `body` again, with growing pauses, when its connection broke or the server asks for the transaction to be repeated (SQLSTATE 40001, 40P01).
    /// - Parameters:
    ///   - idempotent: The caller's word that running `body` twice does what running it once does. Without it `body` runs once.
    ///   - attempts: How often it runs at most. The pauses are 50 ms, 200 ms, 800 ms …, each up to a half longer at random.
    /// - Throws: the last attempt's error.
    public func withRetry<R>(
        idempotent: Bool, attempts: Int = 3, isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        var attempt = 1
        while true {
            do {
                return try await withConnection(body)
            } catch let error as PostgresError
                where idempotent && attempt < attempts && (error.isConnectionFailure || error.isTransactionConflict)
            {
                logger.debug("retrying", metadata: ["attempt": "\(attempt)", "error": "\(error)"])
                try await Task.sleep(for: Self.pause(afterAttempt: attempt))
                attempt += 1
            }
        }
    }

    private static func pause(afterAttempt attempt: Int) -> Duration {
        .milliseconds(50 * (1 << (2 * min(attempt - 1, 5)))) * Double.random(in: 1...1.5)
    }

    private func acquire() async throws -> Lease {
        switch try await wait() {
        case .open(let id): return try await open(id)
        case .use(let id, let ping):
            if let connection = state.withLock({ $0.connections[id] }), await isAlive(connection, ping: ping) {
                return Lease(id: id, connection: connection)
            }
            return try await open(replacing(id))
        }
    }

    private func wait() async throws -> PoolStateMachine.Grant {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return WaiterID(number: state.lastWaiter)
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                update { state in
                    state.continuations[waiter] = continuation
                    return state.machine.acquire(waiter, deadline: .now + options.acquireTimeout, now: .now)
                }
                armTimer()
                // The handler below ran too early for a task that was cancelled before it stood in line.
                if Task.isCancelled { giveUp(waiter) }
            }
        } onCancel: {
            giveUp(waiter)
        }
    }

    private func giveUp(_ waiter: WaiterID) {
        let continuation = state.withLock { state in
            state.machine.cancel(waiter) ? state.continuations.removeValue(forKey: waiter) : nil
        }
        continuation?.resume(throwing: CancellationError())
    }

    /// Opens the connection that the machine has granted, in the task of the one who gets it.
    private func open(_ id: ConnectionID) async throws -> Lease {
        do {
            var configuration = configuration
            configuration.connectTimeout = min(configuration.connectTimeout, options.acquireTimeout)
            let connection = try await PostgresConnection.connect(configuration, logger: logger)
            do { try await options.onConnect?(connection) } catch {
                connection.closeSoon()
                throw error
            }
            state.withLock { state in
                state.connections[id] = connection
                state.machine.didOpen(id, now: .now)
            }
            return Lease(id: id, connection: connection)
        } catch {
            update { $0.machine.didFailToOpen(id, now: .now) }
            if let error = error as? PostgresError, error.code == .cancelled { throw CancellationError() }
            throw error
        }
    }

    private func replacing(_ id: ConnectionID) -> ConnectionID {
        var replacement = id
        update { state in
            let (fresh, actions) = state.machine.replace(id, now: .now)
            replacement = fresh
            return actions
        }
        return replacement
    }

    private func isAlive(_ connection: PostgresConnection, ping: Bool) async -> Bool {
        guard !connection.isBroken else { return false }
        guard ping else { return true }
        let request = OperationRequest(timeout: options.pingTimeout, place: CallSite(file: #fileID, line: #line), isShielded: true)
        do {
            try await connection.runScript("", request)
            return true
        } catch {
            logger.debug("a pooled connection did not answer and is replaced", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func giveBack(_ lease: Lease) async {
        let isUsable = await lease.connection.makeReusable()
        update { $0.machine.release(lease.id, isUsable: isUsable, now: .now) }
    }
}

extension PostgresConnection {
    /// Brings the connection into the state of a fresh one, as far as a borrower can leave it in another by accident.
    /// - Returns: false when it must not be used again.
    fileprivate func makeReusable() async -> Bool {
        guard !isBroken, !session.shared.hasListeners.load(ordering: .sequentiallyConsistent) else { return false }
        if session.shared.standing.load(ordering: .sequentiallyConsistent) == .idle { return true }
        let request = OperationRequest(timeout: .seconds(30), place: CallSite(file: #fileID, line: #line), isShielded: true)
        do {
            // The empty script waits for what may still be draining; only then is it known whether a transaction is open.
            try await runScript("", request)
            guard isInTransaction else { return true }
            session.logger.warning("a borrowed connection came back in a transaction, which is rolled back")
            var rollback = request
            rollback.id = Operation.makeID()
            try await runScript("ROLLBACK", rollback)
            return !isBroken
        } catch {
            return false
        }
    }
}
