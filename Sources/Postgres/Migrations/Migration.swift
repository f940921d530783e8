import Crypto

/// One step of a database's schema, forward and, where that is possible, back.
public struct Migration: Sendable, Equatable {
    /// Its place in the order, from 1. Gaps are allowed.
    public let number: Int
    /// What it does, in a few words.
    public let name: String
    /// The statements that apply it. They run in one transaction and must not end it.
    public let up: String
    /// The statements that undo it; nil when that is impossible.
    public let down: String?
    /// Checksums of other texts that the step had, and that databases may have applied: a later step brings those to the same schema.
    public let otherChecksums: Set<String>

    /// A step with its statements.
    public init(number: Int, name: String, up: String, down: String?, otherChecksums: Set<String> = []) {
        self.number = number
        self.name = name
        self.up = up
        self.down = down
        self.otherChecksums = otherChecksums
    }

    /// SHA-256 of ``up``, in hexadecimal digits: what the database remembers.
    public var checksum: String {
        SHA256.hash(data: Array(up.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    var label: String { "\(number) (\(name))" }
}

/// What the database remembers of a step that was applied.
public struct AppliedMigration: Sendable, Equatable {
    /// The step's number.
    public let number: Int
    /// Its name then.
    public let name: String
    /// The checksum of its statements then.
    public let checksum: String
}

/// A step and where it stands.
public struct MigrationStatus: Sendable, Equatable {
    /// Where a step stands.
    public enum State: Sendable, Equatable {
        /// Applied as it is now, or in another text that is known.
        case applied
        /// Not applied yet.
        case pending
        /// Applied, but changed since.
        case changed
        /// Not applied although a later one is.
        case skipped
        /// Applied, but not among the program's steps: made by a newer program, or removed.
        case unknown
    }

    /// The step's number.
    public let number: Int
    /// The step's name.
    public let name: String
    /// Where it stands.
    public let state: State
}

/// One step to be taken.
public struct MigrationStep: Sendable, Equatable {
    /// Forward or back.
    public enum Direction: String, Sendable {
        /// Applies.
        case up
        /// Undoes.
        case down
    }

    /// The step.
    public let migration: Migration
    /// Forward or back.
    public let direction: Direction
    /// The statements that would run.
    public let script: String
}

/// Compares the program's steps with those the database has, without touching either.
struct MigrationPlanner {
    let migrations: [Migration]
    let applied: [AppliedMigration]

    init(migrations: [Migration], applied: [AppliedMigration]) {
        self.migrations = migrations.sorted { $0.number < $1.number }
        self.applied = applied.sorted { $0.number < $1.number }
    }

    var status: [MigrationStatus] {
        let known = migrations.map { MigrationStatus(number: $0.number, name: $0.name, state: state(of: $0)) }
        let numbers = Set(migrations.map(\.number))
        let unknown = applied.filter { !numbers.contains($0.number) }.map {
            MigrationStatus(number: $0.number, name: $0.name, state: .unknown)
        }
        return (known + unknown).sorted { $0.number < $1.number }
    }

    private func state(of migration: Migration) -> MigrationStatus.State {
        guard let record = applied.first(where: { $0.number == migration.number }) else {
            return migration.number < applied.last?.number ?? 0 ? .skipped : .pending
        }
        let isKnown = record.checksum == migration.checksum || migration.otherChecksums.contains(record.checksum)
        return isKnown ? .applied : .changed
    }

    /// The steps up to and including `target`, or all.
    func stepsUp(to target: Int?) throws(PostgresError) -> [MigrationStep] {
        try refuseMismatches()
        let pending = Set(status.filter { $0.state == .pending }.map(\.number))
        return migrations.filter { pending.contains($0.number) && $0.number <= target ?? .max }.map {
            MigrationStep(migration: $0, direction: .up, script: $0.up)
        }
    }

    /// The steps back until `target` is the last one applied; 0 undoes all.
    func stepsDown(to target: Int) throws(PostgresError) -> [MigrationStep] {
        try refuseMismatches()
        let applied = Set(applied.map(\.number))
        var steps: [MigrationStep] = []
        for migration in migrations.reversed() where migration.number > target && applied.contains(migration.number) {
            guard let down = migration.down else {
                throw PostgresError(
                    code: .migrationMismatch, message: "migration \(migration.label) cannot be undone: it has no statements for that")
            }
            steps.append(MigrationStep(migration: migration, direction: .down, script: down))
        }
        return steps
    }

    private func refuseMismatches() throws(PostgresError) {
        let numbers = migrations.map(\.number)
        guard Set(numbers).count == numbers.count, (numbers.first ?? 1) > 0 else {
            throw PostgresError(code: .migrationMismatch, message: "migrations must have different numbers from 1")
        }
        let faults = status.compactMap { status -> String? in
            switch status.state {
            case .applied, .pending: nil
            case .changed:
                "\(status.number) (\(status.name)) was changed after it had been applied: restore its statements and add a new migration instead"
            case .skipped:
                "\(status.number) (\(status.name)) is not applied although a later one is: give it a number after the last applied one"
            case .unknown:
                "\(status.number) (\(status.name)) is applied but unknown to this program: use the version that made it, or a newer one"
            }
        }
        guard faults.isEmpty else {
            throw PostgresError(
                code: .migrationMismatch, message: "the migrations do not fit the database: \(faults.joined(separator: "; "))")
        }
    }
}
