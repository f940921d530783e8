import Logging

/// Brings a database's schema forward and back, one transaction a step, never two programs at once.
///
/// The database remembers the steps in a table of the engine's own. A step that was changed after it had been applied is refused.
public struct MigrationEngine: Sendable {
    private let configuration: PostgresConfiguration
    private let table: String
    private let migrations: [Migration]
    private let lockTimeout: Duration
    private let logger: Logger

    /// An engine for one database.
    /// - Parameters:
    ///   - configuration: The role must own what the steps change. Its statement timeout does not apply to them.
    ///   - table: The name of the engine's own table, found by the search path; made when it is missing.
    ///   - lockTimeout: How long to wait while another program migrates the same database.
    public init(
        configuration: PostgresConfiguration, table: String = "schema_migrations", migrations: [Migration],
        lockTimeout: Duration = .seconds(300),
        logger: Logger
    ) {
        var configuration = configuration
        configuration.statementTimeout = .zero
        self.configuration = configuration
        self.table = table
        self.migrations = migrations
        self.lockTimeout = lockTimeout
        self.logger = logger
    }

    /// Applies what is pending, up to and including step `target`.
    /// - Returns: the steps taken; those before a failing one stay applied.
    /// - Throws: ``PostgresError`` naming the step and the line of its statements; ``PostgresError/Code/migrationMismatch`` when the steps do not fit the
    ///   database; ``PostgresError/Code/timedOut`` when another program is still migrating.
    @discardableResult
    public func up(to target: Int? = nil) async throws -> [MigrationStep] {
        try await migrate { try $0.stepsUp(to: target) }
    }

    /// Undoes applied steps until `target` is the last one; 0 undoes all.
    /// - Returns: the steps taken.
    /// - Throws: as ``up(to:)``.
    @discardableResult
    public func down(to target: Int) async throws -> [MigrationStep] {
        try await migrate { try $0.stepsDown(to: target) }
    }

    /// What ``up(to:)`` would do, with the statements. Changes nothing.
    public func planUp(to target: Int? = nil) async throws -> [MigrationStep] {
        try await planner().stepsUp(to: target)
    }

    /// What ``down(to:)`` would do, with the statements. Changes nothing.
    public func planDown(to target: Int) async throws -> [MigrationStep] {
        try await planner().stepsDown(to: target)
    }

    /// Every step and where it stands, in order. Changes nothing.
    public func status() async throws -> [MigrationStatus] {
        try await planner().status
    }

    private func planner() async throws -> MigrationPlanner {
        try await withOwnConnection { try await planner($0) }
    }

    private func planner(_ connection: PostgresConnection) async throws -> MigrationPlanner {
        let exists = try await connection.query("SELECT to_regclass(\(SQL.quoted(identifier: table))) IS NOT NULL")
        guard try exists.first?.decode(Bool.self) == true else { return MigrationPlanner(migrations: migrations, applied: []) }
        let rows = try await connection.query("SELECT number, name, checksum FROM \(identifier: table)")
        let applied = try rows.map { row in
            let (number, name, checksum) = try row.decode(Int.self, String.self, String.self)
            return AppliedMigration(number: number, name: name, checksum: checksum)
        }
        return MigrationPlanner(migrations: migrations, applied: applied)
    }

    private func migrate(_ choose: (MigrationPlanner) throws -> [MigrationStep]) async throws -> [MigrationStep] {
        try await withOwnConnection { connection in
            try await lock(connection)
            try await connection.execute(
                """
                CREATE TABLE IF NOT EXISTS \(identifier: table) (
                    number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
            let steps = try choose(await planner(connection))
            for step in steps { try await take(step, connection) }
            return steps
        }
    }

    /// The lock belongs to the session, so that it lasts over all steps and goes with the connection, however the program ends.
    private func lock(_ connection: PostgresConnection) async throws {
        do {
            _ = try await connection.query("SELECT pg_advisory_lock(hashtextextended(\(table), 0))", timeout: lockTimeout)
        } catch let error as PostgresError where error.code == .timedOut {
            throw PostgresError(
                code: .timedOut, message: "another program has been migrating this database for more than \(lockTimeout.text)",
                hint: "look for it in pg_stat_activity, or wait longer")
        }
    }

    private func take(_ step: MigrationStep, _ connection: PostgresConnection) async throws {
        let migration = step.migration
        do {
            try await connection.withTransaction { connection in
                try await connection.executeScript(step.script)
                guard connection.isInTransaction else {
                    throw PostgresError(
                        code: .invalidStatement, message: "its statements end the transaction they run in",
                        hint: "remove COMMIT and ROLLBACK from them")
                }
                try await record(step, connection)
            }
        } catch let error as PostgresError {
            throw described(error, step)
        }
        logger.info("migrated", metadata: ["direction": "\(step.direction.rawValue)", "migration": "\(migration.label)"])
    }

    private func record(_ step: MigrationStep, _ connection: PostgresConnection) async throws {
        let migration = step.migration
        switch step.direction {
        case .up:
            try await connection.execute(
                """
                INSERT INTO \(identifier: table) (number, name, checksum)
                VALUES (\(migration.number), \(migration.name), \(migration.checksum))
                """)
        case .down: try await connection.execute("DELETE FROM \(identifier: table) WHERE number = \(migration.number)")
        }
    }

    private func described(_ error: PostgresError, _ step: MigrationStep) -> PostgresError {
        var error = error
        let line = error.position.map { position in ", line \(step.script.prefix(position).count { $0.isNewline } + 1)" } ?? ""
        error.message = "migration \(step.migration.label), \(step.direction.rawValue)\(line): \(error.message)"
        return error
    }

    private func withOwnConnection<R>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
        let connection = try await PostgresConnection.connect(configuration, logger: logger)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
