import ArgumentParser
import Domain
import Foundation

/// What `apply` and `export` share between personas and assistants.
enum DocumentCommands {
    /// Applies the documents of some files: shows what changes, then creates and changes.
    static func apply(_ kind: DocumentKind, files: [String], dryRun: Bool, _ options: GlobalOptions) async throws {
        var documents: [[String: JSONValue]] = []
        for file in files {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw Problem(
                    .invalidRequest, code: "file_unreadable", "\(file) cannot be read.", remedy: "Check the path.", parameter: "-f")
            }
            documents += try YAMLText.documents(String(decoding: data, as: UTF8.self), file: file).map { try kind.check($0, file) }
        }
        let planned = documents
        try await options.withServer { client in
            let stored = try await kind.stored(client)
            let changes = try planned.map { document -> DocumentChange in
                let standing = stored[DocumentKind.identity(of: document)]
                if case .string(let slug)? = document["slug"], standing == nil {
                    throw Problem.notFound(kind.name, slug, remedy: "A slug tells a built-in one; leave it out to make one of your own.")
                }
                return DocumentChange(document, kind: kind, stored: standing)
            }
            for change in changes { try await carryOut(change, kind, dryRun: dryRun, client) }
            let touched = changes.count { $0.id == nil || !$0.members.isEmpty }
            Output.line("\(touched) of \(changes.count) \(dryRun ? "would change" : "changed"), \(changes.count - touched) unchanged")
        }
    }

    private static func carryOut(_ change: DocumentChange, _ kind: DocumentKind, dryRun: Bool, _ client: APIClient) async throws {
        guard change.id == nil || !change.members.isEmpty else { return }
        Output.line("\(change.id == nil ? "+" : "~") \(kind.name) \"\(change.title)\"")
        for line in change.lines where change.id != nil { Output.line(line) }
        guard !dryRun else { return }
        let body = try JSONEncoder().encode(change.members)
        let path = change.id.map { APIClient.path(kind.collection, $0) } ?? "/v1/\(kind.collection)"
        _ = try await client.raw(change.id == nil ? .POST : .PATCH, path, body: (Array(body), "application/json"))
    }

    /// Prints the stored entities as documents: all of the caller's, or those named, where a slug names a built-in one.
    static func export(_ kind: DocumentKind, names: [String], _ options: GlobalOptions) async throws {
        let stored = try await options.withServer { try await kind.stored($0) }
        let own = stored.filter { !$0.value.isBuiltIn }
        let chosen =
            names.isEmpty
            ? own.sorted { $0.key < $1.key }.map(\.value)
            : try names.map { name in
                guard let found = own[name] ?? stored["\0\(name)"] else { throw Problem.notFound(kind.name, name) }
                return found
            }
        Output.write(try YAMLText.text(chosen.map { kind.ordered($0.members) }), to: STDOUT_FILENO)
    }
}

extension Personas {
    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create and change personas from YAML files, showing what changes.",
            discussion: """
                A document with a slug changes the built-in persona of that slug, which administrators may.

                Example: bunko persona apply -f personas.yaml --dry-run
                """)

        @Option(name: .shortAndLong, help: "A YAML file of one or several documents; may be given several times.")
        var file: [String]
        @Flag(help: "Only show what would change.")
        var dryRun = false
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.apply(.persona, files: file, dryRun: dryRun, options) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print personas as YAML.")

        @Argument(help: "Names of yours, or slugs of built-in ones; all of yours when left out.")
        var names: [String] = []
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.export(.persona, names: names, options) }
    }
}

extension Assistants {
    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create and change assistants from YAML files, showing what changes.",
            discussion: "Example: bunko assistant apply -f assistants.yaml --dry-run")

        @Option(name: .shortAndLong, help: "A YAML file of one or several documents; may be given several times.")
        var file: [String]
        @Flag(help: "Only show what would change.")
        var dryRun = false
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.apply(.assistant, files: file, dryRun: dryRun, options) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print your assistants as YAML.")

        @Argument(help: "Names; all of yours when left out.")
        var names: [String] = []
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.export(.assistant, names: names, options) }
    }
}
