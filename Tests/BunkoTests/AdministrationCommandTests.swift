import Foundation
import Testing

extension BinaryTests {
    /// `bunko assistant|persona|user|key|settings` and their verbs.
    @Suite("Administration", .serialized)
    struct AdministrationCommandTests {
        /// What each noun can do. Users and keys have secrets that belong in no file; settings are neither made nor deleted.
        private static let verbs: [String: [String]] = [
            "assistant": ["list", "create", "show", "update", "delete", "apply", "export"],
            "persona": ["list", "create", "show", "update", "delete", "apply", "export", "versions", "draft", "publish"],
            "user": ["list", "create", "show", "update", "password", "reset", "delete"],
            "key": ["list", "create", "show", "update", "revoke", "delete"],
            "settings": ["list", "show", "update", "apply", "export"],
        ]

        @Test("Every verb of every noun has help, prints facts as JSON, and refuses what it does not know")
        func help() async throws {
            for (noun, verbs) in Self.verbs {
                for verb in verbs {
                    let help = try await BunkoProcess.run([noun, verb, "--help"])
                    #expect(help.code == 0 && help.output.contains("USAGE: bunko \(noun) \(verb)"), "\(noun) \(verb): \(help.output)")
                    #expect(help.output.contains("--json") == (verb != "export"), "\(noun) \(verb)")
                    #expect(help.output.contains("-f, --file") == (verb == "apply"), "\(noun) \(verb)")
                    let wrong = try await BunkoProcess.run([noun, verb, "--nonsense"])
                    #expect(wrong.code == 2 && wrong.output.isEmpty, "\(noun) \(verb): \(wrong.errors)")
                    #expect(wrong.errors.contains("bunko \(noun) \(verb) --help"), "\(noun) \(verb): \(wrong.errors)")
                }
                let unknown = try await BunkoProcess.run([noun, "frobnicate"])
                #expect(unknown.code == 2, "\(noun): \(unknown.errors)")
            }
        }

