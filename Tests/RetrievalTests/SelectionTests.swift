import Domain
import Embeddings
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Retrieval

/// What becomes of ranked passages before they are an answer.
@Suite struct SelectionTests {
    private func passage(
        _ content: String, file: FileID? = nil, ordinal: Int? = nil, at start: Int = 0, headings: [String] = [], score: Float = 0.5
    ) -> ScoredPassage {
        ScoredPassage(
            passage: Passage(
                id: ChunkID(), assistantID: nil, fileID: file, fileName: nil, ordinal: ordinal, title: nil, content: content,
                headingPath: headings, pageFrom: nil, pageTo: nil, charStart: start, charEnd: start + content.unicodeScalars.count,
                tokenCount: 1, tags: [], sourceType: nil, createdAt: .distantPast),
            score: score)
    }

    private func folded(_ first: String, _ second: String) -> Bool {
        var folding = DuplicateFolding()
        folding.add(passage(first), vectors: [:])
        folding.add(passage(second), vectors: [:])
        return folding.kept.count == 1
    }

    private static let rule = """
        Employees who become parents may take leave of up to fourteen weeks. The leave begins on the day they ask for, and must be asked for \
        at least two months before. Whoever shares it with the other parent divides the weeks as both of them wish.
        """

    @Test func `A passage that another says already is folded into it`() {
        #expect(folded(Self.rule, Self.rule))
        #expect(folded(Self.rule, "  " + Self.rule.uppercased() + "\n"))
        #expect(folded(Self.rule, "The leave begins on the day they ask for, and must be asked for at least two months before."))
        #expect(folded("休暇は十四週間まで取ることができる。", "休暇は十四週間まで取ることができる。"))
        #expect(folded("부모가 된 직원은 십사 주까지 휴가를 낼 수 있다.", "부모가 된 직원은 십사 주까지 휴가를 낼 수 있다."))
        #expect(folded("42", "42"))
    }

    @Test func `A passage that says more, or another number, stays`() {
        #expect(!folded("The leave begins on the day they ask for.", Self.rule))
        #expect(!folded(Self.rule + " It ends after 14 weeks.", Self.rule + " It ends after 16 weeks."))
        #expect(!folded("Price list 2024: a ticket is 12 euros.", "Price list 2025: a ticket is 12 euros."))
        #expect(!folded(Self.rule, "The ferry to Oshima leaves at nine and comes back at five on weekdays."))
        #expect(!folded("…", "…"), "texts without words are not compared")
        #expect(!folded("", ""))
    }

    @Test func `Passages with unlike vectors are not compared, and the kept one names those left out`() {
        let (first, second, third) = (passage(Self.rule), passage(Self.rule), passage(Self.rule))
        var folding = DuplicateFolding()
        let vectors: [UUID: [Float]] = [
            first.passage.id.rawValue: .unit(0), second.passage.id.rawValue: .unit(1), third.passage.id.rawValue: .unit(0),
        ]
        for passage in [first, second, third] { folding.add(passage, vectors: vectors) }
        #expect(folding.kept.map(\.passage.id) == [first.passage.id, second.passage.id])
        #expect(folding.kept[0].duplicates == [third.passage.id] && folding.kept[1].duplicates.isEmpty)
    }

