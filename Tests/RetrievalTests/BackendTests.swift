import Domain
import Embeddings
import Foundation
import Postgres
@testable import Retrieval
import Storage
import TestSupport
import Testing

/// The same question answered by the index and by the database.
@Suite struct BackendTests {
    private static let tags = ["red", "Red", "green", "é", "e\u{301}", ""]
    /// The same to Swift, others to the database.
    private static let accents = ["\u{E9}", "e\u{301}"]
    private static let types = ["md", "pdf", "Md"]

    private func fill(_ db: TestDatabase, rows: Int, _ random: inout SplitMix) async throws {
        var files: [StoredFile] = []
        for name in ["a.md", "b/a.md"] + Self.accents { files.append(try await db.put(name, for: db.alice).file) }
        for number in 0..<rows {
            let tags = Self.tags.filter { _ in random.next(3) == 0 }
            let metadata = [
                "{}", #"{"year": 2024}"#, #"{"year": 2025.5, "kind": "a"}"#, #"{"kind": "b", "is": true}"#,
                #"{"is": "true", "deep": {"x": 1}}"#,
                #"{"year": 2024.12345678901234567890, "\#(Self.accents[0])": 1, "\#(Self.accents[1])": 2}"#,
                #"{"year": 9007199254740993, "\#(Self.accents[1])": 1}"#,
            ]
            let file: FileID? = random.next(2) == 0 ? nil : files[random.next(4)].id
            try await db.administrate(
                """
                INSERT INTO knowledge_base (user_id, secretary_id, file_id, content, embedding, tags, source_type, metadata, created_at)
                VALUES (\(db.alice.id), \(db.alice.assistant.id), \(file), \("\(number)"), \(PostgresVector(random.vector())), \(tags),
                    \(Self.types[random.next(3)]), \(metadata[random.next(7)])::jsonb, \("2026-01-0\(1 + random.next(9))T00:00:00.5Z")::timestamptz)
                """)
        }
    }

    private func filter(_ random: inout SplitMix, depth: Int = 0) -> Filter {
        if depth < 2, random.next(3) == 0 {
            let members = (0...random.next(3)).map { _ in filter(&random, depth: depth + 1) }
            return random.next(2) == 0 ? .all(members) : .any(members)
        }
        let every: [Filter.Comparison] = [.equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual]
        let values: [Filter.Value] = [
            .string("a"), .string("b"), .string("true"), .number(2024), .number(2025.5), .boolean(true), .boolean(false),
            .number(2024.1234567890123), .number(9_007_199_254_740_992), .number(1), .number(0.1), .number(-1e300),
        ]
        switch random.next(6) {
        case 0: return .compare(every[random.next(2)], key: .tags, value: .string(Self.tags[random.next(6)]))
        case 1:
            return .oneOf(
                key: .tags, values: (0..<random.next(3)).map { _ in .string(Self.tags[random.next(6)]) }, negated: random.next(2) == 0)
        case 2: return .compare(every[random.next(6)], key: .sourceType, value: .string(Self.types[random.next(3)]))
        case 3: return .compare(every[random.next(6)], key: .createdAt, value: .string("2026-01-0\(1 + random.next(9))T00:00:00Z"))
        case 4:
            let names: [Filter.Value] = [.string("a.md"), .string("b/a.md"), .string("none.md")] + Self.accents.map { .string($0) }
            return .oneOf(key: .file, values: (0...random.next(2)).map { _ in names[random.next(5)] }, negated: random.next(2) == 0)
        default:
            let key = Filter.Key.metadata((["year", "kind", "is", "deep", "none"] + Self.accents)[random.next(7)])
            if random.next(3) == 0 {
                return .oneOf(key: key, values: [values[random.next(12)], values[random.next(12)]], negated: random.next(2) == 0)
            }
            return .compare(every[random.next(6)], key: key, value: values[random.next(12)])
        }
    }

