import Domain
import Embeddings
import Foundation
import Retrieval
import Storage
import TestSupport
import Testing

/// Vectors and words together.
@Suite struct HybridTests {
    /// Vectors that mean what a test says; refuses when it is told to.
    private struct StagedEmbedder: EmbeddingProvider {
        let model = EmbeddingModel(id: "staged", dimensions: 1_536)
        var axis = 0
        var isDown = false

        func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
            if isDown { throw EmbeddingError.unavailable(model, reason: "a test") }
            return texts.map { _ in .unit(axis) }
        }
    }

    private func retriever(_ service: RetrievalService, _ embedder: some EmbeddingProvider) -> Retriever {
        Retriever(
            database: service.db.database, mirror: service.mirror, embedder: EmbedderInUse(embedder),
            usage: UsageRecorder(database: service.db.database, scope: service.db.system, logger: .silent))
    }

    private func ask(
        _ retriever: Retriever, _ text: String, _ query: RetrievalQuery, _ service: RetrievalService
    ) async throws -> RetrievalResult {
        try await retriever.search(text, query, assistant: service.db.alice.assistant.id.description, scope: service.db.alice.scope)
    }

    private func follow(_ service: RetrievalService, _ count: Int) async throws {
        #expect(try await eventually { service.mirror.wordStatistics.documents == count && service.mirror.statistics.rows == count })
    }

    @Test func `Each search finds what the other does not, and both what both do`() async throws {
        try await withRetrieval { service in
            let db = service.db
            let word = try await db.insertPassage("The ferry to Oshima leaves at nine.", embedding: .unit(1), for: db.alice)
            let meaning = try await db.insertPassage("Boats go in the morning.", embedding: .unit(0), for: db.alice)
            let both = try await db.insertPassage("Every ferry sails on time.", embedding: .unit(0), for: db.alice)
            _ = try await db.insertPassage("Bread is baked at night.", embedding: .unit(2), for: db.alice)
            _ = try await db.insertPassage("A ferry of somebody else.", embedding: .unit(0), for: db.bob)
            try await follow(service, 5)
            let staged = retriever(service, StagedEmbedder())
            func found(_ ranking: Ranking) async throws -> [ChunkID] {
                let result = try await ask(staged, "ferry", RetrievalQuery(k: 3, threshold: 0.01, ranking: ranking), service)
                #expect(result.passages.allSatisfy { (0...1).contains($0.score) })
                #expect(result.arms == (ranking == .dense ? [.dense] : ranking == .lexical ? [.lexical] : [.dense, .lexical]))
                return result.passages.map(\.passage.id)
            }
            let fused = try await found(.fusion)
            #expect(fused.first == both && Set(fused) == [both, word, meaning])
            #expect(try await Set(found(.dense)) == [both, meaning])
            #expect(try await Set(found(.lexical)) == [both, word])
            #expect(try await found(.rrf).first == both)
        }
    }

    @Test func `Without a vector the words answer, and the answer says so`() async throws {
        try await withRetrieval { service in
            let ids = try await service.insert(["The ferry leaves at nine.", "Bread is baked at night."], for: service.db.alice)
            try await follow(service, 2)
            let down = retriever(service, StagedEmbedder(isDown: true))
            let result = try await ask(down, "when does the ferry leave?", RetrievalQuery(k: 5), service)
            #expect(result.passages.map(\.passage.id) == [ids[0]] && result.arms == [.lexical] && result.backend == .memory)
            #expect(result.problem?.code == "embedding_unavailable")
            let nothing = try await ask(down, "zebra", RetrievalQuery(k: 5), service)
            #expect(nothing.passages.isEmpty)
            let alone = Retriever(
                database: service.db.database, mirror: nil, embedder: EmbedderInUse(StagedEmbedder(isDown: true)),
                usage: UsageRecorder(database: service.db.database, scope: service.db.system, logger: .silent))
            let problem = await failure(Problem.self) { _ = try await ask(alone, "ferry", RetrievalQuery(k: 5), service) }
            #expect(problem?.code == "embedding_unavailable", "there is nothing to fall back on")
        }
    }

    @Test func `Words follow changes, and filters hold for them`() async throws {
        try await withRetrieval { service in
            let db = service.db
            let ids = try await service.insert(["ferry one", "ferry two", "ferry three"], for: db.alice)
            try await follow(service, 3)
            try await db.administrate("UPDATE knowledge_base SET content = 'bakery' WHERE id = \(ids[0])")
            try await db.administrate("UPDATE knowledge_base SET tags = '{red}' WHERE id = \(ids[1])")
            let red = Filter.compare(.equal, key: .tags, value: .string("red"))
            func found(_ filter: Filter?) async throws -> Set<ChunkID> {
                let query = RetrievalQuery(k: 5, filter: filter, ranking: .lexical)
                return Set(try await ask(service.retriever, "ferry", query, service).passages.map(\.passage.id))
            }
            #expect(try await eventually { try await found(nil) == [ids[1], ids[2]] })
            #expect(try await eventually { try await found(red) == [ids[1]] })
            try await db.administrate("DELETE FROM knowledge_base WHERE id = \(ids[2])")
            #expect(try await eventually { try await found(nil) == [ids[1]] })
        }
    }

    /// The same question again costs no call of the model.
    @Test func `A question's vector is remembered`() async throws {
        try await withRetrieval { service in
            _ = try await service.insert(["The ferry leaves at nine."], for: service.db.alice)
            try await follow(service, 1)
            let usage = UsageRecorder(database: service.db.database, scope: service.db.system, logger: .silent)
            let retriever = Retriever(
                database: service.db.database, mirror: service.mirror, embedder: EmbedderInUse(StagedEmbedder()), usage: usage)
            for text in ["ferry", "ferry", "bakery", "ferry"] { _ = try await ask(retriever, text, RetrievalQuery(k: 1), service) }
            #expect(usage.pending == 2)
            _ = try await ask(retriever, "another", RetrievalQuery(k: 1, ranking: .lexical), service)
            #expect(usage.pending == 2, "words need no model")
        }
    }
}
