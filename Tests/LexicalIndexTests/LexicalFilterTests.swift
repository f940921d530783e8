import Foundation
import RowFilters
import Testing

@testable import LexicalIndex

/// Filters and snapshots over documents that come, change and go, against what plain Swift makes of them.
@Suite struct LexicalFilterTests {
    private static let words = ["ferry", "harbour", "bakery", "office", "cargo", "항구", "港の", "zebra"]
    private static let tags = [["red"], ["blue"], ["red", "blue"]]
    private let partition = UUID()

    private func document(_ random: inout some RandomNumberGenerator, id: UUID = UUID()) -> LexicalDocument {
        let text = (0..<Int.random(in: 1...20, using: &random)).map { _ in Self.words.randomElement(using: &random) ?? "" }
        var attributes = RowAttributes()
        if Bool.random(using: &random) { attributes.keywords["tags"] = Self.tags.randomElement(using: &random) }
        if Bool.random(using: &random) { attributes.numbers["year"] = Double(Int.random(in: 2_000...2_030, using: &random)) }
        return LexicalDocument(id: id, fields: [.init(text.joined(separator: " "))], attributes: attributes)
    }

    private func passes(_ attributes: RowAttributes, _ filter: RowFilter) -> Bool {
        switch filter {
        case .compare(.equal, let key, .text(let text)): attributes.keywords[key]?.contains(text) ?? false
        case .compare(.notEqual, let key, .text(let text)): !(attributes.keywords[key]?.contains(text) ?? false)
        case .compare(.greater, let key, .number(let number)): attributes.numbers[key].map { $0 > number } ?? false
        case .all(let filters): filters.allSatisfy { passes(attributes, $0) }
        case .any(let filters): filters.contains { passes(attributes, $0) }
        default: false
        }
    }

    private let filters: [RowFilter] = [
        .compare(.equal, key: "tags", value: .text("red")), .compare(.notEqual, key: "tags", value: .text("red")),
        .compare(.greater, key: "year", value: .number(2_020)),
        .all([.compare(.equal, key: "tags", value: .text("blue")), .compare(.greater, key: "year", value: .number(2_010))]),
        .any([.compare(.equal, key: "tags", value: .text("none")), .compare(.greater, key: "year", value: .number(2_025))]),
    ]

    @Test(arguments: 1...6) func filteredHitsAreTheBestThatPass(seed: Int) throws {
        var random = SeededRandom(state: UInt64(seed))
        var index = LexicalIndex()
        var documents: [UUID: LexicalDocument] = [:]
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: file) }
        for round in 0..<12 {
            let known = Array(documents.keys)
            var changed = (0..<Int.random(in: 1...60, using: &random)).map { _ in document(&random) }
            changed += known.shuffled(using: &random).prefix(5).map { document(&random, id: $0) }
            index.upsert(changed, in: partition)
            for document in changed { documents[document.id] = document }
            let gone = Array(known.shuffled(using: &random).prefix(8))
            index.remove(gone, from: partition)
            for id in gone { documents[id] = nil }
            if round % 4 == 3 {
                let token = UUID()
                try index.image().write(to: file, token: token)
                index = try LexicalIndex(contentsOf: file, token: token)
            }
            try check(index, documents, &random)
        }
    }

    private func check(_ index: LexicalIndex, _ documents: [UUID: LexicalDocument], _ random: inout SeededRandom) throws {
        #expect(Set(index.ids(in: partition)) == Set(documents.keys))
        #expect(index.differing(Array(documents.values), in: partition).isEmpty)
        let query = Self.words.shuffled(using: &random).prefix(2).joined(separator: " ")
        let everything = index.search(query, partitions: [partition], k: 1_000)
        for filter in filters {
            let expected = everything.hits.filter { hit in documents[hit.id].map { passes($0.attributes, filter) } ?? false }
            let found = index.search(query, partitions: [partition], k: 10, filter: filter)
            #expect(found.hits == Array(expected.prefix(10)) && found.matched == expected.count)
        }
        let allowed = Set(everything.hits.map(\.id).shuffled(using: &random).prefix(7))
        let some = index.search(query, partitions: [partition], k: 10, allowed: allowed)
        #expect(Set(some.hits.map(\.id)) == allowed)
        let asked = Array(documents.keys.shuffled(using: &random).prefix(20))
        let scores = index.search(query, partitions: [partition], k: 1, scoring: asked).scores
        let known = Dictionary(uniqueKeysWithValues: everything.hits.map { ($0.id, $0.score) })
        #expect(scores == known.filter { asked.contains($0.key) })
    }

    @Test func whatDiffersIsTold() {
        let index = LexicalIndex()
        let (a, b, c) = (UUID(), UUID(), UUID())
        func document(_ id: UUID, _ text: String, _ tags: [String] = []) -> LexicalDocument {
            LexicalDocument(id: id, fields: [.init(text)], attributes: RowAttributes(keywords: ["tags": tags]))
        }
        index.upsert([document(a, "one", ["x", "y"]), document(b, "two")], in: partition)
        let same = [document(a, "one", ["y", "x", "x"]), document(b, "two")]
        #expect(index.differing(same, in: partition).isEmpty)
        let others = [document(a, "one", ["x"]), document(b, "two!"), document(c, "three")]
        #expect(index.differing(others, in: partition) == [a, b, c])
        #expect(index.differing(same, in: UUID()) == [a, b])
        #expect(index.contains(a, in: partition) && !index.contains(c, in: partition))
    }

    // MARK: - Damaged snapshots

    /// Every byte changed, and every length cut: an error that names the file, never another index.
    @Test func damageIsFound() throws {
        var random = SeededRandom(state: 7)
        let index = LexicalIndex()
        index.upsert((0..<40).map { _ in document(&random) }, in: partition)
        index.upsert((0..<3).map { _ in document(&random) }, in: UUID())
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        let token = UUID()
        let path = file.path(percentEncoded: false)
        try index.image().write(to: path, token: token)
        let bytes = try Data(contentsOf: file)
        func error(_ bytes: Data, _ token: UUID) throws -> LexicalSnapshotError? {
            try bytes.write(to: file)
            do throws(LexicalSnapshotError) {
                _ = try LexicalIndex(contentsOf: path, token: token)
                return nil
            } catch {
                return error
            }
        }
        #expect(try error(bytes, token) == nil)
        #expect(try error(bytes, UUID()) != nil, "a part of another snapshot")
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var other = bytes
            other[place] ^= 0x10
            #expect(try error(other, token) != nil, "byte \(place)")
            #expect(try error(bytes.prefix(place), token) != nil, "cut at \(place)")
        }
        // Behind a checksum that matches, too: nothing may be read where nothing is.
        for place in stride(from: 0, to: bytes.count - 4, by: 3) {
            for value in [0x00, 0xFF] as [UInt8] {
                var other = bytes.dropLast(4)
                other[place] = value
                other.append(contentsOf: withUnsafeBytes(of: other.withUnsafeBytes { LexicalSnapshotReader.checksum($0) }) { Array($0) })
                _ = try error(other, token)
            }
        }
        try FileManager.default.removeItem(at: file)
        #expect(throws: LexicalSnapshotError.system(path: path, operation: "reading it", code: ENOENT)) {
            try LexicalIndex(contentsOf: path, token: token)
        }
    }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
