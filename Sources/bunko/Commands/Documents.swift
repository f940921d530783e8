import ArgumentParser
import Domain
import Foundation

/// What every `apply` takes.
struct DocumentOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "A YAML file of one or several documents; may be given several times.")
    var file: [String]
    @Flag(help: "Only show what would change.")
    var dryRun = false
    @Flag(help: "Print {\"dry_run\",\"documents\":[{\"kind\",\"name\",\"change\",\"lines\",\"reason\"}]}.")
    var json = false

    /// Every document with the file it stands in.
    func read() throws -> [(file: String, document: JSONValue)] {
        try file.flatMap { file in
            guard let data = FileManager.default.contents(atPath: file) else {
                throw Problem(
                    .invalidRequest, code: "file_unreadable", "\(file) cannot be read.", remedy: "Check the path.", parameter: "-f")
            }
            return try YAMLText.documents(String(decoding: data, as: UTF8.self), file: file).map { (file, $0) }
        }
    }
}

/// What `apply` and `export` share between personas and assistants.
enum DocumentCommands {
    /// Applies the documents of some files: shows what changes, then creates and changes.
    static func apply(_ kind: DocumentKind, _ document: DocumentOptions, _ options: GlobalOptions) async throws {
        let documents = try document.read().map { try kind.check($0.document, $0.file) }
        let run = ApplyRun(document, count: documents.count)
        try await run.reported {
            try await options.withServer { client in
                let catalogue = kind.hasSkills ? try await AssistantCatalogue(client) : nil
                let stored = try await kind.stored(client, catalogue)
                // All of them are looked through before the first one is carried out.
                var changes: [DocumentChange] = []
                for document in documents { changes.append(try await change(document, kind, stored, catalogue, client)) }
                for change in changes {
                    guard change.id == nil || !change.members.isEmpty else {
                        run.pass(kind.name, change.title)
                        continue
                    }
                    try await run.carryOut(kind.name, change.title, change.id == nil ? .created : .changed, change.lines) {
                        try await carryOut(change, kind, catalogue, client)
                    }
                }
            }
        }
    }

    /// What a document changes. What will be changed is read by itself, for its entity tag.
    private static func change(
        _ document: [String: JSONValue], _ kind: DocumentKind, _ stored: [String: StoredDocument], _ catalogue: AssistantCatalogue?,
        _ client: APIClient
    ) async throws -> DocumentChange {
        let listed = stored[DocumentKind.identity(of: document)]
        if case .string(let slug)? = document["slug"], listed == nil {
            throw Problem.notFound(kind.name, slug, remedy: "A slug tells a built-in one; leave it out to make one of your own.")
        }
        let resolved = try kind.resolved(document, catalogue)
        let change = DocumentChange(resolved, kind: kind, stored: listed)
        guard let listed, !change.members.isEmpty else { return change }
        return DocumentChange(resolved, kind: kind, stored: try await kind.read(listed, client, catalogue))
    }

    private struct Made: Decodable {
        let id: String
    }

    private static func carryOut(
        _ change: DocumentChange, _ kind: DocumentKind, _ catalogue: AssistantCatalogue?, _ client: APIClient
    ) async throws {
        var members = change.members
        members["skills"] = nil
        for (member, components) in catalogue?.components ?? [:] {
            guard let reference = members.removeValue(forKey: member) else { continue }
            members["\(member)_id"] = reference == .null ? .null : .string(try components.id(of: reference, of: change.title))
        }
        var id = change.id ?? ""
        if change.id == nil {
            id = try JSONDecoder().decode(Made.self, from: try await client.raw(.POST, "/v1/\(kind.collection)", json: members)).id
        } else {
            // Where skills alone change, this holds the version against them.
            _ = try await client.raw(.PATCH, APIClient.path(kind.collection, id), json: members, ifMatch: change.version)
        }
        let (set, removed) = try change.skills
        for link in set {
            _ = try await client.raw(.PUT, path(id, link.skill, catalogue), json: link.body)
        }
        for link in removed { _ = try await client.raw(.DELETE, path(id, link.skill, catalogue)) }
    }

    private static func path(_ assistant: String, _ skill: String, _ catalogue: AssistantCatalogue?) -> String {
        APIClient.path("assistants", assistant) + "/skills/\(catalogue?.skills.id(of: skill) ?? skill)"
    }

    /// Prints the stored entities as documents: all of the caller's, or those named, where a slug names a built-in one.
    static func export(_ kind: DocumentKind, names: [String], _ options: GlobalOptions) async throws {
        let stored = try await options.withServer { client in
            try await kind.stored(client, kind.hasSkills ? try await AssistantCatalogue(client) : nil)
        }
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

extension [String: JSONValue] {
    /// The name a document is known by.
    var title: String {
        if case .string(let text)? = self["name"] { text } else { "" }
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

        @OptionGroup var document: DocumentOptions
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.apply(.persona, document, options) }
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

        @OptionGroup var document: DocumentOptions
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.apply(.assistant, document, options) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print your assistants as YAML.")

        @Argument(help: "Names; all of yours when left out.")
        var names: [String] = []
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await DocumentCommands.export(.assistant, names: names, options) }
    }
}
