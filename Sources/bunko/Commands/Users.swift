import ArgumentParser
import Domain
import Foundation
import NIOHTTP1

struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "List, create, show, change and delete the users of this installation.",
        subcommands: [List.self, Create.self, Show.self, Update.self, Password.self, Reset.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all users, newest first.")

        @Flag(help: "Print the API's answers as JSON, one line a page.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await options.printList("/v1/users", of: UserAnswer.self, asJSON: json) { $0.line }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a user.",
            discussion: """
                Without --password-stdin the command prints a one-time link with which the user sets the first password.
                Example: bunko user create ada --email ada@example.com --admin
                """)

        @Argument(help: "The user name.")
        var username: String
        @Option(help: "The e-mail address.")
        var email: String
        @Option(help: "First name.")
        var firstName: String?
        @Option(help: "Last name.")
        var lastName: String?
        @Flag(help: "The user administers the installation.")
        var admin = false
        @Flag(help: "Vouch for the e-mail address.")
        var verified = false
        @Flag(help: "Read the password from standard input, one line.")
        var passwordStdin = false
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Body: Encodable {
            let username: String
            let email: String
            let password: String?
            let first_name: String?
            let last_name: String?
            let is_admin: Bool
            let is_verified: Bool
        }

        private struct Made: Decodable {
            struct Token: Decodable {
                let link: String
            }

            let id: String
            let username: String
            let set_password: Token?
            let verification: Token?
        }

        func run() async throws {
            let password = passwordStdin ? readLine() : nil
            guard !passwordStdin || password != nil else {
                throw Problem(.invalidRequest, code: "password_missing", "Standard input holds no password.", parameter: "--password-stdin")
            }
            let body = try JSONEncoder().encode(
                Body(
                    username: username, email: email, password: password, first_name: firstName, last_name: lastName, is_admin: admin,
                    is_verified: verified))
            let data = try await options.withServer { try await $0.raw(.POST, "/v1/users", body: (Array(body), "application/json")) }
            if json { return Output.answer(data) }
            let made = try JSONDecoder().decode(Made.self, from: data)
            Output.line("Created the user \"\(made.username)\" (\(made.id)).")
            if let link = made.set_password?.link { Output.line("Sets the password, once, within 24 hours: POST \(link)") }
            if let link = made.verification?.link { Output.line("Verifies the e-mail address, once, within 7 days: POST \(link)") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a user.")

        @Argument(help: "The user's name, e-mail address or id.")
        var user: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let path = APIClient.path("users", user)
            let data = try await options.withServer { try await $0.raw(.GET, path) }
            if json { Output.answer(data) } else { try Output.members(data) }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "update", abstract: "Change a user; what is left out stays as it is.",
            discussion: "Example: bunko user update ada --no-active")

        @Argument(help: "The user's name, e-mail address or id.")
        var user: String
        @Option(help: "Another user name.")
        var username: String?
        @Option(help: "Another e-mail address, which is not verified then.")
        var email: String?
        @Option(help: "First name; empty removes it.")
        var firstName: String?
        @Option(help: "Last name; empty removes it.")
        var lastName: String?
        @Flag(inversion: .prefixedNo, help: "Whether the user may log in and use keys.")
        var active: Bool?
        @Flag(inversion: .prefixedNo, help: "Whether the user administers the installation.")
        var admin: Bool?
        @Flag(inversion: .prefixedNo, help: "Whether the e-mail address counts as verified.")
        var verified: Bool?
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Body: Encodable {
            let username: String?
            let email: String?
            let first_name: String?
            let last_name: String?
            let is_active: Bool?
            let is_admin: Bool?
            let is_verified: Bool?
        }

        func run() async throws {
            let path = APIClient.path("users", user)
            let body = try JSONEncoder().encode(
                Body(
                    username: username, email: email, first_name: firstName, last_name: lastName, is_active: active, is_admin: admin,
                    is_verified: verified))
            let data = try await options.withServer { try await $0.raw(.PATCH, path, body: (Array(body), "application/json")) }
            if json { return Output.answer(data) }
            Output.line(try JSONDecoder().decode(UserAnswer.self, from: data).line)
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a user's password, which ends their sessions.",
            discussion: """
                API keys stay valid unless --revoke-keys ends them; the answer tells how many are left.
                Example: bunko user password ada --revoke-keys < password.txt
                """)

        @Argument(help: "The user's name, e-mail address or id. The password is read from standard input, one line.")
        var user: String
        @Flag(help: "Revoke all API keys of the user, too.")
        var revokeKeys = false
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Body: Encodable {
            let password: String
            let revoke_keys: Bool
        }

        private struct Answer: Decodable {
            let keys_revoked: Int
            let keys_valid: Int
        }

        func run() async throws {
            guard let password = readLine() else {
                throw Problem(
                    .invalidRequest, code: "password_missing", "Standard input holds no password.", remedy: "Write it there, one line.")
            }
            let path = APIClient.path("users", user) + "/password"
            let body = try JSONEncoder().encode(Body(password: password, revoke_keys: revokeKeys))
            let data = try await options.withServer { try await $0.raw(.POST, path, body: (Array(body), "application/json")) }
            if json { return Output.answer(data) }
            let answer = try JSONDecoder().decode(Answer.self, from: data)
            Output.line("Set the password of \"\(user)\"; all their sessions are ended.")
            if answer.keys_revoked > 0 { Output.line("API keys revoked: \(answer.keys_revoked)") }
            Output.line(
                "API keys still valid: \(answer.keys_valid)" + (answer.keys_valid > 0 ? " (--revoke-keys ends them)" : ""))
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a one-time link with which a user sets a new password.")

        @Argument(help: "The user's name, e-mail address or id.")
        var user: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Token: Decodable {
            let link: String
        }

        func run() async throws {
            let path = APIClient.path("users", user) + "/reset"
            let data = try await options.withServer { try await $0.raw(.POST, path) }
            if json { return Output.answer(data) }
            Output.line("Sets the password, once, within 24 hours: POST \(try JSONDecoder().decode(Token.self, from: data).link)")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a user with everything of theirs, and say what went.")

        @Argument(help: "The user's name, e-mail address or id.")
        var user: String
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Receipt: Decodable {
            let id: String
            let rows: [String: Int]
        }

        func run() async throws {
            let path = APIClient.path("users", user)
            let data = try await options.withServer { try await $0.raw(.DELETE, path) }
            if json { return Output.answer(data) }
            let receipt = try JSONDecoder().decode(Receipt.self, from: data)
            Output.line("Deleted the user \"\(user)\" (\(receipt.id)) with everything of theirs:")
            for (table, count) in receipt.rows.sorted(by: { $0.key < $1.key }) where count > 0 { Output.line("  \(table)  \(count)") }
        }
    }
}

extension UserAnswer {
    fileprivate var line: String {
        let marks = [is_admin ? "administrator" : nil, is_active ? nil : "deactivated", is_verified ? nil : "not verified"]
            .compactMap(\.self)
        return "\(id)  \(username)  \(email)" + (marks.isEmpty ? "" : "  [\(marks.joined(separator: ", "))]")
    }
}