    /// Against the definition, written down plainly.
    @Test func `A diverse order is that of maximal marginal relevance`() {
        var generator = SystemRandomNumberGenerator()
        for diversity in [Float(0), 0.3, 0.7, 1] {
            let ranked = (0..<30).map { place in (id: UUID(), score: 1 - Float(place) / 40) }
            var vectors: [UUID: [Float]] = [:]
            for row in ranked {
                let angle = Float.random(in: 0...6.28, using: &generator)
                vectors[row.id] = [cos(angle), sin(angle)]
            }
            let ordered = MarginalRelevance(diversity: diversity, vectors: vectors).ordered(ranked, first: 12)
            #expect(Set(ordered.map(\.id)) == Set(ranked.map(\.id)) && ordered.count == ranked.count)
            if diversity == 0 { #expect(ordered.map(\.id) == ranked.map(\.id)) }
            for place in 0..<12 {
                let before = ordered[..<place]
                func worth(_ row: (id: UUID, score: Float)) -> Float {
                    let likeness = before.map { other in zip(vectors[other.id] ?? [], vectors[row.id] ?? []).reduce(0) { $0 + $1.0 * $1.1 }
                    }
                    return (1 - diversity) * row.score - diversity * max(0, likeness.max() ?? 0)
                }
                let best = ordered[place...].map(worth).max() ?? 0
                #expect(abs(worth(ordered[place]) - best) < 1e-5)
            }
        }
    }

    @Test func `Adjacent passages become one, with what they share once`() {
        let file = FileID()
        let text = "One two three. Four five six. Seven eight nine.\n\nTen eleven."
        func part(_ from: Int, _ to: Int, _ ordinal: Int, _ headings: [String], _ score: Float) -> ScoredPassage {
            let scalars = Array(text.unicodeScalars)[from..<to]
            let content = String(String.UnicodeScalarView(scalars))
            return passage(content, file: file, ordinal: ordinal, at: from, headings: headings, score: score)
        }
        let first = part(0, 29, 0, ["A", "B"], 0.4)
        let second = part(15, 47, 1, ["A", "B"], 0.9)
        let third = part(49, 60, 2, ["A", "C"], 0.1)
        let far = passage("elsewhere", file: FileID(), ordinal: 2, score: 0.5)
        let loose = passage("of no file", score: 0.3)
        let joined = ScoredPassage.joiningAdjacent([second, far, first, loose, third])
        #expect(joined.count == 3)
        #expect(joined[0].passage.content == text && joined[0].score == 0.9 && joined[0].passage.headingPath == ["A"])
        #expect(joined[0].passage.charStart == 0 && joined[0].passage.charEnd == 60)
        #expect(joined[0].chunks == [first, second, third].map(\.passage.id) && joined[0].passage.id == second.passage.id)
        #expect(joined[1].passage.id == far.passage.id && joined[2].passage.id == loose.passage.id)
        #expect(first.joined(to: third) == nil && second.joined(to: first) == nil && loose.joined(to: loose) == nil)
    }

    /// A file of passages that each hold one word, in the order of the words.
    private func insertFile(_ words: [String], _ db: TestDatabase) async throws -> [ChunkID] {
        let file = try await db.put("words.txt", for: db.alice).file.id
        var ids: [ChunkID] = []
        for (ordinal, word) in words.enumerated() {
            let id = ChunkID()
            let text = "The word of passage \(word)."
            try await db.administrate(
                """
                INSERT INTO knowledge_base (id, user_id, secretary_id, file_id, ordinal, content, char_start, char_end, embedding)
                VALUES (\(id), \(db.alice.id), \(db.alice.assistant.id), \(file), \(Int32(ordinal)), \(text), \(Int32(ordinal * 100)),
                    \(Int32(ordinal * 100 + text.count)), \(PostgresVector(.unit(ordinal))))
                """)
            ids.append(id)
        }
        return ids
    }

    @Test func `A search folds copies, looks for others in their place, and joins neighbours`() async throws {
        try await withRetrieval { service in
            let copies = try await service.insert(Array(repeating: Self.rule, count: 4), for: service.db.alice)
            let other = try await service.insert(
                ["Parents ask for leave two months before.", "Leave of another kind needs a reason."], for: service.db.alice)
            let ids = try await insertFile(["alpha", "beta", "gamma", "delta", "epsilon"], service.db)
            #expect(try await eventually { service.mirror.wordStatistics.documents == 11 && service.mirror.statistics.rows == 11 })
            func ask(_ text: String, _ k: Int, _ change: (inout Selection) -> Void = { _ in }) async throws -> [ScoredPassage] {
                var query = RetrievalQuery(k: k)
                change(&query.selection)
                let assistant = service.db.alice.assistant.id.description
                return try await service.retriever.search(text, query, assistant: assistant, scope: service.db.alice.scope).passages
            }
            let folded = try await ask("leave of parents", 3)
            #expect(Set(folded.map(\.passage.id)).isSuperset(of: other) && folded.count == 3)
            let kept = folded.filter { copies.contains($0.passage.id) }
            #expect(kept.count == 1)
            #expect(Set(kept.flatMap { $0.duplicates + [$0.passage.id] }) == Set(copies), "a third passage is looked for behind the copies")
            let all = try await ask("leave of parents", 6) { $0 = .none }
            #expect(Set(all.map(\.passage.id)) == Set(copies + other))
            let alone = try await ask("gamma", 1)
            #expect(alone.map(\.chunks) == [[ids[2]]])
            let around = try await ask("gamma", 1) { $0.neighbors = 1 }
            #expect(around.map(\.chunks) == [Array(ids[1...3])])
            #expect(around[0].passage.id == ids[2] && around[0].score == alone[0].score)
            let whole = try await ask("gamma", 1) { $0.neighbors = 5 }
            #expect(whole.map(\.chunks) == [ids])
            let two = try await ask("beta delta", 2) { $0.neighbors = 1 }
            #expect(two.map(\.chunks) == [ids], "both want the passage between them, which is shown once")
            let problem = await failure(Problem.self) { _ = try await ask("gamma", 1) { $0.neighbors = 6 } }
            #expect(problem?.parameter == "neighbors")
            let wrong = await failure(Problem.self) { _ = try await ask("gamma", 1) { $0.diversity = .nan } }
            #expect(wrong?.parameter == "diversity")
        }
    }

    @Test func `The database alone folds and joins alike`() async throws {
        try await withRetrieval { service in
            let copies = try await service.insert(Array(repeating: Self.rule, count: 3), for: service.db.alice)
            let ids = try await insertFile(["alpha", "beta", "gamma"], service.db)
            let retriever = Retriever(
                database: service.db.database, mirror: nil, embedder: EmbedderInUse(HashingEmbedder()),
                usage: UsageRecorder(database: service.db.database, scope: service.db.system, logger: .silent))
            var query = RetrievalQuery(k: 1)
            let assistant = service.db.alice.assistant.id.description
            let folded = try await retriever.search("leave of parents", query, assistant: assistant, scope: service.db.alice.scope).passages
            #expect(folded.count == 1 && copies.contains(folded[0].passage.id))
            query = RetrievalQuery(k: 6)
            query.selection.diversity = 0.5
            query.selection.neighbors = 1
            let all = try await retriever.search("leave of parents", query, assistant: assistant, scope: service.db.alice.scope).passages
            #expect(Set(all.flatMap { $0.chunks + $0.duplicates }) == Set(copies + ids))
            #expect(all.contains { $0.chunks == ids })
        }
    }
}
