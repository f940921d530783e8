import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct FilterSQLTests {
    private static let comparisons: [Filter.Comparison] = [.equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual]

    /// Every key with every comparison it takes, and groups of them.
    private static var filters: [Filter] {
        let ordered: [(Filter.Key, [Filter.Value])] = [
            (.sourceType, [.string("md"), .string("txt"), .string("none")]),
            (.createdAt, [.string("2023-11-15T12:00:00Z"), .string("2023-11-15T13:13:20+01:00")]),
            (.metadata("x"), [.number(12), .number(-0.5), .string("12"), .string("word20"), .boolean(true), .boolean(false)]),
            (.metadata("missing"), [.number(1), .string("a"), .boolean(true)]),
            (.metadata("it's \"odd\""), [.string("a")]),
        ]
        var filters = ordered.flatMap { key, values in
            values.flatMap { value in comparisons.map { Filter.compare($0, key: key, value: value) } }
        }
        for (key, words) in [(Filter.Key.tags, ["a", "b", "quote'\"", "none"]), (.file, ["one.md", "two.md", "none"])] {
            for word in words {
                filters += [.compare(.equal, key: key, value: .string(word)), .compare(.notEqual, key: key, value: .string(word))]
            }
            for negated in [false, true] {
                filters.append(.oneOf(key: key, values: words.prefix(2).map { .string($0) }, negated: negated))
                filters.append(.oneOf(key: key, values: [], negated: negated))
            }
        }
        filters.append(.oneOf(key: .metadata("x"), values: [.number(12), .string("12"), .boolean(true)], negated: true))
        let members = Array(filters.prefix(12))
        return filters + zip(members, filters.reversed()).map { .all([$0, $1]) } + zip(members, filters.reversed()).map { .any([$0, $1]) }
            + [.all([.any([members[0], .all([members[1], members[7]])]), .compare(.equal, key: .tags, value: .string("a"))])]
    }

    private func insert(_ rows: [FilterRow], _ db: TestDatabase) async throws {
        var files: [String: FileID] = [:]
        for name in ["one.md", "two.md"] { files[name] = try await db.put(name, for: db.alice).file.id }
        try await db.asApp(db.alice) { connection in
            for row in rows {
                try await connection.execute(
                    """
                    INSERT INTO knowledge_base (id, user_id, secretary_id, file_id, content, source_type, tags, metadata, created_at)
                    VALUES (\(row.id), \(db.alice.id), \(db.alice.assistant.id), \(row.fileName.flatMap { files[$0] }), 'c',
                        \(row.sourceType), \(row.tags), \(row.metadataText)::jsonb, \(row.createdAt))
                    """)
            }
        }
    }

    private func matches(_ filter: Filter, _ db: TestDatabase, as user: TestUser? = nil) async throws -> Set<ChunkID> {
        let user = user ?? db.alice
        return try await db.database.read(user.scope) {
            try await $0.matchingChunks(filter, KnowledgeSource(assistant: db.alice.assistant.id, isShared: false))
        }
    }

    @Test func `SQL lets through what a plain reading of the filter does`() async throws {
        try await withTestDatabase { db in
            let rows = FilterRow.samples
            try await insert(rows, db)
            #expect(Self.filters.count > 100)
            for filter in Self.filters {
                let expected = Set(rows.filter { filter.admits($0) }.map(\.id))
                #expect(try await matches(filter, db) == expected, "\(filter)")
            }
            #expect(try await matches(.compare(.notEqual, key: .tags, value: .string("none")), db, as: db.bob).isEmpty)
        }
    }

    @Test func `A file is named by its id, too`() async throws {
        try await withTestDatabase { db in
            let rows = FilterRow.samples
            try await insert(rows, db)
            let file = try #require(try await db.database.read(db.alice.scope) { try await $0.files(limit: 1) }.first)
            let found = try await matches(.compare(.equal, key: .file, value: .string(file.id.description)), db)
            #expect(found == Set(rows.filter { $0.fileName == file.name }.map(\.id)))
        }
    }

    @Test func `A value of the wrong kind is refused with what is taken`() async throws {
        try await withTestDatabase { db in
            let wrong: [(Filter, String)] = [
                (.compare(.greater, key: .tags, value: .string("a")), "\"tags\" takes eq, ne, in and nin with strings"),
                (.compare(.equal, key: .tags, value: .number(1)), "\"tags\" takes"),
                (.compare(.equal, key: .sourceType, value: .boolean(true)), "\"source_type\" is compared with a string"),
                (.compare(.less, key: .file, value: .string("a")), "\"file\" takes eq"),
                (.compare(.less, key: .createdAt, value: .string("yesterday")), "RFC 3339"),
                (.oneOf(key: .createdAt, values: [.number(1)], negated: false), "RFC 3339"),
            ]
            for (filter, words) in wrong {
                let problem = await failure(Problem.self) { _ = try await matches(filter, db) }
                #expect(problem?.kind == .invalidRequest)
                #expect(problem?.detail.contains(words) == true, "\(problem?.detail ?? "accepted")")
            }
        }
    }
}

extension FilterRow {
    fileprivate var metadataText: String {
        let members = metadata.map { name, value in
            switch value {
            case .string(let text): "\"\(name)\":\"\(text)\""
            case .number(let number): "\"\(name)\":\(number)"
            case .boolean(let flag): "\"\(name)\":\(flag)"
            }
        }
        return "{\(members.joined(separator: ","))}"
    }
}
