import ArgumentParser
import Domain
import Foundation
import Logging
import Postgres
import Storage

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move the database's schema up or down, or tell where it stands.",
        discussion: "The server migrates up by itself when it starts. Stop it before you migrate down.",
        subcommands: [Up.self, Down.self, Status.self])

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Apply what is missing.")

        @Option(help: "Stop behind this migration.")
        var to: Int?
        @Flag(help: "Tell what would be done and do nothing.")
        var dryRun = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let target = to
            let isDry = dryRun
            let steps = try await MigrationCommands.withEngine(options) { engine in
                isDry ? try await engine.planUp(to: target) : try await engine.up(to: target)
            }
            MigrationCommands.tell(steps, done: dryRun ? "would apply" : "applied", nothing: "Nothing to apply.")
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take migrations back, and with them their tables and rows.", discussion: "`--to 0` takes everything back.")

        @Option(help: "Keep migrations up to this number.")
        var to: Int
        @Flag(help: "Tell what would be done and do nothing.")
        var dryRun = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let target = to
            let isDry = dryRun
            let steps = try await MigrationCommands.withEngine(options) { engine in
                isDry ? try await engine.planDown(to: target) : try await engine.down(to: target)
            }
            MigrationCommands.tell(steps, done: dryRun ? "would take back" : "took back", nothing: "Nothing to take back.")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell which migrations are applied.")

        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Row: Encodable, Sendable {
            let number: Int
            let name: String
            let state: String
        }

        func run() async throws {
            let rows = try await MigrationCommands.withEngine(options) { engine in
                try await engine.status().map { Row(number: $0.number, name: $0.name, state: "\($0.state)") }
            }
            if json { return try Output.json(rows) }
            for row in rows {
                Output.line(
                    "\(String(row.number).padding(toLength: 4, withPad: " ", startingAt: 0)) \(row.name.padding(toLength: 24, withPad: " ", startingAt: 0)) \(row.state)"
                )
            }
        }
    }
}

/// What the migration commands share.
enum MigrationCommands {
    /// The engine on the product's own migrations, as the schema's owner.
    static func engine(_ logins: DatabaseLogins, _ logger: Logger) -> MigrationEngine {
        MigrationEngine(configuration: logins.owner, table: "schema_migrations", migrations: Migration.all, logger: logger)
    }

    static func withEngine<R: Sendable>(_ options: GlobalOptions, _ body: (MigrationEngine) async throws -> R) async throws -> R {
        let (settings, logger) = try await options.commandSettings()
        return try await DatabaseHost.with(settings, logger: logger) { try await body(engine($0.logins, logger)) }
    }

    static func tell(_ steps: [MigrationStep], done: String, nothing: String) {
        if steps.isEmpty { Output.line(nothing) }
        for step in steps { Output.line("\(done) \(step.migration.number) (\(step.migration.name))") }
    }
}
