import Domain
import Embeddings
import Retrieval
import Storage
import TestSupport
import Testing

/// Two generations beside each other.
@Suite struct GenerationComparisonTests {
    /// Hashed words under another name, or turned round, so that nothing is near what it was near.
    private struct NamedEmbedder: EmbeddingProvider {
        let model: EmbeddingModel
        var isTurned = false

        func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
            let vectors = try await HashingEmbedder().embed(texts, purpose: purpose)
            return isTurned && purpose == .query ? vectors.map { $0.reversed() } : vectors
        }
    }

    private static let texts = (0..<30).map { "Ship number \($0) carries cargo \($0 * 7) to harbour \($0 % 5)." }

    private func compare(_ isTurned: Bool) async throws -> [ComparedRankings] {
        try await withTestDatabase { db in
            let live = HashingEmbedder()
            let shadow = NamedEmbedder(model: EmbeddingModel(id: "same", dimensions: 1_536), isTurned: isTurned)
            _ = try await db.database.write(db.system) { try await $0.settleEmbeddingModel(live.model.id) }
            for (text, vector) in zip(Self.texts, try await live.embed(Self.texts, purpose: .passage)) {
                try await db.insertPassage(text, embedding: vector, for: db.alice)
            }
            try await db.insertPassage("A ship of somebody else.", embedding: .unit(3), for: db.bob)
            try await db.database.write(db.system) { try await $0.beginGeneration("same") }
            let rows = try await db.database.read(db.system) { try await $0.unfilledPassages(after: nil, limit: 100) }
            for (user, rows) in Dictionary(grouping: rows, by: \.userID) {
                let vectors = try await shadow.embed(rows.map(\.content), purpose: .passage)
                _ = try await db.database.write(db.system.acting(for: user)) {
                    try await $0.fillGeneration("same", Array(zip(rows, vectors)))
                }
            }
            let comparison = GenerationComparison(
                database: db.database, live: live, shadow: shadow,
                usage: UsageRecorder(database: db.database, scope: db.system, logger: .silent), scope: db.system)
            let questions = [4, 11, 23].map {
                ComparedQuestion("ship number \($0)", assistant: db.alice.assistant.id, owner: UsageOwner(db.alice.id))
            }
            return try await comparison.rankings(of: questions, depth: 12)
        }
    }

    @Test func `A generation agrees with itself, row by row`() async throws {
        let rankings = try await compare(false)
        #expect(rankings.count == 3 && rankings.allSatisfy { $0.live.count == 12 && $0.overlap(at: 10) == 1 && $0.overlap(at: 12) == 1 })
        #expect(rankings.allSatisfy { $0.live.map(\.id) == $0.shadow.map(\.id) })
    }

    @Test func `One whose questions mean something else agrees less`() async throws {
        let rankings = try await compare(true)
        #expect(rankings.map { $0.overlap(at: 3) }.reduce(0, +) < 2)
    }
}
