import Domain
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct AssistantTests {
    @Test func `The six built-in personas have prompts and are seen by everybody`() async throws {
        try await withTestDatabase { db in
            let personas = try await db.database.read(db.alice.scope) { try await $0.personas(limit: 100) }
            #expect(personas.count == 6)
            #expect(Set(personas.compactMap(\.slug)).count == 6)
            #expect(personas.contains { $0.slug == Persona.defaultSlug })
            for persona in personas {
                #expect(persona.systemPrompt.count > 500, "\(persona.name)")
                let found = try await db.database.read(db.bob.scope) { try await $0.persona(named: persona.slug ?? "") }
                #expect(found == persona)
                let found1 = try await db.database.read(db.bob.scope) { try await $0.persona(named: persona.id.description) }
                #expect(found1 == persona)
            }
            let problem = await failure(Problem.self) {
                _ = try await db.database.read(db.alice.scope) { try await $0.persona(named: "nobody") }
            }
            #expect(problem?.code == "persona_not_found")
            #expect(problem?.remedy?.contains("education-tutor") == true)
        }
    }

    @Test func `An assistant keeps what it was made with`() async throws {
        try await withTestDatabase { db in
            let settings = AssistantSettings(usesSharedKnowledge: true, k: 7, threshold: 0.25, maxTokens: 900)
            let draft = AssistantDraft(
                name: "Kei", summary: "about", persona: "education-tutor", defaultModel: "m", customSystemPrompt: "p", settings: settings)
            let made = try await db.database.write(db.alice.scope) { try await $0.createAssistant(draft) }
            for reference in ["Kei", made.id.description, made.id.description.uppercased()] {
                let found2 = try await db.database.read(db.alice.scope) { try await $0.assistant(reference) }
                #expect(found2 == made)
            }
            #expect(made.settings == settings)
            #expect([made.summary, made.defaultModel, made.customSystemPrompt] == ["about", "m", "p"])
            #expect(db.alice.assistant.defaultModel == "gemini-pro")
            let problem = await failure(Problem.self) {
                _ = try await db.database.write(db.alice.scope) { try await $0.createAssistant(draft) }
            }
            #expect(problem?.kind == .conflict)
            _ = try await db.database.write(db.bob.scope) { try await $0.createAssistant(draft) }
        }
    }

    @Test func `Another user's assistant is not found, listed or deleted`() async throws {
        try await withTestDatabase { db in
            let foreign = db.alice.assistant
            for reference in [foreign.name, foreign.id.description] {
                let found3 = try await db.database.read(db.bob.scope) { try await $0.findAssistant(reference) }
                #expect(found3 == nil)
            }
            let found4 = try await db.database.read(db.bob.scope) { try await $0.assistants(limit: 9) }
            #expect(found4 == [db.bob.assistant])
            let problem = await failure(Problem.self) {
                try await db.database.write(db.bob.scope) { try await $0.deleteAssistant(foreign.id) }
            }
            #expect(problem?.code == "assistant_not_found")
            let bound = db.scope(of: db.alice, assistants: [AssistantID()])
            let found5 = try await db.database.read(bound) { try await $0.findAssistant(foreign.name) }
            #expect(found5 == nil)
            let found6 = try await db.database.read(bound) { try await $0.assistants(limit: 9) }
            #expect(found6.isEmpty)
        }
    }

    @Test func `Deleting an assistant takes its files and passages along`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            try await db.put("a.md", for: db.alice)
            try await db.put("b.md", for: db.bob)
            while let file = try await db.claim(instance) { _ = try await db.complete(file, of: instance, with: ["x"]) }
            try await db.database.write(db.alice.scope) { try await $0.deleteAssistant(db.alice.assistant.id) }
            #expect(try await db.administrate("SELECT FROM files").count == 1)
            #expect(try await db.administrate("SELECT FROM knowledge_base").count == 1)
        }
    }

    @Test func `Pages of assistants follow each other, newest first`() async throws {
        try await withTestDatabase { db in
            for name in ["1", "2", "3"] {
                _ = try await db.database.write(db.alice.scope) { try await $0.createAssistant(AssistantDraft(name: name)) }
            }
            let first = try await db.database.read(db.alice.scope) { try await $0.assistants(limit: 2) }
            let rest = try await db.database.read(db.alice.scope) { try await $0.assistants(limit: 9, after: first[1].id) }
            #expect((first + rest).map(\.name) == ["3", "2", "1", db.alice.assistant.name])
        }
    }

    @Test func `Settings are read live`() async throws {
        try await withTestDatabase { db in
            let found7 = try await db.database.read(db.alice.scope) { try await $0.maximumFileSize() }
            #expect(found7 == 10_485_760)
            let found8 = try await db.database.read(db.alice.scope) { try await $0.supportedFileTypes() }
            #expect(found8.contains("pdf") && found8.contains("md") && !found8.contains("exe"))
            try await db.administrate("UPDATE system_settings SET value = '5' WHERE key = 'max_file_size'")
            let found9 = try await db.database.read(db.alice.scope) { try await $0.maximumFileSize() }
            #expect(found9 == 5)
        }
    }
}
