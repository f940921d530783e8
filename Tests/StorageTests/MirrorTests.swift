import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct MirrorTests {
    @Test func `A position includes what its snapshot saw`() throws {
        let position = try #require(MirrorPosition("10:20:12,15"))
        for seen: UInt64 in [1, 9, 10, 11, 13, 19] { #expect(position.includes(WriteToken(transactionID: seen)), "\(seen)") }
        for unseen: UInt64 in [12, 15, 20, 21, .max] { #expect(!position.includes(WriteToken(transactionID: unseen)), "\(unseen)") }
        #expect(position.description == "10:20:12,15")
        #expect(MirrorPosition("10:10:")?.includes(WriteToken(transactionID: 9)) == true)
        for text in ["", "10", "10:20", "a:b:", "10:20:1:2"] { #expect(MirrorPosition(text) == nil, "\(text)") }
    }

    private func position(_ db: TestDatabase) async throws -> MirrorPosition {
        try await db.database.readSnapshot(db.system) { try await $0.mirrorPosition() }
    }

    private func changes(since last: MirrorPosition, _ db: TestDatabase) async throws -> [ChunkID: MirrorChange] {
        let changes = try await db.database.readSnapshot(db.system) { try await $0.mirrorChanges(since: last) }
        return Dictionary(uniqueKeysWithValues: changes.map { ($0.id, $0) })
    }

    @Test func `A transaction that commits late is found behind others with higher numbers`() async throws {
        try await withTestDatabase { db in
            let before = try await position(db)
            let late = ChunkID()
            let (early, between) = try await db.asApp(db.alice) { connection in
                try await connection.withTransaction { transaction in
                    try await transaction.execute(
                        """
                        INSERT INTO knowledge_base (id, user_id, secretary_id, content, embedding)
                        VALUES (\(late), \(db.alice.id), \(db.alice.assistant.id), 'late', \(PostgresVector(.unit(1))))
                        """)
                    let early = try await db.insertPassage("early", for: db.bob)
                    let between = try await position(db)
                    #expect(Set(try await changes(since: before, db).keys) == [early])
                    return (early, between)
                }
            }
            #expect(Set(try await changes(since: between, db).keys) == [late])
            #expect(Set(try await changes(since: before, db).keys) == [early, late])
            #expect(try await changes(since: position(db), db).isEmpty)
        }
    }

    @Test func `Deletes and moves tell where the row was and where it is`() async throws {
        try await withTestDatabase { db in
            let second = try await db.database.write(db.alice.scope) { try await $0.createAssistant(AssistantDraft(name: "second")) }
            let kept = try await db.insertPassage("moves", embedding: .unit(3), for: db.alice)
            let gone = try await db.insertPassage("goes", for: db.alice)
            let bare = try await db.insertPassage("loses its vector", for: db.alice)
            let last = try await position(db)
            try await db.asApp(db.alice) { connection in
                try await connection.execute("UPDATE knowledge_base SET secretary_id = \(second.id) WHERE id = \(kept)")
                try await connection.execute("DELETE FROM knowledge_base WHERE id = \(gone)")
                try await connection.execute("UPDATE knowledge_base SET embedding = NULL WHERE id = \(bare)")
            }
            let changes = try await changes(since: last, db)
            let (old, new) = (db.alice.assistant.id.rawValue, second.id.rawValue)
            #expect(changes.count == 3)
            #expect(changes[kept]?.formerPartitions == [old, new])
            #expect(changes[kept]?.current?.partition == new)
            #expect(changes[kept]?.current?.embedding == .unit(3))
            #expect(changes[gone]?.formerPartitions == [old])
            #expect(changes[gone]?.current == nil)
            #expect(changes[bare]?.current == nil)
        }
    }

    @Test func `Deleting a user leaves a change for each passage`() async throws {
        try await withTestDatabase { db in
            let ids = try await [db.insertPassage("1", for: db.alice), db.insertPassage("2", for: db.alice)]
            let last = try await position(db)
            try await db.administrate("DELETE FROM users WHERE id = \(db.alice.id)")
            let changes = try await changes(since: last, db)
            #expect(Set(changes.keys) == Set(ids))
            #expect(changes.values.allSatisfy { $0.current == nil })
        }
    }

    @Test func `All rows with a vector are read in batches, of all users`() async throws {
        try await withTestDatabase { db in
            var expected: [ChunkID: UUID] = [:]
            for (number, user) in [db.alice, db.bob, db.alice, db.bob, db.alice].enumerated() {
                expected[try await db.insertPassage("\(number)", embedding: .unit(number), for: user)] = user.assistant.id.rawValue
            }
            try await db.administrate(
                "INSERT INTO knowledge_base (user_id, content) VALUES (\(UserID.system), 'without a vector')")
            var sizes: [Int] = []
            var found: [ChunkID: UUID] = [:]
            try await db.database.readSnapshot(db.system) { transaction in
                try await transaction.forEachMirrorRow(batchSize: 2) { batch in
                    sizes.append(batch.count)
                    for row in batch { found[row.id] = row.partition }
                }
            }
            #expect(sizes == [2, 2, 1])
            #expect(found == expected)
        }
    }

    @Test func `A completed file's token is included once a position was taken after it`() async throws {
        try await withTestDatabase { db in
            let instance = InstanceID()
            try await db.put("a.md", for: db.alice)
            let file = try #require(try await db.claim(instance))
            let before = try await position(db)
            let token = try #require(try await db.complete(file, of: instance, with: ["a"]))
            #expect(!before.includes(token))
            #expect(try await position(db).includes(token))
        }
    }

    @Test func `Old changes are pruned, young ones stay`() async throws {
        try await withTestDatabase { db in
            for text in ["old", "young"] { try await db.insertPassage(text, for: db.alice) }
            try await db.administrate("UPDATE knowledge_changes SET changed_at = now() - interval '25 hours' WHERE sequence = 1")
            let found12 = try await db.database.write(db.system) { try await $0.pruneMirrorChanges() }
            #expect(found12 == 1)
            #expect(try await db.administrate("SELECT FROM knowledge_changes").count == 1)
        }
    }
}
