import Domain
import Foundation
import LexicalIndex
import Postgres
@testable import Retrieval
import Storage
import TestSupport
import Testing
import VectorIndex

@Suite struct VerificationTests {
    @Test func `An index that is what the table says is told so, while rows come and go`() async throws {
        try await withTestDatabase { db in
            for number in 0..<40 {
                try await db.insertPassage("\(number)", embedding: .unit(number), for: number % 3 == 0 ? db.bob : db.alice)
            }
            try await db.insertPassage("zero", embedding: [Float](repeating: 0, count: 1536), for: db.alice)
            try await withMirror(db) { mirror in
                let quiet = try await mirror.verify(repair: false)
                #expect(
                    quiet.isSame && quiet.table_rows == 40 && quiet.index_rows == 40 && quiet.unsearchable == 1 && quiet.partitions == 2)
                #expect(quiet.recall == 1 && quiet.compared == 2)
                let writing = Task {
                    var ids: [ChunkID] = []
                    for number in 0..<200 {
                        ids.append(try await db.insertPassage("\(number)", embedding: .unit(number), for: db.alice))
                        if number % 4 == 0 {
                            let gone = ids.removeFirst()
                            try await db.administrate("DELETE FROM knowledge_base WHERE id = \(gone)")
                        }
                    }
                }
                for _ in 0..<5 {
                    let report = try await mirror.verify(repair: false)
                    #expect(report.isSame, "\(report.examples)")
                }
                try await writing.value
                #expect(try await mirror.verify(repair: false).index_rows == 190)
            }
        }
    }

    @Test func `What differs is found, named and put right`() async throws {
        try await withTestDatabase { db in
            var ids: [ChunkID] = []
            for number in 0..<10 { ids.append(try await db.insertPassage("\(number)", embedding: .unit(number), for: db.alice)) }
            try await db.administrate("UPDATE knowledge_base SET tags = '{a,b}' WHERE id = \(ids[3])")
            try await withMirror(db) { mirror in
                let (index, partition) = (mirror.index, db.alice.assistant.id.rawValue)
                let (extra, stray) = (UUID(), UUID())
                index.remove([ids[0].rawValue], from: partition)
                var changed = try #require(index.rows([ids[1].rawValue], in: partition).values.first)
                changed.vector = .unit(77)
                var tagged = try #require(index.rows([ids[3].rawValue], in: partition).values.first)
                #expect(tagged.attributes.keywords["tags"]?.sorted() == ["a", "b"])
                tagged.attributes.keywords["tags"] = ["a"]
                try index.upsert([changed, tagged, IndexRow(id: extra, vector: .unit(3))], in: partition)
                mirror.indexes.words.upsert([LexicalDocument(id: ids[5].rawValue, fields: [.init("other words")])], in: partition)
                mirror.indexes.words.remove([ids[6].rawValue], from: partition)
                try index.upsert([IndexRow(id: stray, vector: .unit(3))], in: UUID())
                let other = try await mirror.verify(db.bob.assistant.id, repair: false)
                #expect(other.isSame)
                for repair in [false, true] {
                    let report = try await mirror.verify(repair: repair)
                    #expect(report.differing == ["missing": 1, "words": 2, "vector": 1, "attributes": 1, "extra": 2])
                    #expect(Set(report.examples.map(\.id)) == Set([0, 1, 3, 5, 6].map { ids[$0].rawValue } + [extra, stray]))
                    #expect(report.repaired == (repair ? 7 : 0))
                }
                #expect(try await mirror.verify(repair: false).isSame)
            }
        }
    }
}
