import ArgumentParser
import Domain
import Foundation

struct Assistants: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assistant", abstract: "List, create, show, delete, apply and export assistants.",
        subcommands: [List.self, Create.self, Show.self, Delete.self, Apply.self, Export.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List your assistants.")

        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let data = try await options.withServer { try await $0.raw(.GET, "/v1/assistants", query: ["limit": "1000"]) }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            for assistant in try JSONDecoder().decode(PageAnswer<AssistantAnswer>.self, from: data).data {
                Output.line("\(assistant.id)  \(assistant.name)")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create an assistant.")

        @Argument(help: "Its name, unique among yours.")
        var name: String
        @Option(help: "Slug of a built-in persona (see `bunko persona list`).")
        var persona: String?
        @Option(help: "What it is for.")
        var description: String?
        @Option(help: "Text that is appended to the persona's system prompt.")
        var systemPrompt: String?
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Body: Encodable {
            let name: String
            let persona: String?
            let description: String?
            let custom_system_prompt: String?
        }

        func run() async throws {
            let body = try JSONEncoder().encode(
                Body(name: name, persona: persona, description: description, custom_system_prompt: systemPrompt))
            let data = try await options.withServer {
                try await $0.raw(.POST, "/v1/assistants", body: (Array(body), "application/json"))
            }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            let made = try JSONDecoder().decode(AssistantAnswer.self, from: data)
            Output.line("Created the assistant \"\(made.name)\" (\(made.id)).")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an assistant as JSON.")

        @Argument(help: "Its name or id.")
        var assistant: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("assistants", assistant)
            Output.line(String(decoding: try await options.withServer { try await $0.raw(.GET, path) }, as: UTF8.self))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete an assistant with its files and knowledge.")

        @Argument(help: "Its name or id.")
        var assistant: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("assistants", assistant)
            let _: DeletionAnswer = try await options.withServer { try await $0.delete(path) }
            Output.line("Deleted the assistant \"\(assistant)\" with its files and knowledge.")
        }
    }
}

struct Personas: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "persona", abstract: "List, show, apply and export personas, and publish their versions.",
        subcommands: [List.self, Show.self, Apply.self, Export.self, Versions.self, Draft.self, Publish.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the personas an assistant can have.")

        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let data = try await options.withServer { try await $0.raw(.GET, "/v1/personas") }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            for persona in try JSONDecoder().decode(PageAnswer<PersonaAnswer>.self, from: data).data {
                Output.line(
                    "\((persona.slug ?? persona.id).padding(toLength: 22, withPad: " ", startingAt: 0)) \(persona.description ?? persona.name)"
                )
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a persona's system prompt.")

        @Argument(help: "Its slug or id.")
        var persona: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let page: PageAnswer<PersonaAnswer> = try await options.withServer { try await $0.get("/v1/personas") }
            guard let found = page.data.first(where: { $0.slug == persona || $0.id == persona }) else {
                throw Problem.notFound("persona", persona, remedy: "`bunko persona list` shows them.")
            }
            Output.line(found.system_prompt)
        }
    }
}

struct SettingsCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "List, show and change the installation's settings.",
        subcommands: [List.self, Show.self, Update.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every setting with its value.")

        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let data = try await options.withServer { try await $0.raw(.GET, "/v1/settings") }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            for setting in try JSONDecoder().decode(PageAnswer<SettingAnswer>.self, from: data).data {
                Output.line("\(setting.id.padding(toLength: 22, withPad: " ", startingAt: 0)) \(setting.value.text)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one setting's value.")

        @Argument(help: "Its key.")
        var key: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("settings", key)
            let setting: SettingAnswer = try await options.withServer { try await $0.get(path) }
            Output.line(setting.value.text)
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a setting; the running server obeys it at once.",
            discussion: "Example: bunko settings update max_file_size 52428800")

        @Argument(help: "Its key.")
        var key: String
        @Argument(help: "Its value as JSON; plain text is taken as a string.")
        var value: String
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let parsed = (try? JSONDecoder().decode(JSONValue.self, from: Data(value.utf8))) ?? .string(value)
            let path = APIClient.path("settings", key)
            let setting: SettingAnswer = try await options.withServer { try await $0.put(path, ["value": parsed]) }
            Output.line("\(setting.id) is \(setting.value.text)")
        }
    }
}

struct SettingAnswer: Decodable, Sendable {
    let id: String
    let value: JSONValue
}

extension JSONValue {
    fileprivate var text: String {
        if case .string(let text) = self { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }
}