        @Test("Assistants, personas and keys are made, shown, changed and deleted from the command line")
        func lives() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try await checkPersonas(service, folder)
                try await checkAssistants(service)
                try await checkKeys(service)
                for command in [
                    ["assistant", "show", "x"], ["assistant", "update", "x", "--name", "y"], ["assistant", "delete", "x"],
                    ["assistant", "export", "x"], ["persona", "show", "x"], ["persona", "update", "x", "--name", "y"],
                    ["persona", "delete", "x"], ["persona", "delete", "business-assistant"], ["persona", "export", "x"],
                    ["persona", "versions", "x"], ["persona", "publish", "x", "1"], ["persona", "publish", "business-assistant", "99"],
                    ["persona", "draft", "business-assistant", "--prompt", folder.path("missing")],
                    ["key", "show", "x"], ["key", "update", "x", "--name", "y"], ["key", "revoke", UUID().uuidString],
                    ["key", "delete", UUID().uuidString], ["key", "create", "--assistant", "x"], ["key", "create", "--scope", "x"],
                    ["key", "create", "--expires", "soon"], ["key", "create", "--expires", "2001-01-01"], ["settings", "show", "x"],
                    ["settings", "update", "x", "1"], ["settings", "update", "app_version", "9"], ["settings", "export", "x"],
                    ["assistant", "update", "x"], ["persona", "update", "x"], ["assistant", "create", "y", "--settings", "[1]"],
                    ["persona", "create", "y", "--system-prompt-file", folder.path("missing")],
                ] {
                    let refused = try await BunkoProcess.run(command + ["--data", service.data])
                    #expect(refused.code == 2 && refused.output.isEmpty && !refused.errors.isEmpty, "\(command): \(refused.errors)")
                }
            }
        }

        private func checkPersonas(_ service: TestService, _ folder: TemporaryFolder) async throws {
            let data = service.data
            try folder.write("guide.txt", "You guide visitors.\nSay the tide first.")
            let file = folder.path("guide.txt")
            let made = try await run(["persona", "create", "Guide", "--system-prompt-file", file, "--description", "d", "--json"], data)
                .json()
            let id = try #require(made["id"] as? String)
            for reference in ["Guide", id] {
                #expect(try await run(["persona", "show", reference], data).output == "You guide visitors.\nSay the tide first.\n")
            }
            #expect(try await run(["persona", "show", "business-assistant"], data).output.contains("business"))
            let changed = try await run(["persona", "update", "Guide", "--system-prompt", "You guide.", "--description", ""], data).output
            #expect(changed == "Changed the persona \"Guide\"; its prompt is version 2.\n")
            let shown = try await run(["persona", "show", "Guide", "--json"], data).json()
            #expect(shown["published_version"] as? Int == 2 && shown["description"] is NSNull)
            #expect(try await run(["persona", "list"], data).output.contains("Guide"))
            _ = try await run(["persona", "create", "Guide", "--system-prompt", "Another."], data)
            let ambiguous = try await BunkoProcess.run(["persona", "delete", "Guide", "--data", data])
            #expect(ambiguous.code == 2 && ambiguous.errors.contains(id), "\(ambiguous.errors)")
            #expect(try await run(["persona", "delete", id, "--json"], data).json()["deleted"] as? Bool == true)
            #expect(try await run(["persona", "show", "Guide"], data).output == "Another.\n")
        }

        private func checkAssistants(_ service: TestService) async throws {
            let data = service.data
            let told = try await run(["assistant", "create", "Pilot", "--persona", "Guide", "--settings", #"{"k":7}"#], data).output
            #expect(told.hasPrefix("Created the assistant \"Pilot\" ("))
            let twice = try await BunkoProcess.run(["assistant", "create", "Pilot", "--data", data])
            #expect(twice.code == 2, "\(twice.errors)")
            let shown = try await run(["assistant", "show", "Pilot", "--json"], data).json()
            let id = try #require(shown["id"] as? String)
            #expect((shown["settings"] as? [String: Int]) == ["k": 7])
            let plain = try await run(["assistant", "show", id], data).output
            #expect(plain.contains(" Pilot\n") && plain.contains(#"{"k":7}"#), "\(plain)")
            let changed = try await run(
                ["assistant", "update", "Pilot", "--name", "Skipper", "--persona", "customer-service", "--no-active", "--json"], data
            ).json()
            #expect(changed["name"] as? String == "Skipper" && changed["is_active"] as? Bool == false)
            #expect((changed["template"] as? [String: Any])?["slug"] as? String == "customer-service")
            #expect(try await run(["assistant", "list"], data).output.contains("\(id)  Skipper\n"))
            let page = try await run(["assistant", "list", "--json"], data).json()
            #expect((page["data"] as? [Any])?.count == 1)
            #expect(try await service.post("/v1/conversations", #"{"assistant_id":"\#(id)"}"#).status == 201)
            let held = try await BunkoProcess.run(["assistant", "delete", "Skipper", "--data", data])
            #expect(held.code == 2 && held.errors.contains("conversations"), "\(held.errors)")
            let gone = try await run(["assistant", "delete", "Skipper", "--conversations", "archive", "--json"], data).json()
            #expect(gone["deleted"] as? Bool == true)
            #expect(try await service.sql("SELECT count(*) FROM conversations_archive") == ["1"])
        }

        private func checkKeys(_ service: TestService) async throws {
            let data = service.data
            _ = try await service.makeAssistant("bound")
            let made = try await run(
                ["key", "create", "--name", "backend", "--scope", "read", "--assistant", "bound", "--expires", "2030-01-01", "--json"], data
            ).json()
            let (id, key) = (try #require(made["id"] as? String), try #require(made["key"] as? String))
            #expect(made["scopes"] as? [String] == ["read"] && made["expires_at"] as? Int == 1_893_456_000)
            let plain = try await run(["key", "create"], data)
            #expect(plain.output.hasPrefix("bk_") && plain.output.split(separator: "\n").count == 1, "the key alone, for key=$(…)")
            #expect(try await service.get("/v1/assistants/bound", key: key).status == 200)
            #expect(try await run(["key", "update", id, "--name", "renamed", "--json"], data).json()["name"] as? String == "renamed")
            for command in [["key", "list"], ["key", "list", "--json"], ["key", "show", id], ["key", "show", id, "--json"]] {
                let shown = try await run(command, data).output
                #expect(shown.contains("renamed") && !shown.contains(key.suffix(43)), "\(command): \(shown)")
            }
            #expect(try await run(["key", "show", id, "--json"], data).json()["last_used_at"] is Int)
            #expect(try await run(["key", "revoke", id, "--json"], data).json()["revoked_at"] is Int)
            #expect(try await service.get("/v1/assistants/bound", key: key).status == 401)
            #expect(try await run(["key", "list"], data).output.contains("(revoked)"))
            #expect(try await run(["key", "delete", id], data).output == "Deleted the key \(id).\n")
            let again = try await BunkoProcess.run(["key", "show", id, "--data", data])
            #expect(again.code == 2)
        }

        private func run(_ arguments: [String], _ data: String) async throws -> BunkoProcess.Outcome {
            let outcome = try await BunkoProcess.run(arguments + ["--data", data])
            try #require(outcome.code == 0, "\(arguments): \(outcome.errors)")
            return outcome
        }
    }
}
