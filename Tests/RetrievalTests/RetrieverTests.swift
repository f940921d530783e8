import Domain
import Retrieval
import Storage
import TestSupport
import Testing

@Suite struct RetrieverTests {
    private static let texts = [
        "Employees hand in expense claims within thirty days of the purchase.",
        "The ventilator's filter is replaced every six months.",
        "쓰지 못한 연차는 다음 해로 이월할 수 있습니다.",
        "필터는 육 개월마다 교체하십시오.",
        "コアタイムは午前十時半から午後二時半までです。",
        "津波警報が出たときは第三棟の四階へ避難します。",
    ]

    @Test(arguments: [
        ("When must I hand in an expense claim?", 0), ("남은 연차를 이월할 수 있나요?", 2), ("コアタイムは何時からですか", 4),
    ])
    func findsTheRightPassageInEachLanguage(question: String, answer: Int) async throws {
        try await withRetrieval { service in
            let ids = try await service.insert(Self.texts, for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == Self.texts.count })
            let found = try await service.search(question, as: service.db.alice)
            #expect(found.passages.first?.passage.id == ids[answer])
            #expect(found.exact && found.matched == Self.texts.count)
        }
    }

    @Test func neverShowsAnotherUsersPassages() async throws {
        try await withRetrieval { service in
            _ = try await service.insert(Self.texts, for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == Self.texts.count })
            #expect(try await service.search("expense claim", as: service.db.bob).passages.isEmpty)
            let refusal = await failure(Problem.self) {
                _ = try await service.retriever.search(
                    "expense claim", RetrievalQuery(k: 5), assistant: service.db.alice.assistant.id.description,
                    scope: service.db.bob.scope)
            }
            #expect(refusal?.kind == .notFound)
        }
    }

    @Test func neverReturnsADeletedRowThoughTheIndexIsStale() async throws {
        try await withRetrieval { service in
            let ids = try await service.insert((0..<20).map { "expense claim number \($0)" }, for: service.db.alice)
            #expect(try await eventually { service.mirror.statistics.rows == 20 })
            let gone = Array(ids.prefix(10))
            try await service.db.asApp(service.db.alice) { connection in
                try await connection.execute("DELETE FROM knowledge_base WHERE id = ANY (\(gone))")
            }
            let found = try await service.search("expense claim", k: 10, as: service.db.alice)
            #expect(found.passages.count == 10)
            #expect(Set(found.passages.map(\.passage.id)).isDisjoint(with: gone))
        }
    }

    @Test func givesAsManyAsTheFilterLetsThrough() async throws {
        try await withRetrieval { service in
            let ids = try await service.insert((0..<12).map { "passage number \($0)" }, for: service.db.alice)
            let tagged = Array(ids.prefix(3))
            try await service.db.asApp(service.db.alice) { connection in
                try await connection.execute("UPDATE knowledge_base SET tags = '{red}' WHERE id = ANY (\(tagged))")
            }
            #expect(try await eventually { service.mirror.statistics.rows == 12 })
            let red = Filter.compare(.equal, key: .tags, value: .string("red"))
            let isFollowed = try await eventually {
                try await service.search("number", k: 10, filter: red, as: service.db.alice).passages.count == 3
            }
            #expect(isFollowed)
            let found = try await service.search("number", k: 10, filter: red, as: service.db.alice)
            #expect(Set(found.passages.map(\.passage.id)) == Set(tagged))
            #expect(found.matched == 3)
            #expect(try await service.search("number", k: 12, as: service.db.alice).passages.count == 12)
        }
    }

    @Test func refusesQueriesOutOfRange() async throws {
        try await withRetrieval { service in
            let alice = service.db.alice
            for (text, query, parameter) in [
                ("x", RetrievalQuery(k: 0), "k"), ("x", RetrievalQuery(k: 1_000_000), "k"), (" \n", RetrievalQuery(k: 1), "query"),
                (String(repeating: "a", count: 1 << 20), RetrievalQuery(k: 1), "query"),
                ("x", RetrievalQuery(k: 1, threshold: 1.5), "threshold"),
            ] {
                let refusal = await failure(Problem.self) {
                    _ = try await service.retriever.search(text, query, assistant: alice.assistant.name, scope: alice.scope)
                }
                #expect(refusal?.kind == .invalidRequest && refusal?.parameter == parameter)
            }
        }
    }

    @Test func findsSharedKnowledgeOnlyForAssistantsThatUseIt() async throws {
        try await withRetrieval { service in
            let own = try await service.insert(["Alice keeps the key to the archive."], for: service.db.alice)
            let shared = try await service.insertShared("The archive opens at nine.")
            #expect(try await eventually { service.mirror.statistics.rows == 2 })
            #expect(try await service.search("archive", as: service.db.alice).passages.map(\.passage.id) == own)
            let sharing = try await service.db.database.write(service.db.bob.scope) { transaction in
                try await transaction.createAssistant(
                    AssistantDraft(name: "sharing", settings: AssistantSettings(usesSharedKnowledge: true)))
            }
            let found = try await service.retriever.search(
                "archive", RetrievalQuery(k: 5), assistant: sharing.name, scope: service.db.bob.scope)
            #expect(found.passages.map(\.passage.id) == [shared])
            let filtered = try await service.retriever.search(
                "archive", RetrievalQuery(k: 5, filter: .compare(.equal, key: .tags, value: .string("red"))), assistant: sharing.name,
                scope: service.db.bob.scope)
            #expect(filtered.passages.isEmpty && filtered.matched == 0)
        }
    }
}
