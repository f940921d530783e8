import ArgumentParser
import Domain
import Foundation

struct Assistants: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assistant", abstract: "List, create, show, change, delete, apply and export assistants.",
        subcommands: [List.self, Create.self, Show.self, Update.self, Delete.self, Apply.self, Export.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List your assistants, newest first.")

        @Flag(help: "Print the API's answers as JSON, one line a page.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await options.printList("/v1/assistants", of: AssistantAnswer.self, asJSON: json) { "\($0.id)  \($0.name)" }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an assistant.", discussion: "Example: bunko assistant create handbook --persona customer-service")

        @Argument(help: "Its name, unique among yours.")
        var name: String
        @OptionGroup var members: AssistantMembers
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            var body = try members.members
            body["name"] = .string(name)
            let given = body
            let data = try await options.withServer { try await $0.raw(.POST, "/v1/assistants", json: given) }
            if json { return Output.answer(data) }
            let made = try JSONDecoder().decode(AssistantAnswer.self, from: data)
            Output.line("Created the assistant \"\(made.name)\" (\(made.id)).")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an assistant.")

        @Argument(help: "Its name or id.")
        var assistant: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("assistants", assistant)
            let data = try await options.withServer { try await $0.raw(.GET, path) }
            if json { Output.answer(data) } else { try Output.members(data) }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change an assistant; what is left out stays as it is.",
            discussion: "Example: bunko assistant update handbook --persona harbour-guide --no-active")

        @Argument(help: "Its name or id.")
        var assistant: String
        @Option(help: "Another name.")
        var name: String?
        @OptionGroup var members: AssistantMembers
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            var body = try members.members
            if let name { body["name"] = .string(name) }
            guard !body.isEmpty else { throw Problem.nothingToChange }
            let (given, path) = (body, APIClient.path("assistants", assistant))
            let data = try await options.withServer { try await $0.raw(.PATCH, path, json: given) }
            if json { return Output.answer(data) }
            let changed = try JSONDecoder().decode(AssistantAnswer.self, from: data)
            Output.line("Changed the assistant \"\(changed.name)\" (\(changed.id)).")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete an assistant with its files and knowledge.")

        enum Conversations: String, ExpressibleByArgument, CaseIterable {
            case archive
            case keep
        }

        @Argument(help: "Its name or id.")
        var assistant: String
        @Option(help: "What becomes of its conversations, if it has any: they are archived, or kept with its persona.")
        var conversations: Conversations?
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("assistants", assistant)
            let query = conversations.map { ["conversations": $0.rawValue] } ?? [:]
            let data = try await options.withServer { try await $0.raw(.DELETE, path, query: query) }
            if json { return Output.answer(data) }
            Output.line("Deleted the assistant \"\(assistant)\" with its files and knowledge.")
        }
    }
}

/// What an assistant may be given; an empty text removes what is there.
struct AssistantMembers: ParsableArguments {
    @Option(help: "Slug, name or id of its persona (see `bunko persona list`).")
    var persona: String?
    @Option(help: "What it is for.")
    var description: String?
    @Option(help: "Text that is appended to the persona's system prompt.")
    var systemPrompt: String?
    @Option(help: "The language model its contexts are for.")
    var model: String?
    @Option(help: "How it searches, as a JSON object, such as {\"k\":7}.")
    var settings: String?
    @Flag(inversion: .prefixedNo, help: "Whether it is in use.")
    var active: Bool?
    @Flag(inversion: .prefixedNo, help: "Whether everybody may read how it is made.")
    var `public`: Bool?

    var members: [String: JSONValue] {
        get throws {
            var members: [String: JSONValue] = [:]
            members["persona"] = persona.map(JSONValue.string)
            members["description"] = description.map(JSONValue.textOrNull)
            members["custom_system_prompt"] = systemPrompt.map(JSONValue.textOrNull)
            members["default_llm_model"] = model.map(JSONValue.textOrNull)
            members["is_active"] = active.map(JSONValue.boolean)
            members["is_public"] = `public`.map(JSONValue.boolean)
            guard let settings else { return members }
            guard let value = try? JSONDecoder().decode([String: JSONValue].self, from: Data(settings.utf8)) else {
                throw Problem(
                    .invalidRequest, code: "invalid_settings", "\"\(settings)\" is no JSON object.", remedy: "Write it as {\"k\":7}.",
                    parameter: "--settings")
            }
            members["settings"] = .object(value)
            return members
        }
    }
}

extension Problem {
    /// A change that names nothing.
    static let nothingToChange = Problem(
        .invalidRequest, code: "nothing_to_change", "The command names nothing to change.",
        remedy: "See its --help for what can be changed.")
}