    @Test func `Both find the same passages under the same filter`() async throws {
        try await withTestDatabase { db in
            var random = SplitMix(state: 7)
            try await fill(db, rows: 80, &random)
            try await withMirror(db) { mirror in
                let usage = UsageRecorder(database: db.database, scope: db.system, logger: .silent)
                let embedder = HashingEmbedder()
                let memory = Retriever(database: db.database, mirror: mirror, embedder: EmbedderInUse(embedder), usage: usage)
                let database = Retriever(database: db.database, mirror: nil, embedder: EmbedderInUse(embedder), usage: usage)
                var hits = 0
                for round in 0..<150 {
                    let query = RetrievalQuery(
                        k: 1 + random.next(12), filter: round == 0 ? nil : filter(&random), ranking: .dense)
                    let (one, other) = try await (
                        memory.search("\(round)", query, assistant: db.alice.assistant.id.description, scope: db.alice.scope),
                        database.search("\(round)", query, assistant: db.alice.assistant.id.description, scope: db.alice.scope)
                    )
                    #expect(one.backend == .memory && other.backend == .pgvector)
                    #expect(one.passages.map(\.passage.id) == other.passages.map(\.passage.id), "\(query)")
                    #expect(zip(one.passages, other.passages).allSatisfy { abs($0.score - $1.score) < 1e-5 })
                    #expect(one.matched == other.matched || other.matched == 0, "\(query)")
                    hits += one.passages.count
                }
                #expect(hits > 200)
            }
        }
    }

    @Test func `While the index loads, and when it is too far behind, the database answers`() async throws {
        try await withTestDatabase { db in
            let vector = try await HashingEmbedder().embed(["an expense claim"], purpose: .passage)[0]
            let id = try await db.insertPassage("an expense claim", embedding: vector, for: db.alice)
            let mirror = KnowledgeMirror(database: db.database, scope: db.system, logger: .silent)
            let retriever = Retriever(
                database: db.database, mirror: mirror, embedder: EmbedderInUse(HashingEmbedder()),
                usage: UsageRecorder(database: db.database, scope: db.system, logger: .silent))
            func found(after write: WriteToken? = nil) async throws -> RetrievalResult {
                try await retriever.search(
                    "expense claim", RetrievalQuery(k: 3), assistant: db.alice.assistant.id.description, after: write, scope: db.alice.scope
                )
            }
            let first = try await found()
            #expect(first.backend == .pgvector && first.passages.map(\.passage.id) == [id] && first.matched == 1 && first.exact)
            let running = Task { try await mirror.run() }
            #expect(try await eventually { mirror.phase == .following })
            let second = try await found()
            #expect(second.backend == .memory && second.passages.map(\.passage.id) == [id])
            let third = try await found(after: WriteToken(transactionID: UInt64.max / 2))
            #expect(third.backend == .pgvector && third.passages.map(\.passage.id) == [id])
            // An index that begins to load anew between the question's preparation and its search.
            let reference = db.alice.assistant.id.description
            let question = try await retriever.prepare(
                "expense claim", for: try await retriever.owner(of: reference, scope: db.alice.scope))
            #expect(question.usesIndex)
            let lost = Retriever(
                database: db.database, mirror: KnowledgeMirror(database: db.database, scope: db.system, logger: .silent),
                embedder: EmbedderInUse(HashingEmbedder()), usage: UsageRecorder(database: db.database, scope: db.system, logger: .silent))
            let fourth = try await db.database.read(db.alice.scope) {
                try await lost.search(question, RetrievalQuery(k: 3), assistant: try await $0.usableAssistant(reference), in: $0)
            }
            #expect(fourth.backend == .pgvector && fourth.passages.map(\.passage.id) == [id])
            running.cancel()
            try await running.value
        }
    }
}

/// Numbers that are the same in every run.
struct SplitMix {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) >> 1) % bound
    }

    mutating func vector() -> [Float] {
        (0..<1536).map { _ in Float(next(2001) - 1000) }
    }
}
