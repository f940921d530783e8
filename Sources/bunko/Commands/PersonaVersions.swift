import ArgumentParser
import Domain
import Foundation

extension Personas {
    /// The template behind a persona's slug, id or name.
    fileprivate static func template(_ persona: String, _ client: APIClient) async throws -> TemplateAnswer {
        try await client.get(APIClient.path("templates", try await find(persona, client)))
    }

    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the versions of a persona's prompt, the newest first.")

        @Argument(help: "Its slug or id, or the name of one of yours.")
        var persona: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let (data, published) = try await options.withServer { client in
                let template = try await Personas.template(persona, client)
                return (try await client.raw(.GET, template.versions), template.published_version)
            }
            if json { return Output.answer(data) }
            for version in try JSONDecoder().decode(VersionsAnswer.self, from: data).data {
                let state = version.is_draft ? "draft" : version.version == published ? "in use" : ""
                let opening = (version.system_prompt ?? "").prefix(60).split(whereSeparator: \.isNewline).first ?? ""
                Output.line(
                    "\(String(version.version).padding(toLength: 5, withPad: " ", startingAt: 0)) "
                        + "\(state.padding(toLength: 7, withPad: " ", startingAt: 0)) \(opening)")
            }
        }
    }

    struct Draft: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a draft of a persona's prompt, which changes nothing until it is published.",
            discussion: "Example: bunko persona draft customer-service --prompt prompt.txt")

        @Argument(help: "Its slug or id, or the name of one of yours.")
        var persona: String
        @Option(help: ArgumentHelp("A text file with the prompt.", valueName: "file"))
        var prompt: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            guard let text = FileManager.default.contents(atPath: prompt).flatMap({ String(data: $0, encoding: .utf8) }) else {
                throw Problem(
                    .invalidRequest, code: "file_unreadable", "\(prompt) cannot be read as text in UTF-8.", remedy: "Check the path.",
                    parameter: "--prompt")
            }
            let data = try await options.withServer { client in
                try await client.raw(.POST, try await Personas.template(persona, client).versions, json: ["system_prompt": text])
            }
            if json { return Output.answer(data) }
            let made = try JSONDecoder().decode(VersionAnswer.self, from: data)
            Output.line("Draft \(made.version) of \"\(persona)\"; `bunko persona publish \(persona) \(made.version)` puts it to use.")
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a version of a persona's prompt to use: a draft, or an older one to go back to.")

        @Argument(help: "Its slug or id, or the name of one of yours.")
        var persona: String
        @Argument(help: "The version's number.")
        var version: Int32
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let data = try await options.withServer { client in
                try await client.raw(.POST, "\(try await Personas.template(persona, client).versions)/\(version)/publish")
            }
            if json { return Output.answer(data) }
            let published = try JSONDecoder().decode(TemplateAnswer.self, from: data)
            Output.line("\"\(published.name)\" uses version \(published.published_version).")
        }
    }
}

private struct TemplateAnswer: Decodable, Sendable {
    let id: String
    let name: String
    let published_version: Int

    /// The path of its versions.
    var versions: String { "/v1/templates/\(id)/versions" }
}

private struct VersionAnswer: Decodable, Sendable {
    let version: Int
    let system_prompt: String?
    let is_draft: Bool
}

private struct VersionsAnswer: Decodable, Sendable {
    let data: [VersionAnswer]
}
