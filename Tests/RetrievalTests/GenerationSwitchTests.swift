import Domain
import Embeddings
import Postgres
import Retrieval
import Storage
import Synchronization
import TestSupport
import Testing

/// What is asked while the knowledge becomes another model's. Held against its own model's vectors a question finds the right passage first;
/// held against the other's, the wrong one.
@Suite struct GenerationSwitchTests {
    private struct AxisEmbedder: EmbeddingProvider {
        let model: EmbeddingModel
        let axis: Int

        init(_ name: String) {
            model = EmbeddingModel(id: name, dimensions: 1_536)
            axis = name == "one" ? 0 : 1
        }

        func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] { texts.map { _ in .unit(axis) } }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)

        var isSet: Bool { value.load(ordering: .relaxed) }

        func set() { value.store(true, ordering: .relaxed) }
    }

    /// Two passages, each with the vectors of both models.
    private struct Knowledge {
        let db: TestDatabase
        let right: ChunkID

        init(_ db: TestDatabase) async throws {
            self.db = db
            _ = try await db.database.write(db.system) { try await $0.settleEmbeddingModel("one") }
            let right = try await db.insertPassage("the right one", embedding: .unit(0), for: db.alice)
            self.right = right
            try await db.insertPassage("the wrong one", embedding: .unit(1), for: db.alice)
            try await db.database.write(db.system) { try await $0.beginGeneration("two") }
            let rows = try await db.database.read(db.system) { try await $0.unfilledPassages(after: nil, limit: 10) }
            let filled = try await db.database.write(db.system.acting(for: db.alice.id)) {
                try await $0.fillGeneration("two", rows.map { ($0, .unit($0.id == right ? 1 : 0)) })
            }
            #expect(filled == 2)
        }

        func switchTo(_ role: EmbeddingGeneration.Role) async throws {
            _ = try await db.database.write(db.system) { try await $0.switchGenerations(to: role) }
        }

        func retriever(_ mirror: KnowledgeMirror?) -> Retriever {
            Retriever(
                database: db.database, mirror: mirror, embedder: EmbedderInUse(AxisEmbedder("one")) { AxisEmbedder($0) },
                usage: UsageRecorder(database: db.database, scope: db.system, logger: .silent))
        }

        func prepare(_ text: String, _ retriever: Retriever) async throws -> PreparedQuestion {
            try await retriever.prepare(text, for: UsageOwner(db.alice.id, assistant: db.alice.assistant.id))
        }

        func best(_ question: PreparedQuestion, _ retriever: Retriever) async throws -> ChunkID? {
            let (query, name) = (RetrievalQuery(k: 2, ranking: .dense), db.alice.assistant.id.description)
            return try await db.database.read(db.alice.scope) { transaction in
                try await retriever.search(question, query, assistant: try await transaction.usableAssistant(name), in: transaction)
            }.passages.first?.passage.id
        }
    }

    @Test func `A question from before a switch is embedded again, by the index and by the database`() async throws {
        try await withTestDatabase { db in
            let knowledge = try await Knowledge(db)
            try await withMirror(db) { mirror in
                #expect(try await eventually { mirror.statistics.rows == 2 })
                for mirror in [mirror, nil] {
                    let retriever = knowledge.retriever(mirror)
                    for role in [EmbeddingGeneration.Role.next, .former] {
                        let early = try await knowledge.prepare("early \(role)", retriever)
                        let before = try await knowledge.best(early, retriever)
                        let position = mirror?.position
                        try await knowledge.switchTo(role)
                        let at = try await knowledge.best(early, retriever)
                        if let mirror {
                            #expect(try await eventually { mirror.phase == .following && mirror.position != position })
                        }
                        let after = try await knowledge.best(early, retriever)
                        let late = try await knowledge.best(try await knowledge.prepare("late \(role)", retriever), retriever)
                        #expect([before, at, after, late] == Array(repeating: knowledge.right, count: 4), "\(role)")
                    }
                }
            }
        }
    }

    @Test func `While generations are switched again and again no answer mixes them and none fails`() async throws {
        try await withTestDatabase { db in
            let knowledge = try await Knowledge(db)
            try await withMirror(db) { mirror in
                #expect(try await eventually { mirror.statistics.rows == 2 })
                for mirror in [mirror, nil] {
                    let retriever = knowledge.retriever(mirror)
                    let isOver = Flag()
                    let asking = Task {
                        var asked = 0
                        while !isOver.isSet {
                            let question = try await knowledge.prepare("question \(asked % 50)", retriever)
                            let best = try await knowledge.best(question, retriever)
                            #expect(best == knowledge.right)
                            asked += 1
                        }
                        return asked
                    }
                    for _ in 0..<6 {
                        for role in [EmbeddingGeneration.Role.next, .former] {
                            try await knowledge.switchTo(role)
                            try await Task.sleep(for: .milliseconds(Int.random(in: 0...120)))
                        }
                    }
                    isOver.set()
                    let asked = try await asking.value
                    #expect(asked > 20)
                }
            }
        }
    }

    @Test func `A snapshot of another model's vectors is not used`() async throws {
        try await withTestDatabase { db in
            let knowledge = try await Knowledge(db)
            try await withFolder { folder in
                try await withMirror(db, folder: folder) { mirror in
                    #expect(mirror.origin == .database)
                }
                try await withMirror(db, folder: folder) { mirror in
                    #expect(mirror.origin == .snapshot)
                }
                try await knowledge.switchTo(.next)
                try await withMirror(db, folder: folder) { mirror in
                    #expect(mirror.origin == .database)
                    let retriever = knowledge.retriever(mirror)
                    let best = try await knowledge.best(try await knowledge.prepare("now", retriever), retriever)
                    #expect(best == knowledge.right)
                }
            }
        }
    }
}
