import ArgumentParser
import Foundation
import Logging

/// The command line of the service.
struct Bunko: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bunko",
        abstract: "Knowledge for AI assistants: from documents to a finished context.",
        discussion: """
            Start a server:       bunko serve
            Import a folder:      bunko import ./docs --assistant handbook
            Ask:                  bunko context "How many days of leave do I have?" --assistant handbook
            Make a key for HTTP:  bunko key create

            With no DATABASE_URL, Bunko runs a private PostgreSQL under its data folder. Commands use the server that runs on \
            the same data folder; when none does, they start the service for their own duration.

            Exit codes: 0 done, 1 some items failed (the report names them), 2 usage or configuration, 3 environment \
            (database, disk), 4 internal.
            """,
        version: "0.1.0",
        subcommands: [
            Serve.self, Import.self, Search.self, Context.self, Assistants.self, Personas.self, Keys.self, Users.self,
            SettingsCommands.self, Migrate.self, Doctor.self,
            Backup.self, Restore.self, Verify.self, Reembed.self, Eval.self, Archive.self, Partitions.self, DatabaseCommands.self,
            Dataset.self,
            Bench.self,
            ReadDocument.self,
        ])
}

/// Flags every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data folder. Environment: BUNKO_DATA.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("A PostgreSQL to use instead of a private one. Environment: DATABASE_URL.", valueName: "url"))
    var databaseURL: String?

    @Option(help: ArgumentHelp("A YAML file with settings; flags and environment come before it.", valueName: "file"))
    var config: String?

    @Flag(name: .shortAndLong, help: "Log in detail.")
    var verbose = false
}

extension GlobalOptions {
    /// The settings of a command that is no server: its log shows warnings alone, unless it is asked for more.
    func commandSettings() async throws -> (Settings, Logger) {
        let settings = try await Settings(self)
        Logging.start(level: verbose ? .debug : .error)
        return (settings, Logger(label: "bunko"))
    }

    /// Runs the body against the server on the data folder, or one of its own.
    func withServer<R: Sendable>(_ body: @escaping @Sendable (APIClient) async throws -> R) async throws -> R {
        let (settings, logger) = try await commandSettings()
        return try await ServerAccess(settings: settings, logger: logger).use(body)
    }

    /// Prints every page of a list: a line for each element, or the API's answers.
    func printList<Element: Decodable & Sendable>(
        _ path: String, of type: Element.Type, asJSON: Bool, _ line: @escaping @Sendable (Element) -> String
    ) async throws {
        try await withServer { client in
            try await client.eachPage(path, of: type) { data, page in
                if asJSON { return Output.answer(data) }
                for element in page { Output.line(line(element)) }
            }
        }
    }
}

/// Where logs go.
enum Logging {
    /// Called once a process, by the command that runs.
    static func start(level: Logger.Level) {
        LoggingSystem.bootstrap { label in
            var handler = JSONLogHandler(label: label)
            handler.logLevel = level
            return handler
        }
    }
}
