import ArgumentParser
import Domain
import Foundation

/// The installation's settings. Which there are is fixed, so none is created or deleted.
struct SettingsCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "List, show, change, apply and export the installation's settings.",
        subcommands: [List.self, Show.self, Update.self, Apply.self, Export.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every setting with its value.")

        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let data = try await options.withServer { try await $0.raw(.GET, "/v1/settings") }
            if json { return Output.answer(data) }
            for setting in try JSONDecoder().decode(PageAnswer<SettingAnswer>.self, from: data).data {
                Output.line("\(setting.id.padding(toLength: 22, withPad: " ", startingAt: 0)) \(setting.value.text)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one setting's value.")

        @Argument(help: "Its key.")
        var key: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("settings", key)
            let data = try await options.withServer { try await $0.raw(.GET, path) }
            if json { return Output.answer(data) }
            Output.line(try JSONDecoder().decode(SettingAnswer.self, from: data).value.text)
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
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let parsed = (try? JSONDecoder().decode(JSONValue.self, from: Data(value.utf8))) ?? .string(value)
            let path = APIClient.path("settings", key)
            let data = try await options.withServer { try await $0.raw(.PUT, path, json: ["value": parsed]) }
            if json { return Output.answer(data) }
            let setting = try JSONDecoder().decode(SettingAnswer.self, from: data)
            Output.line("\(setting.id) is \(setting.value.text)")
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change settings from YAML files, showing what changes.",
            discussion: "Example: bunko settings apply -f settings.yaml --dry-run")

        @OptionGroup var document: DocumentOptions
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await SettingsDocument.apply(document, options) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the settings that can be changed as YAML.")

        @Argument(help: "Keys; all when left out.")
        var keys: [String] = []
        @OptionGroup var options: GlobalOptions

        func run() async throws { try await SettingsDocument.export(keys, options) }
    }
}

struct SettingAnswer: Decodable, Sendable {
    let id: String
    let value: JSONValue
    let is_fixed: Bool
}
