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

        private static let skilled = """
            name: Pilot
            skills:
              - skill: tide
                priority: 2
                custom_settings: {harbour: north, hours: 6}
              - knots
              - {skill: radio, priority: 3, is_enabled: false}
            """

        @Test("An assistant's skills are applied with priority and settings, exported, and changed one by one")
        func skills() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let data = service.data
                for code in ["tide", "knots", "radio"] {
                    let made = try await service.post(
                        "/v1/skills", #"{"skill_code":"\#(code)","name":"n","description":"d","skill_type":"t","configuration":{}}"#)
                    #expect(made.status == 201, "\(made.text)")
                }
                let file = try folder.write("pilot.yaml", Self.skilled)
                #expect(try await run(["assistant", "apply", "-f", file], data).contains("+ assistant \"Pilot\""))
                #expect(try await told(service) == ["knots 1 true -", "tide 2 true 6", "radio 3 false -"])
                let exported = try await run(["assistant", "export", "Pilot"], data)
                let again = try folder.write("exported.yaml", exported)
                for unchanged in [file, again] {
                    let planned = try await run(["assistant", "apply", "-f", unchanged, "--dry-run"], data)
                    #expect(planned == "0 of 1 would change, 1 unchanged\n", "\(planned)\n\(exported)")
                }
                try folder.write("pilot.yaml", "name: Pilot\nskills: [tide, {skill: radio, priority: 3}]\n")
                let planned = try await run(["assistant", "apply", "-f", file, "--dry-run"], data)
                #expect(planned.contains(#"    - {"skill":"knots"}"#) && planned.contains(#"    + {"skill":"tide"}"#), "\(planned)")
                #expect(try await told(service).count == 3, "a dry run changes nothing")
                _ = try await run(["assistant", "apply", "-f", file], data)
                #expect(try await told(service) == ["tide 1 true -", "radio 3 true -"])
                // A document that says nothing of skills leaves them; an empty list takes them.
                try folder.write("pilot.yaml", "name: Pilot\n")
                #expect(try await run(["assistant", "apply", "-f", file], data) == "0 of 1 changed, 1 unchanged\n")
                try folder.write("pilot.yaml", "name: Pilot\nskills: []\n")
                _ = try await run(["assistant", "apply", "-f", file], data)
                #expect(try await told(service).isEmpty)
                for wrong in [
                    "[compass]", "[tide, tide]", "[{priority: 1}]", "[{skill: tide, colour: red}]", "[{skill: tide, priority: x}]", "tide",
                ] {
                    try folder.write("pilot.yaml", "name: Other\nskills: \(wrong)\n")
                    let refused = try await BunkoProcess.run(["assistant", "apply", "-f", file, "--data", data])
                    #expect(refused.code == 2 && refused.output.isEmpty, "\(wrong): \(refused.errors)")
                }
                #expect(try await service.get("/v1/assistants/Other").status == 404, "nothing was made of a document that is refused")
            }
        }

        @Test("An assistant's voice and avatar are applied by name, exported, compared and taken away")
        func components() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let data = service.data
                for (path, names) in [("/v1/voices", ["Low", "High", "Twin", "Twin"]), ("/v1/avatars", ["Heron"])] {
                    for name in names {
                        let made = try await service.post(path, #"{"name":"\#(name)"}"#)
                        #expect(made.status == 201, "\(made.text)")
                    }
                }
                func told() async throws -> String {
                    let pilot = try await service.get("/v1/assistants/Pilot").object()
                    return ["voice", "avatar"].map { (pilot[$0] as? [String: Any])?["name"] as? String ?? "-" }.joined(separator: " ")
                }
                let file = try folder.write("pilot.yaml", "name: Pilot\nvoice: Low\navatar: Heron\n")
                let made = try await run(["assistant", "apply", "-f", file], data)
                #expect(made.contains("1 of 1 changed"), "\(made)")
                #expect(try await told() == "Low Heron")
                let exported = try await run(["assistant", "export", "Pilot"], data)
                #expect(exported.contains("voice: Low\n") && exported.contains("avatar: Heron\n"), "\(exported)")
                for unchanged in [file, try folder.write("exported.yaml", exported)] {
                    #expect(try await run(["assistant", "apply", "-f", unchanged], data) == "0 of 1 changed, 1 unchanged\n")
                }
                try folder.write("pilot.yaml", "name: Pilot\nvoice: High\navatar: null\n")
                let planned = try await run(["assistant", "apply", "-f", file, "--dry-run"], data)
                #expect(planned.contains("  voice: Low → High"), "\(planned)")
                #expect(try await told() == "Low Heron", "a dry run changes nothing")
                _ = try await run(["assistant", "apply", "-f", file], data)
                #expect(try await told() == "High -")
                // Two of a name are told by their ids.
                let voices = try await service.get("/v1/voices").list("data")
                let twin = try #require(voices.last { $0["name"] as? String == "Twin" }?["id"] as? String)
                try folder.write("pilot.yaml", "name: Pilot\nvoice: \(twin)\n")
                _ = try await run(["assistant", "apply", "-f", file], data)
                #expect(try await run(["assistant", "export", "Pilot"], data).contains("voice: \(twin)\n"))
                #expect(try await run(["assistant", "apply", "-f", file], data) == "0 of 1 changed, 1 unchanged\n")
                for wrong in ["voice: Twin", "voice: Nobody", "avatar: [Heron]", "avatar: Low"] {
                    try folder.write("pilot.yaml", "name: Other\n\(wrong)\n")
                    let refused = try await BunkoProcess.run(["assistant", "apply", "-f", file, "--data", data])
                    #expect(refused.code == 2 && refused.output.isEmpty, "\(wrong): \(refused.errors)")
                }
                #expect(try await service.get("/v1/assistants/Other").status == 404, "nothing was made of a document that is refused")
            }
        }

        /// The skills of Pilot as the API tells them.
        private func told(_ service: TestService) async throws -> [String] {
            try await service.get("/v1/assistants/Pilot").list("skills").map { skill in
                let settings = skill["custom_settings"] as? [String: Any]
                return
                    "\(skill["skill_code"] ?? "") \(skill["priority"] ?? "") \(skill["is_enabled"] as? Bool ?? false) \(settings?["hours"] ?? "-")"
            }
        }

        @Test("What the server refuses of one document keeps no other from being applied, and the exit code tells")
        func partialFailure() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let file = try folder.write(
                    "assistants.yaml", "name: First\n---\nname: Second\npersona: nobody\n---\nname: Third\nsettings: {k: 3}\n")
                let outcome = try await BunkoProcess.run(["assistant", "apply", "-f", file, "--json", "--data", service.data])
                #expect(outcome.code == 1 && outcome.errors.contains("1 of 3 documents failed"), "\(outcome.errors)")
                let documents = try #require(try outcome.json()["documents"] as? [[String: Any]])
                #expect(documents.map { $0["change"] as? String } == ["created", "failed", "created"])
                #expect((documents[1]["reason"] as? String)?.contains("nobody") == true)
                #expect(try await service.get("/v1/assistants/Third").status == 200)
            }
        }

        @Test("What was carried out is told also when the server fails in the middle, with its error's exit code")
        func endedEarly() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try await service.sql(
                    """
                    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN RAISE 'no more' USING ERRCODE = 'too_many_connections'; END $$;
                    CREATE TRIGGER fail BEFORE INSERT ON assistants FOR EACH ROW WHEN (NEW.name = 'Second') EXECUTE FUNCTION fail()
                    """)
                let file = try folder.write("assistants.yaml", "name: First\n---\nname: Second\n---\nname: Third\n")
                let arguments = ["assistant", "apply", "-f", file, "--data", service.data]
                let ended = try await BunkoProcess.run(arguments)
                #expect(ended.code == 3 && !ended.errors.isEmpty, "\(ended.errors)")
                let begun = "+ assistant \"First\"\n+ assistant \"Second\"\n! assistant \"Second\": "
                #expect(ended.output.hasPrefix(begun), "\(ended.output)")
                #expect(ended.output.hasSuffix("1 of 3 changed, 0 unchanged, 1 failed, 1 not tried\n"), "\(ended.output)")
                let again = try await BunkoProcess.run(arguments + ["--json"])
                let documents = try #require(try again.json()["documents"] as? [[String: Any]])
                #expect(again.code == 3 && documents.map { $0["change"] as? String } == ["unchanged", "failed"])
                #expect(try await service.get("/v1/assistants/Third").status == 404)
            }
        }

        @Test("What somebody else changes between reading and writing is not overwritten")
        func changedMeanwhile() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                for path in ["/v1/templates", "/v1/assistants"] {
                    let made = try await service.post(path, #"{"name":"Pilot","description":"ours"}"#)
                    #expect(made.status == 201, "\(made.text)")
                }
                for (kind, document, table, column, theirs, row) in [
                    ("persona", "name: Pilot\ndescription: mine\n", "personality_templates", "description", "theirs", "name = 'Pilot'"),
                    ("assistant", "name: Pilot\ndescription: mine\n", "assistants", "description", "theirs", "name = 'Pilot'"),
                    ("settings", "max_file_size: 99\n", "system_settings", "value", "77", "key = 'max_file_size'"),
                ] {
                    let file = try folder.write("\(kind).yaml", document)
                    let refused = try await apply(
                        kind, file, during: "UPDATE \(table) SET \(column) = '\(theirs)' WHERE \(row)", service)
                    #expect(refused.code == 1 && refused.output.contains("changed by somebody else"), "\(refused.output)\(refused.errors)")
                    #expect(try await service.sql("SELECT \(column) FROM \(table) WHERE \(row)") == [theirs])
                    #expect(try await run([kind, "apply", "-f", file], service.data).contains("1 of 1 changed"))
                }
            }
        }

        /// Applies a file while another change of the same row is under way, which is committed as soon as the command's waits for it.
        private func apply(
            _ kind: String, _ file: String, during change: String, _ service: TestService
        ) async throws -> BunkoProcess.Outcome {
            let holder = try service.startSQL(
                """
                BEGIN; \(change); SELECT pg_advisory_xact_lock(4711);
                DO $$ BEGIN
                    WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid) LOOP
                        PERFORM pg_sleep(0.05);
                    END LOOP;
                END $$;
                COMMIT
                """)
            try await eventually("the change") {
                try #require(holder.isRunning, "\(holder.errors)")
                return try await service.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711") == ["1"]
            }
            let outcome = try await BunkoProcess.run([kind, "apply", "-f", file, "--data", service.data])
            #expect(try await holder.exitCode(within: .seconds(30)) == 0, "\(holder.errors)")
            return outcome
        }

        @Test("Settings are listed, shown, changed, exported and applied")
        func settings() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                #expect(try await run(["settings", "update", "max_file_size", "12"], service.data) == "max_file_size is 12\n")
                #expect(try await run(["settings", "show", "max_file_size"], service.data) == "12\n")
                #expect(try await run(["settings", "show", "max_file_size", "--json"], service.data).contains(#""value":12"#))
                #expect(try await run(["settings", "list"], service.data).contains("registration_open      false"))
                let refused = try await BunkoProcess.run(["settings", "update", "max_file_size", "many", "--data", service.data])
                #expect(refused.code == 2 && refused.errors.contains("max_file_size"), "\(refused.errors)")

                let exported = try await run(["settings", "export"], service.data)
                #expect(exported.contains("max_file_size: 12\n") && !exported.contains("app_version"), "\(exported)")
                let file = try folder.write("settings.yaml", exported)
                let count = exported.split(separator: "\n").count { $0.contains(": ") || $0.hasSuffix(":") } - 1
                #expect(try await run(["settings", "apply", "-f", file], service.data) == "0 of \(count) changed, \(count) unchanged\n")
                try folder.write("settings.yaml", "max_file_size: 99\nregistration_open: true\narchive_after_days: soon\n")
                let planned = try await run(["settings", "apply", "-f", file, "--dry-run"], service.data)
                #expect(planned.contains("  12 → 99\n") && planned.contains("3 of 3 would change"), "\(planned)")
                let partly = try await BunkoProcess.run(["settings", "apply", "-f", file, "--data", service.data])
                #expect(partly.code == 1 && partly.output.contains("! settings \"archive_after_days\""), "\(partly.output)")
                #expect(try await service.get("/v1/settings/max_file_size").object()["value"] as? Int == 99)
                for wrong in ["colour: red\nmax_file_size: 5", "- 1", "kind: persona\nmax_file_size: 5", "a: ["] {
                    try folder.write("settings.yaml", wrong)
                    let failed = try await BunkoProcess.run(["settings", "apply", "-f", file, "--data", service.data])
                    #expect(failed.code == 2, "\(wrong): \(failed.errors)")
                }
                #expect(
                    try await run(["settings", "show", "max_file_size"], service.data) == "99\n", "nothing of a refused file is applied")
            }
        }

        private func run(_ arguments: [String], _ data: String) async throws -> String {
            let outcome = try await BunkoProcess.run(arguments + ["--data", data])
            #expect(outcome.code == 0, "\(arguments): \(outcome.errors)")
            return outcome.output
        }
    }
}
