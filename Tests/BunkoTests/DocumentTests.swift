import Foundation
import Testing

extension BinaryTests {
    @Suite("Documents", .serialized)
    struct DocumentTests {
        private static let personas = """
            kind: persona
            name: Harbour guide
            description: "yes"
            parameters: {temperature: 0.2, stop: ["1"]}
            system_prompt: |
              You guide visitors through the harbour.
              Say the tide first.
            """
        private static let assistants = """
            name: Pilot
            persona: Harbour guide
            settings: {k: 7}
            ---
            name: Clerk
            persona: customer-service
            """

        @Test("Personas and assistants are applied from files, exported, and unchanged when applied again")
        func roundTrip() async throws {
            let folder = try TemporaryFolder()
            try folder.write("personas.yaml", Self.personas)
            try folder.write("assistants.yaml", Self.assistants)
            try await TestService.with(data: folder.path("data")) { service in
                let data = service.data
                let planned = try await run(["persona", "apply", "-f", folder.path("personas.yaml"), "--dry-run"], data)
                #expect(planned.contains("+ persona \"Harbour guide\"") && planned.contains("1 of 1 would change"))
                #expect(try await service.get("/v1/templates").list("data").isEmpty)
                #expect(try await run(["persona", "apply", "-f", folder.path("personas.yaml")], data).contains("1 of 1 changed"))
                #expect(try await run(["assistant", "apply", "-f", folder.path("assistants.yaml")], data).contains("2 of 2 changed"))
                let exported = try await run(["persona", "export"], data)
                #expect(exported.contains("  Say the tide first.") && exported.contains("description: \"yes\""), "\(exported)")
                try folder.write("exported.yaml", exported)
                try folder.write("exported-assistants.yaml", try await run(["assistant", "export", "Pilot", "Clerk"], data))
                #expect(try await run(["persona", "apply", "-f", folder.path("exported.yaml")], data).contains("0 of 1 changed"))
                let again = try await run(["assistant", "apply", "-f", folder.path("exported-assistants.yaml")], data)
                #expect(again.contains("0 of 2 changed"), "\(again)")
                try folder.write("exported.yaml", exported.replacing("Say the tide first.", with: "Say the wind first."))
                let changed = try await run(["persona", "apply", "-f", folder.path("exported.yaml")], data)
                #expect(changed.contains("- Say the tide first.") && changed.contains("+ Say the wind first."), "\(changed)")
                let template = try #require(try await service.get("/v1/templates").list("data").first)
                #expect(template["published_version"] as? Int == 2)
                for wrong in ["name: [", "- 1", "name: x\ncolour: red", "kind: assistant\nname: x", "description: x"] {
                    try folder.write("wrong.yaml", wrong)
                    let refused = try await BunkoProcess.run(
                        ["persona", "apply", "-f", folder.path("wrong.yaml"), "--data", data])
                    #expect(refused.code == 2 && refused.errors.contains("wrong.yaml"), "\(wrong): \(refused.errors)")
                }
            }
        }

        @Test("A built-in persona is exported by its slug, changed by applying it, drafted, published and taken back")
        func builtIn() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let data = service.data
                let exported = try await run(["persona", "export", "education-tutor"], data)
                #expect(exported.contains("slug: education-tutor"))
                try folder.write("tutor.yaml", exported.replacing("You are a patient tutor.", with: "You are a very patient tutor."))
                let changed = try await run(["persona", "apply", "-f", folder.path("tutor.yaml")], data)
                #expect(changed.contains("1 of 1 changed") && changed.contains("+ You are a very patient tutor."), "\(changed)")
                #expect(try await run(["persona", "apply", "-f", folder.path("tutor.yaml")], data).contains("0 of 1 changed"))
                #expect(try await run(["persona", "show", "education-tutor"], data).hasPrefix("You are a very patient tutor."))
                #expect(try await run(["persona", "export"], data).contains("tutor") == false, "it is none of the user's own")
                try folder.write("prompt.txt", "Teach by asking.")
                let draft = try await run(["persona", "draft", "education-tutor", "--prompt", folder.path("prompt.txt")], data)
                #expect(draft.hasPrefix("Draft 3 of"))
                let versions = try await run(["persona", "versions", "education-tutor"], data)
                #expect(versions.hasPrefix("3     draft   Teach by asking.\n2     in use "), "\(versions)")
                #expect(try await run(["persona", "publish", "education-tutor", "3"], data).contains("uses version 3"))
                #expect(try await run(["persona", "show", "education-tutor"], data) == "Teach by asking.\n")
                #expect(try await run(["persona", "publish", "education-tutor", "1"], data).contains("uses version 1"))
                #expect(try await run(["persona", "show", "education-tutor"], data).hasPrefix("You are a patient tutor."))
                try folder.write("unknown.yaml", "slug: no-such-persona\nname: x\nsystem_prompt: y\n")
                let unknown = try await BunkoProcess.run(["persona", "apply", "-f", folder.path("unknown.yaml"), "--data", data])
                #expect(unknown.code == 2 && unknown.errors.contains("no-such-persona"), "\(unknown.errors)")
            }
        }

        @Test("Settings are listed, shown and changed")
        func settings() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                #expect(try await run(["settings", "update", "max_file_size", "12"], service.data) == "max_file_size is 12\n")
                #expect(try await run(["settings", "show", "max_file_size"], service.data) == "12\n")
                #expect(try await run(["settings", "list"], service.data).contains("registration_open      false"))
                let refused = try await BunkoProcess.run(["settings", "update", "max_file_size", "many", "--data", service.data])
                #expect(refused.code == 2 && refused.errors.contains("max_file_size"), "\(refused.errors)")
            }
        }

        private func run(_ arguments: [String], _ data: String) async throws -> String {
            let outcome = try await BunkoProcess.run(arguments + ["--data", data])
            #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
            return outcome.output
        }
    }
}
