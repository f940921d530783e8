public import Domain
import Logging
public import Postgres

/// The two doors to the product's data: one for requests, one for the service's own work. Both open for a ``Scope`` alone.
public final class Database: Sendable {
    private let requests: PostgresPool
    let worker: PostgresPool

    /// - Parameters:
    ///   - requests: logs in as `bunko_app`, which row-level security binds.
    ///   - worker: logs in as `bunko_worker`, whose policies are named table by table.
    public init(requests: PostgresPool, worker: PostgresPool) {
        self.requests = requests
        self.worker = worker
    }

    /// Keeps the pools in order until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.requests.run() }
            group.addTask { await self.worker.run() }
        }
    }

    /// What each pool is doing now, by name.
    var pools: [(String, PoolStatistics)] { [("requests", requests.statistics), ("worker", worker.statistics)] }

    /// Closes every connection.
    public func close() async {
        await requests.close()
        await worker.close()
    }

    /// Runs the body in one transaction under the scope; commits when it returns, rolls back when it throws.
    ///
    /// Never repeated on its own: a lost connection leaves open whether the commit took place, and says so.
    /// - Throws: `Problem` for what the caller or the operator can mend, else what the body threw.
    public func write<R>(
        _ scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: (Transaction) async throws -> R
    ) async throws -> R {
        guard let log = WriteLog.current else { return try await transaction(scope, TransactionMode(), body) }
        let (value, write) = try await transaction(scope, TransactionMode()) { transaction in
            let value = try await body(transaction)
            return (value, try await transaction.writeToken())
        }
        if let write { log.record(write) }
        return value
    }

    /// Runs a body that only reads (the server refuses a change); repeated once on a fresh connection when the first one broke.
    public func read<R>(
        _ scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: (Transaction) async throws -> R
    ) async throws -> R {
        do {
            return try await transaction(scope, Self.reading, body)
        } catch let problem as Problem where problem.code == Problem.connectionLostCode {
            return try await transaction(scope, Self.reading, body)
        }
    }

    /// A transaction of the service itself that sees one snapshot throughout, for the mirror.
    public func readSnapshot<R>(
        _ scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: (Transaction) async throws -> R
    ) async throws -> R {
        try await transaction(scope, .readOnlySnapshot, body)
    }

    /// Lends a connection of the worker outside any transaction: for LISTEN and for locks that live as long as the session.
    public func session<R>(
        _ scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: (PostgresConnection) async throws -> R
    ) async throws -> R {
        guard case .system = scope.actor else {
            throw Problem(.internalFault, code: "scope_without_system", "A user's scope asked for a session of the service.")
        }
        do {
            return try await worker.withConnection { try await body($0) }
        } catch let error as PostgresError {
            throw Problem(error)
        }
    }

    /// One statement as `bunko_app` without a user: row-level security shows it nothing, so only a function that runs as the owner
    /// answers.
    /// - Parameter isLookUp: repeated once when the connection broke; what spends a token must not be, for it may have been spent.
    func beforePrincipal(_ statement: SQL, isLookUp: Bool = true) async throws -> [PostgresRow] {
        do {
            return try await requests.withConnection { try await $0.query(statement) }
        } catch let error as PostgresError where isLookUp && error.isConnectionFailure {
            do {
                return try await requests.withConnection { try await $0.query(statement) }
            } catch let error as PostgresError {
                throw Problem(error)
            }
        } catch let error as PostgresError {
            throw Problem(error)
        }
    }

    /// Throws when the database does not answer; for `/readyz`.
    public func ping() async throws {
        do {
            try await requests.withConnection { _ = try await $0.execute("SELECT 1", timeout: .seconds(2)) }
        } catch let error as PostgresError {
            throw Problem(error)
        }
    }

    /// Pages are read in the order of an index. Left to itself the planner takes a user's conversation or collection for a handful of
    /// rows (it multiplies the odds of columns that go together) and sorts all of it for each page.
    private static let reading = TransactionMode(isReadOnly: true, settings: ["enable_sort": "off"])

    private func transaction<R>(
        _ scope: Scope, _ mode: TransactionMode, isolation: isolated (any Actor)? = #isolation, _ body: (Transaction) async throws -> R
    ) async throws -> R {
        var mode = mode
        if case .user(let id) = scope.actor { mode.settings["app.user_id"] = id.description }
        do {
            return try await pool(for: scope).withTransaction(mode) { connection in
                try await body(Transaction(connection: connection, scope: scope))
            }
        } catch let error as PostgresError {
            throw Problem(error)
        }
    }

    private func pool(for scope: Scope) -> PostgresPool {
        switch scope.actor {
        case .user: requests
        case .system: worker
        }
    }
}

/// An open transaction under a scope: every statement of the product is a method on it, in one file for each subject.
public struct Transaction: Sendable {
    let connection: PostgresConnection
    /// On whose behalf, and with which permissions.
    public let scope: Scope

    /// Throws unless the row that a page goes on behind is there: without it the page would be empty, which reads as the end.
    func requireAnchor(_ id: some CustomStringConvertible, in rows: SQL) async throws {
        guard try await !connection.query("SELECT FROM \(rows)").isEmpty else { throw Self.noAnchor(id) }
    }

    static func noAnchor(_ id: some CustomStringConvertible) -> Problem {
        Problem.invalid("after", "after is \"\(id)\", which is none of these rows.")
    }
}
