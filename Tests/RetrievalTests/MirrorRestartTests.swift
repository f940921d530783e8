import Domain
import Foundation
import Postgres
@testable import Retrieval
import Storage
import TestSupport
import Testing

/// What a mirror does when it comes back, and when the outbox does not tell what happened.
@Suite struct MirrorRestartTests {
    /// The ids of a user's passages as the index has them.
    private func ids(_ mirror: KnowledgeMirror, _ db: TestDatabase, among known: [ChunkID]) -> Set<ChunkID> {
        let partition = db.alice.assistant.id.rawValue
        // A vector without a direction has words all the same.
        #expect(Set(mirror.indexes.words.ids(in: partition)).isSuperset(of: mirror.index.ids(in: partition)))
        #expect(mirror.wordStatistics.documents == mirror.statistics.rows + mirror.refusedRows)
        return Set(known.filter { mirror.index.contains($0.rawValue, in: partition) })
    }

    private func insert(_ count: Int, _ db: TestDatabase) async throws -> [ChunkID] {
        var ids: [ChunkID] = []
        for number in 0..<count { ids.append(try await db.insertPassage("\(number)", embedding: .unit(number), for: db.alice)) }
        return ids
    }

    @Test func `A mirror begins with its snapshot and learns what happened while it was away`() async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                var known = try await insert(5, db)
                try await withMirror(db, folder: folder) { #expect($0.origin == .database) }
                try await db.administrate("DELETE FROM knowledge_base WHERE id = \(known[0])")
                try await db.administrate("UPDATE knowledge_base SET embedding = \(PostgresVector(.unit(9))) WHERE id = \(known[1])")
                known += try await insert(2, db)
                for _ in 1...2 {
                    try await withMirror(db, folder: folder) { mirror in
                        #expect(mirror.origin == .snapshot)
                        #expect(ids(mirror, db, among: known) == Set(known.dropFirst()))
                        #expect(mirror.statistics.rows == 6)
                        let nearest = try mirror.index.search(.init(vector: .unit(9), partitions: [db.alice.assistant.id.rawValue], k: 1))
                        #expect(nearest.hits.first?.id == known[1].rawValue)
                    }
                }
                let replicas = try await db.administrate("SELECT FROM mirror_replicas").count
                #expect(replicas == 1)
            }
        }
    }

    @Test func `A mirror that was away for longer than the outbox keeps rows reads them all`() async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                var known = try await insert(3, db)
                try await withMirror(db, folder: folder) { _ in }
                known += try await insert(2, db)
                try await db.administrate("UPDATE knowledge_changes SET changed_at = now() - interval '2 seconds'")
                try await db.database.write(db.system) { _ = try await $0.pruneMirrorChanges(olderThan: .seconds(1)) }
                try await withMirror(db, folder: folder) { mirror in
                    #expect(mirror.origin == .database)
                    #expect(ids(mirror, db, among: known) == Set(known))
                }
            }
        }
    }

    @Test func `A mirror whose registration goes while it runs reads all rows again`() async throws {
        try await withTestDatabase { db in
            var known = try await insert(3, db)
            try await withMirror(db) { mirror in
                let before = ObjectIdentifier(mirror.index)
                try await db.administrate("DELETE FROM mirror_replicas")
                #expect(try await eventually { ObjectIdentifier(mirror.index) != before })
                known += try await insert(1, db)
                #expect(try await eventually { ids(mirror, db, among: known) == Set(known) })
            }
            let replicas = try await db.administrate("SELECT FROM mirror_replicas").count
            #expect(replicas == 0, "it has no folder to come back with")
        }
    }

    @Test func `TRUNCATE empties the index, also of a mirror that was away`() async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                _ = try await insert(3, db)
                try await withMirror(db, folder: folder) { mirror in
                    try await db.administrate("TRUNCATE knowledge_base")
                    #expect(try await eventually { mirror.statistics.rows == 0 })
                    let known = try await insert(2, db)
                    #expect(try await eventually { ids(mirror, db, among: known) == Set(known) })
                }
                try await db.administrate("TRUNCATE knowledge_base")
                let known = try await insert(1, db)
                try await withMirror(db, folder: folder) { mirror in
                    #expect(mirror.statistics.rows == 1 && ids(mirror, db, among: known) == Set(known))
                }
            }
        }
    }

    @Test(arguments: ["truncated", "flipped", "unlabelled", "missing data", "a name that is no name", "other words", "missing words"])
    func `A snapshot that cannot be used is replaced by what the database says`(damage: String) async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                let known = try await insert(3, db)
                try await withMirror(db, folder: folder) { _ in }
                let index = folder + "/index"
                let names = try FileManager.default.contentsOfDirectory(atPath: index)
                let data = try #require(names.first { $0.hasSuffix(".data") || $0.contains("data") })
                let manifest = try #require(names.first { $0.contains("manifest") })
                let words = try #require(names.first { $0.hasPrefix("words-") })
                func change(_ name: String, _ body: (inout Data) -> Void) throws {
                    let url = URL(filePath: index + "/" + name)
                    var bytes = try Data(contentsOf: url)
                    body(&bytes)
                    try bytes.write(to: url)
                }
                switch damage {
                case "truncated": try change(data) { $0.removeLast($0.count / 2) }
                case "flipped": try change(manifest) { $0[$0.count / 2] ^= 4 }
                case "unlabelled":
                    let empty = KnowledgeMirror(database: db.database, scope: db.system, logger: .silent).index
                    try empty.writeSnapshot(to: URL(filePath: index))
                case "other words": try change(words) { $0[$0.count / 2] ^= 4 }
                case "missing words": try FileManager.default.removeItem(atPath: index + "/" + words)
                case "missing data": try FileManager.default.removeItem(atPath: index + "/" + data)
                default: try Data("?".utf8).write(to: URL(filePath: index + "/replica.json"))
                }
                for origin in [KnowledgeMirror.Origin.database, .snapshot] {
                    try await withMirror(db, folder: folder) { mirror in
                        #expect(mirror.origin == origin)
                        #expect(ids(mirror, db, among: known) == Set(known))
                    }
                }
            }
        }
    }

    @Test(arguments: [nil, 1 << 20])
    func `A vector that is damaged in the snapshot is noticed after the start, and all rows are read`(memory: Int?) async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                let known = try await insert(3, db)
                try await withMirror(db, folder: folder) { _ in }
                let index = URL(filePath: folder + "/index")
                let names = try FileManager.default.contentsOfDirectory(atPath: index.path)
                let file = index.appending(path: try #require(names.first { $0.hasSuffix(".data") }))
                var bytes = try Data(contentsOf: file)
                let vector = [Float].unit(1).withUnsafeBytes { Data($0) }
                let place = try #require(bytes.range(of: vector)).lowerBound
                // A value of 8 in a vector of length 1.
                bytes[place + 4 * 700 + 3] = 0x41
                try bytes.write(to: file)
                func change(_ configuration: inout MirrorConfiguration) {
                    let files = URL(filePath: folder + "/vectors", directoryHint: .isDirectory)
                    configuration.memory = memory.map { .init(bytes: $0, folder: files) }
                }
                for origin in [KnowledgeMirror.Origin.database, .snapshot] {
                    try await withMirror(db, folder: folder, adjust: change) { mirror in
                        #expect(try await eventually { mirror.origin == origin && mirror.phase == .following })
                        let hits = try mirror.index.search(.init(vector: .unit(1), partitions: [db.alice.assistant.id.rawValue], k: 1)).hits
                        #expect(hits.first?.id == known[1].rawValue && hits.first.map { abs($0.score - 1) < 0.001 } == true)
                    }
                }
            }
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible)) func `A disk that is full keeps nobody from following`() async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                try FileManager.default.createDirectory(atPath: folder + "/index", withIntermediateDirectories: true)
                let disk = try SmallDisk(at: folder + "/index", kibibytes: 1024)
                defer { disk.unmount() }
                _ = try await insert(300, db)
                for _ in 1...2 {
                    try await withMirror(db, folder: folder) { #expect($0.statistics.rows == 300 && $0.origin == .database) }
                }
            }
        }
    }

    @Test func `An index whose vectors do not fit into memory follows, is searched, and keeps snapshots`() async throws {
        try await withTestDatabase { db in
            try await withFolder { folder in
                let files = URL(filePath: folder + "/vectors", directoryHint: .isDirectory)
                var known = try await insert(400, db)
                for origin in [KnowledgeMirror.Origin.database, .snapshot] {
                    try await withMirror(db, folder: folder) { configuration in
                        configuration.memory = .init(bytes: 1 << 20, folder: files)
                    } _: { mirror in
                        #expect(mirror.origin == origin)
                        known += try await insert(50, db)
                        #expect(try await eventually { ids(mirror, db, among: known) == Set(known) })
                        mirror.index.keepBudget()
                        let memory = mirror.memory
                        #expect(memory.inFiles > 300 * 6_144 && memory.problem == nil && memory.evictedPartitions == 1, "\(memory)")
                        for number in [3, 350] {
                            let hits = try mirror.index.search(
                                .init(vector: .unit(number), partitions: [db.alice.assistant.id.rawValue], k: 1)
                            ).hits
                            #expect(hits.first.map { $0.score > 0.999 } == true)
                        }
                        let report = try await mirror.verify(repair: false)
                        #expect(report.isSame && report.table_rows == known.count)
                    }
                }
            }
        }
    }

    @Test func `Two replicas follow one database, each write's token tells when`() async throws {
        try await withTestDatabase { db in
            try await withMirror(db) { first in
                try await withMirror(db) { second in
                    for number in 0..<20 {
                        let log = WriteLog()
                        let content = KnowledgeContent(
                            embedding: .unit(number), embeddingModel: "test", sha256: ContentStore.digest(of: [UInt8(number)]),
                            tokenCount: 1)
                        _ = try await WriteLog.$current.withValue(log) {
                            try await db.database.write(db.alice.scope) {
                                try await $0.addKnowledge(["content": .string("\(number)")], content, to: db.alice.assistant.id)
                            }
                        }
                        let token = try #require(log.last)
                        for mirror in [first, second] {
                            #expect(await mirror.waitUntilIncluded(token, atMost: .seconds(30)))
                            #expect(mirror.statistics.rows == number + 1)
                        }
                    }
                    let replicas = try await db.administrate("SELECT FROM mirror_replicas").count
                    #expect(replicas == 2)
                    #expect(first.lag == KnowledgeMirror.Lag())
                }
            }
        }
    }

    @Test func `A vector without a direction is left out, and nothing else`() async throws {
        try await withTestDatabase { db in
            let known = try await insert(3, db)
            try await withMirror(db) { mirror in
                let zero = try await db.insertPassage("zero", embedding: [Float](repeating: 0, count: 1536), for: db.alice)
                let nothing = PostgresVector([Float](repeating: 0, count: 1536))
                try await db.administrate("UPDATE knowledge_base SET embedding = \(nothing) WHERE id = \(known[0])")
                let last = try await db.insertPassage("last", embedding: .unit(7), for: db.alice)
                #expect(try await eventually { ids(mirror, db, among: known + [zero, last]) == [known[1], known[2], last] })
                #expect(mirror.refusedRows == 2)
            }
            try await withMirror(db) { #expect($0.statistics.rows == 3 && $0.refusedRows == 2) }
        }
    }

    @Test func `Many rows of one transaction arrive`() async throws {
        try await withTestDatabase { db in
            try await withMirror(db) { mirror in
                try await db.administrate(
                    """
                    INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
                    SELECT \(db.alice.id), \(db.alice.assistant.id), n::text, ('[' || n || repeat(',1', 1535) || ']')::vector
                    FROM generate_series(1, 3000) n
                    """)
                #expect(try await eventually { mirror.statistics.rows == 3000 })
                try await db.administrate("DELETE FROM knowledge_base WHERE content::int % 3 = 0")
                #expect(try await eventually { mirror.statistics.rows == 2000 })
            }
        }
    }
}
