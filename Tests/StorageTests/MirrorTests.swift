import Domain
import Foundation
import Postgres
import Storage
import Synchronization
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

    private func changes(since last: MirrorPosition, _ db: TestDatabase) async throws -> [MirrorChange] {
        var found: [MirrorChange] = []
        try await db.database.readSnapshot(db.system) { transaction in
            try await transaction.forEachMirrorChange(since: last, batchSize: 2) { found += $0 }
        }
        return found
    }

    private func ids(since last: MirrorPosition, _ db: TestDatabase) async throws -> Set<ChunkID> {
        Set(try await changes(since: last, db).map(\.id))
    }

    private func outlook(since last: MirrorPosition, _ db: TestDatabase, of replica: ReplicaID = ReplicaID()) async throws -> MirrorOutlook
    {
        try await db.database.readSnapshot(db.system) { try await $0.mirrorOutlook(since: last, of: replica) }
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
                    #expect(try await ids(since: before, db) == [early])
                    return (early, between)
                }
            }
            #expect(try await ids(since: between, db) == [late])
            #expect(try await ids(since: before, db) == [early, late])
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
            #expect(changes.count == 4)
            #expect(changes.contains { $0.id == kept && $0.partition == old && $0.current == nil })
            let moved = changes.first { $0.id == kept && $0.partition == new }
            #expect(moved?.current?.partition == new && moved?.current?.embedding == .unit(3))
            #expect(changes.contains { $0.id == gone && $0.partition == old && $0.current == nil })
            #expect(changes.contains { $0.id == bare && $0.partition == old && $0.current == nil })
        }
    }

    @Test func `Deleting a user leaves a change for each passage`() async throws {
        try await withTestDatabase { db in
            let ids = try await [db.insertPassage("1", for: db.alice), db.insertPassage("2", for: db.alice)]
            let last = try await position(db)
            try await db.administrate("DELETE FROM users WHERE id = \(db.alice.id)")
            let changes = try await changes(since: last, db)
            #expect(Set(changes.map(\.id)) == Set(ids))
            #expect(changes.allSatisfy { $0.current == nil })
        }
    }

    @Test(arguments: [1, 3]) func `All rows with a vector are copied in batches, of all users`(connections: Int) async throws {
        try await withTestDatabase { db in
            var expected: [ChunkID: UUID] = [:]
            for (number, user) in [db.alice, db.bob, db.alice, db.bob, db.alice].enumerated() {
                expected[try await db.insertPassage("\(number)", embedding: .unit(number), for: user)] = user.assistant.id.rawValue
            }
            try await db.administrate(
                """
                UPDATE knowledge_base SET tags = ARRAY['a', 'b'], source_type = 'md', metadata = '{"year": 2026}', created_at = '2026-01-02 03:04:05Z'
                WHERE id = \(try #require(expected.keys.first))
                """)
            try await db.administrate(
                "INSERT INTO knowledge_base (user_id, content) VALUES (\(UserID.system), 'without a vector')")
            let found = Collected()
            let copied = try await db.database.copyMirrorRows(
                db.system, connections: connections, batchSize: 2, total: { found.expect($0) }
            ) { found.add($0) }
            let rows = found.rows
            #expect(Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.partition) }) == expected)
            #expect(rows.allSatisfy { $0.embedding.count == 1536 } && found.wasTold)
            let row = rows.first { $0.id == expected.keys.first }
            #expect(row?.tags == ["a", "b"] && row?.sourceType == "md" && row?.metadata == #"{"year": 2026}"# && row?.file == nil)
            #expect(row?.createdAt == Date(timeIntervalSince1970: 1_767_323_045))
            #expect(try await changes(since: copied.position, db).isEmpty)
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

    @Test func `TRUNCATE and COPY are mirrored, too`() async throws {
        try await withTestDatabase { db in
            try await db.insertPassage("there", for: db.alice)
            let first = try await position(db)
            let login = db.superuser
            try await withConnection(login) { connection in
                try await connection.copyIn(
                    "knowledge_base", columns: ["user_id", "secretary_id", "content", "embedding"], rows: 0..<3
                ) { number, row in
                    try row.append(db.alice.id)
                    try row.append(db.alice.assistant.id)
                    try row.append("copied \(number)")
                    try row.append(PostgresVector(.unit(number)))
                }
            }
            let copied = try await changes(since: first, db)
            #expect(copied.count == 3 && copied.allSatisfy { $0.current != nil })
            #expect(try await outlook(since: first, db).wasEmptied == false)
            let second = try await position(db)
            try await db.administrate("TRUNCATE knowledge_base")
            #expect(try await outlook(since: second, db).wasEmptied)
            #expect(try await outlook(since: position(db), db).wasEmptied == false)
        }
    }

    @Test func `A transaction that stays open does not have what came later read again`() async throws {
        try await withTestDatabase { db in
            try await db.asApp(db.bob) { connection in
                try await connection.withTransaction { open in
                    try await open.execute("UPDATE assistants SET name = 'held' WHERE id = \(db.bob.assistant.id)")
                    let before = try await position(db)
                    for number in 0..<3 { try await db.insertPassage("\(number)", for: db.alice) }
                    #expect(try await outlook(since: before, db).changes == 3)
                    let after = try await position(db)
                    #expect(try await outlook(since: after, db).changes == 0)
                    try await db.insertPassage("one more", for: db.alice)
                    #expect(try await changes(since: after, db).count == 1)
                }
            }
        }
    }

    @Test func `What every replica has seen is pruned, what one has not stays until it is too old`() async throws {
        try await withTestDatabase { db in
            let (quick, slow) = (ReplicaID(), ReplicaID())
            let start = try await db.database.write(db.system) { transaction in
                _ = try await transaction.registerReplica(quick, host: "a", replacing: [])
                return try await transaction.registerReplica(slow, host: "b", replacing: [])
            }
            for text in ["1", "2"] { try await db.insertPassage(text, for: db.alice) }
            func prune(_ limit: Duration = .seconds(3600)) async throws -> Int {
                try await db.database.write(db.system) { try await $0.pruneMirrorChanges(olderThan: limit) }
            }
            let now = try await position(db)
            try await db.database.write(db.system) { try await $0.advanceReplica(quick, to: now) }
            #expect(try await prune() == 0)
            #expect(try await outlook(since: start, db, of: slow).isRegistered)
            try await db.database.write(db.system) { try await $0.advanceReplica(slow, to: now) }
            #expect(try await prune() == 2)
            #expect(try await db.administrate("SELECT FROM knowledge_changes").isEmpty)
            // Too old: the replica that has not seen it loses its registration, the other keeps it.
            try await db.insertPassage("3", for: db.alice)
            let later = try await position(db)
            try await db.database.write(db.system) { try await $0.advanceReplica(quick, to: later) }
            try await db.administrate("UPDATE knowledge_changes SET changed_at = now() - interval '2 hours'")
            #expect(try await prune() == 1)
            #expect(try await outlook(since: later, db, of: quick).isRegistered)
            #expect(try await outlook(since: now, db, of: slow).isRegistered == false)
        }
    }

    @Test func `Without replicas nothing is kept`() async throws {
        try await withTestDatabase { db in
            try await db.insertPassage("1", for: db.alice)
            let pruned = try await db.database.write(db.system) { try await $0.pruneMirrorChanges(olderThan: .seconds(3600)) }
            #expect(pruned == 1)
        }
    }

    @Test func `A snapshot on disk holds the outbox, and is worth nothing once a part of it is gone`() async throws {
        try await withTestDatabase { db in
            let (first, second, third) = (ReplicaID(), ReplicaID(), ReplicaID())
            let start = try await db.database.write(db.system) { try await $0.registerReplica(first, host: "a", replacing: []) }
            let kept = try await db.database.write(db.system) { KeptMirror(database: try await $0.databaseIdentity(), position: start) }
            func register(_ replica: ReplicaID, replacing former: [ReplicaID], _ kept: KeptMirror) async throws -> Bool {
                try await db.database.write(db.system) {
                    try await $0.registerReplica(replica, host: "a", replacing: former, with: kept)
                }
            }
            #expect(try await register(second, replacing: [first], kept) == false, "nobody knows the snapshot")
            try await db.database.write(db.system) { try await $0.announceSnapshot(kept, of: first) }
            // It may have been written and not taken down.
            #expect(try await register(second, replacing: [ReplicaID(), first], kept))
            #expect(try await register(third, replacing: [first], kept) == false, "a copy of the folder comes too late")
            var strange = kept
            strange.database = "1/2"
            #expect(try await register(third, replacing: [second], strange) == false)
            strange = kept
            strange.token = UUID()
            #expect(try await register(third, replacing: [second], strange) == false)
            strange = kept
            strange.position = try #require(MirrorPosition("999999999:999999999:"))
            #expect(try await register(third, replacing: [second], strange) == false, "the database has gone back in time")

            try await db.insertPassage("1", for: db.alice)
            let now = try await position(db)
            try await db.database.write(db.system) { transaction in
                try await transaction.advanceReplica(second, to: now)
                #expect(try await transaction.pruneMirrorChanges(olderThan: .seconds(3600)) == 0, "the snapshot does not have it")
            }
            try await db.administrate("UPDATE knowledge_changes SET changed_at = now() - interval '2 hours'")
            let pruned = try await db.database.write(db.system) { try await $0.pruneMirrorChanges(olderThan: .seconds(3600)) }
            #expect(pruned == 1)
            #expect(try await outlook(since: now, db, of: second).isRegistered, "it has followed in time")
            #expect(try await register(third, replacing: [second], kept) == false, "its snapshot has not")
        }
    }
}

/// Gathers rows from several tasks.
private final class Collected: Sendable {
    private let content = Mutex<(rows: [MirrorRow], wasTold: Bool)>(([], false))

    var rows: [MirrorRow] { content.withLock(\.rows) }
    var wasTold: Bool { content.withLock(\.wasTold) }

    func add(_ rows: [MirrorRow]) { content.withLock { $0.rows += rows } }
    func expect(_ rows: Int) { content.withLock { $0.wasTold = rows >= 0 } }
}
