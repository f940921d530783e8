import ArgumentParser
import Domain
import Foundation

struct Personas: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "persona", abstract: "List, create, show, change, delete, apply and export personas, and publish their versions.",
        subcommands: [
            List.self, Create.self, Show.self, Update.self, Delete.self, Apply.self, Export.self, Versions.self, Draft.self, Publish.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the personas an assistant can have.")

        @Flag(help: "Print the API's answers as JSON, one line a page.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await options.printList("/v1/personas", of: PersonaAnswer.self, asJSON: json) { persona in
                "\((persona.slug ?? persona.name).padding(toLength: 22, withPad: " ", startingAt: 0)) "
                    + "\(persona.description ?? persona.name)"
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a persona.", discussion: "Example: bunko persona create \"Harbour guide\" --system-prompt-file guide.txt")

        @Argument(help: "Its name.")
        var name: String
        @OptionGroup var members: PersonaMembers
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            var body = try members.members
            body["name"] = .string(name)
            let given = body
            let data = try await options.withServer { try await $0.raw(.POST, "/v1/templates", json: given) }
            if json { return Output.answer(data) }
            Output.line("Created the persona \"\(name)\" (\(try JSONDecoder().decode(Named.self, from: data).id)).")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a persona's system prompt.")

        @Argument(help: "Its slug, name or id.")
        var persona: String
        @Flag(help: "Print the API's answer, with everything else of it, as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Prompt: Decodable {
            let system_prompt: String?
        }

        func run() async throws {
            let name = persona
            let data = try await options.withServer { client in
                let id = try await Personas.find(name, client)
                return try await client.raw(.GET, APIClient.path("templates", id))
            }
            if json { return Output.answer(data) }
            Output.line(try JSONDecoder().decode(Prompt.self, from: data).system_prompt ?? "")
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a persona; another prompt becomes its next version. Administrators change built-in ones, too.",
            discussion: "Example: bunko persona update \"Harbour guide\" --system-prompt-file guide.txt")

        @Argument(help: "Its name or id, or the slug of a built-in one.")
        var persona: String
        @Option(help: "Another name.")
        var name: String?
        @OptionGroup var members: PersonaMembers
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Changed: Decodable {
            let name: String
            let published_version: Int
        }

        func run() async throws {
            var body = try members.members
            if let name { body["name"] = .string(name) }
            guard !body.isEmpty else { throw Problem.nothingToChange }
            let (given, reference) = (body, persona)
            let data = try await options.withServer { client in
                let id = try await Personas.find(reference, client)
                return try await client.raw(.PATCH, APIClient.path("templates", id), json: given)
            }
            if json { return Output.answer(data) }
            let changed = try JSONDecoder().decode(Changed.self, from: data)
            Output.line("Changed the persona \"\(changed.name)\"; its prompt is version \(changed.published_version).")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a persona of yours with all its versions; assistants that have it go on without one.")

        @Argument(help: "Its name or id.")
        var persona: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let reference = persona
            let data = try await options.withServer { client in
                let id = try await Personas.findOwn(reference, client)
                return try await client.raw(.DELETE, APIClient.path("templates", id))
            }
            if json { return Output.answer(data) }
            Output.line("Deleted the persona \"\(persona)\".")
        }
    }

    private struct Named: Decodable, Sendable {
        let id: String
        let name: String
    }

    /// The id of a persona the caller may see.
    static func find(_ reference: String, _ client: APIClient) async throws -> String {
        var found: String?
        // The list of personas leaves out what is not in use.
        for (path, query) in [("/v1/personas", [:]), ("/v1/templates", ["visibility": "shared"])] {
            try await client.eachPage(path, of: PersonaAnswer.self, query: query) { _, page in
                found = found ?? page.first { $0.slug == reference || $0.id == reference }?.id
            }
        }
        if let found { return found }
        return try await findOwn(reference, client)
    }

    /// The id of a persona of the caller's own.
    private static func findOwn(_ reference: String, _ client: APIClient) async throws -> String {
        var found: [Named] = []
        try await client.eachPage("/v1/templates", of: Named.self) { _, page in
            found += page.filter { $0.name == reference || $0.id == reference }
        }
        if let exact = found.first(where: { $0.id == reference }) { return exact.id }
        guard found.count < 2 else {
            throw Problem(
                .conflict, code: "name_ambiguous", "There are \(found.count) personas named \"\(reference)\".",
                remedy: "Give the id: \(found.map(\.id).joined(separator: ", ")).")
        }
        guard let only = found.first else {
            throw Problem.notFound(
                "persona", reference, remedy: "`bunko persona list` shows them; those that are built in are not deleted.")
        }
        return only.id
    }
}

/// What a persona may be given; an empty text removes what is there.
struct PersonaMembers: ParsableArguments {
    @Option(help: "What it is for.")
    var description: String?
    @Option(help: "Its system prompt.")
    var systemPrompt: String?
    @Option(help: ArgumentHelp("A file that holds its system prompt.", valueName: "file"))
    var systemPromptFile: String?
    @Flag(inversion: .prefixedNo, help: "Whether assistants can have it.")
    var active: Bool?
    @Flag(inversion: .prefixedNo, help: "Whether everybody may use it.")
    var `public`: Bool?

    var members: [String: JSONValue] {
        get throws {
            var members: [String: JSONValue] = [:]
            members["description"] = description.map(JSONValue.textOrNull)
            members["system_prompt"] = systemPrompt.map(JSONValue.textOrNull)
            members["is_active"] = active.map(JSONValue.boolean)
            members["is_public"] = `public`.map(JSONValue.boolean)
            guard let file = systemPromptFile else { return members }
            guard systemPrompt == nil, let data = FileManager.default.contents(atPath: file) else {
                throw Problem(
                    .invalidRequest, code: "file_unreadable",
                    systemPrompt == nil ? "\(file) cannot be read." : "The system prompt is given twice.",
                    remedy: systemPrompt == nil ? "Check the path." : "Leave one of --system-prompt and --system-prompt-file out.",
                    parameter: "--system-prompt-file")
            }
            members["system_prompt"] = .string(String(decoding: data, as: UTF8.self))
            return members
        }
    }
}
