import ArgumentParser
import Domain
import Foundation
import NIOHTTP1

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make, list, show, rename, revoke and delete API keys.",
        subcommands: [Create.self, List.self, Show.self, Update.self, Revoke.self, Delete.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key; it is shown this once.",
            discussion: "Example: bunko key create --name backend --scope read --assistant handbook --expires 2027-12-31")

        @Option(help: "What the key is for.")
        var name = "key"
        @Option(name: .customLong("scope"), help: "read, ingest or admin; may be given several times (default: read and ingest).")
        var scopes: [String] = []
        @Option(name: .customLong("assistant"), help: "Name or id of an assistant it is bound to; may be given several times.")
        var assistants: [String] = []
        @Option(help: "When it expires, as 2027-12-31 or 2027-12-31T12:00:00Z (UTC); never when left out.")
        var expires: String?
        @Option(help: "Days until it expires.")
        var expiresInDays: Int?
        @Flag(help: "Print {\"id\",\"key\",\"user\",\"scopes\",\"assistant_ids\",\"expires_at\"}.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Body: Encodable {
            let name: String
            let scopes: [String]?
            let assistants: [String]?
            let expires_in_days: Int?
            let expires_at: Int?
        }

        func run() async throws {
            let body = Body(
                name: name, scopes: scopes.isEmpty ? nil : scopes, assistants: assistants.isEmpty ? nil : assistants,
                expires_in_days: expiresInDays, expires_at: try expires.map(Self.seconds))
            let made: NewKeyAnswer = try await options.withServer { try await $0.post("/v1/keys", body) }
            if json { return try Output.json(made) }
            Output.line(made.key)
            Output.note("This is the only time the key is shown. It may: \(made.scopes.joined(separator: ", ")).")
        }

        /// Seconds since 1970 of a day's beginning or of a time.
        private static func seconds(_ text: String) throws -> Int {
            let isDay = text.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil
            guard let date = try? Date(isDay ? "\(text)T00:00:00Z" : text, strategy: .iso8601) else {
                throw Problem(
                    .invalidRequest, code: "invalid_expires", "\"\(text)\" is no date.",
                    remedy: "Write it as 2027-12-31 or 2027-12-31T12:00:00Z.", parameter: "--expires")
            }
            return Int(date.timeIntervalSince1970)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List your keys.")

        @Flag(help: "Print the API's answers as JSON, one line a page.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await options.printList("/v1/keys", of: KeyAnswer.self, asJSON: json) { $0.line }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a key, without its secret, which nobody knows.")

        @Argument(help: "Its id (see `bunko key list`).")
        var id: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("keys", id)
            let data = try await options.withServer { try await $0.raw(.GET, path) }
            if json { Output.answer(data) } else { try Output.members(data) }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a key another name.")

        @Argument(help: "Its id (see `bunko key list`).")
        var id: String
        @Option(help: "The new name.")
        var name: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("keys", id)
            let body = ["name": name]
            let data = try await options.withServer { try await $0.raw(.PATCH, path, json: body) }
            if json { return Output.answer(data) }
            Output.line(try JSONDecoder().decode(KeyAnswer.self, from: data).line)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a key, effective at once; the list goes on showing it.")

        @Argument(help: "Its id (see `bunko key list`).")
        var id: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("keys", id) + "/revoke"
            let data = try await options.withServer { try await $0.raw(.POST, path) }
            if json { return Output.answer(data) }
            Output.line("Revoked the key \(id).")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a key, effective at once, with what is known of it.")

        @Argument(help: "Its id (see `bunko key list`).")
        var id: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("keys", id)
            let data = try await options.withServer { try await $0.raw(.DELETE, path) }
            if json { return Output.answer(data) }
            Output.line("Deleted the key \(id).")
        }
    }
}

extension KeyAnswer {
    fileprivate var line: String {
        let bound = assistant_ids.map { "  (\($0.count) assistants)" } ?? ""
        return "\(id)  bk_\(prefix)_…  \(name)  [\(scopes.joined(separator: ", "))]\(bound)\(revoked_at == nil ? "" : "  (revoked)")"
    }
}
