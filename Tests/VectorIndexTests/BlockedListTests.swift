import CVectorKernels
import Foundation
import Testing

import RowFilters
@testable import VectorIndex

/// A list that keeps its codes in blocks too is scanned like one that does not.
struct BlockedListTests {
    private static let dimensions = 128
    private let rotation = Rotation(dimensions: dimensions, seed: 21)
    private let space: CodeSpace

    init() {
        space = CodeSpace(rotation: rotation, centre: [Float](repeating: 0, count: Self.dimensions), rows: 1)
    }

    /// Rows under `visible` are published at first, then the others, a few at a time, as a writer does.
    private func list(_ rows: [[Float]], inBlocks: Bool, visible: Int) -> CodeList {
        let list = CodeList(capacity: rows.count + 7, width: rotation.width, inBlocks: inBlocks)
        var scratch = [Float](repeating: 0, count: rotation.width)
        var code = [UInt8](repeating: 0, count: space.codeBytes)
        for (number, row) in rows.enumerated() {
            let factors = space.encode(row, scratch: &scratch, into: &code)
            list.write(number, code: code, factors: factors, slot: Slot(number))
            if number + 1 >= visible, number % 5 == 4 { list.publish(number + 1) }
        }
        list.publish(rows.count)
        return list
    }

    private struct Found: Equatable {
        /// Upper bounds by slot.
        var bounds: [Slot: Float] = [:]
        var matched = 0
        var isAtEnd = false
    }

    /// All candidates of a scan with no threshold, which goes on in many places, within blocks among others.
    private func scan(_ list: CodeList, _ query: QueryCode, _ rows: Bitmap, sparse: Bool) -> Found {
        let collector = SearchCollector(k: list.count + 1)
        collector.reserve(list.count + 128)
        let room = collector.state.capacity
        var interruptions = 0
        var scanned = bunko_scanned(rows: 0, matched: 0)
        var cursor = bunko_cursor(list: 0, row: 0)
        rows.words.withUnsafeBufferPointer { words in
            var rows = bunko_rows(words: words.baseAddress, slots: rows.capacity, sparse: sparse)
            var view = list.view
            query.withCodeQuery(space: space, epsilon: 1.9) { codeQuery in
                repeat {
                    collector.state.capacity = min(room, collector.state.count + 64)
                    interruptions += 1
                } while !bunko_scan(
                    &view, [0], 1, &cursor, &codeQuery, &rows, nil, 0, &collector.state, query.scratch, &scanned)
            }
        }
        let candidates = UnsafeBufferPointer(start: collector.state.candidates, count: collector.state.count)
        #expect(Set(candidates.map(\.slot)).count == candidates.count, "a row was found twice")
        #expect(interruptions > candidates.count / 128)
        #expect(scanned.rows >= candidates.count)
        collector.state.capacity = room
        return Found(
            bounds: Dictionary(candidates.map { ($0.slot, $0.upper) }, uniquingKeysWith: max), matched: scanned.matched,
            isAtEnd: cursor.list == 1)
    }

    @Test(arguments: [1, 31, 32, 33, 64, 100, 1_023, 3_000])
    func scansFindTheSameRowsAndBounds(count: Int) {
        var generator = SplitMix64(seed: UInt64(count))
        func row() -> [Float] {
            var row = smoothVector(Self.dimensions, &generator)
            _ = bunko_normalize(&row, row.count)
            return row
        }
        let rows = (0..<count).map { _ in row() }
        let plain = list(rows, inBlocks: false, visible: count)
        let blocked = list(rows, inBlocks: true, visible: 40)
        #expect(plain.blockedCodes == nil)
        expectBlocks(blocked)
        let query = QueryCode(row(), norm: 1, rotation: rotation)
        for share in [0, 0.02, 0.2, 0.5, 0.9, 1] {
            var allowed = Bitmap(capacity: count)
            for slot in 0..<count where Double.random(in: 0..<1, using: &generator) < share { allowed.insert(Slot(slot)) }
            for sparse in [true, false] {
                let expected = scan(plain, query, allowed, sparse: sparse)
                #expect(Set(expected.bounds.keys) == Set(allowed.slots))
                #expect(scan(blocked, query, allowed, sparse: sparse) == expected, "\(share), sparse \(sparse)")
            }
        }
    }

    @Test func copiesStayInBlocks() {
        var generator = SplitMix64(seed: 7)
        let rows = (0..<20).map { _ in smoothVector(Self.dimensions, &generator) }
        // Too short for a block of its own.
        let short = list(rows, inBlocks: true, visible: 0)
        let grown = short.copy(capacity: 200)
        var code = [UInt8](repeating: 0, count: space.codeBytes)
        for number in 20..<200 {
            let factors = short.read(number % 20, into: &code)
            grown.write(number, code: code, factors: factors, slot: Slot(number))
        }
        grown.publish(200)
        expectBlocks(grown)
        let halved = grown.copy(capacity: 100) { $0 % 2 == 0 ? $0 : nil }
        #expect(halved.count == 100)
        expectBlocks(halved)
        let image = halved.image(count: 100)
        #expect(CodeList(full: 100, width: rotation.width, memory: image).blockedCodes == nil)
        expectBlocks(CodeList(full: 100, width: rotation.width, memory: image, inBlocks: true))
        let long = grown.copy(capacity: CodeList.mostRowsInBlocks + 4)
        #expect(long.blockedCodes == nil)
        expectBlocks(long.copy(capacity: 300))
    }

    /// The blocks hold the codes of all full blocks of rows.
    private func expectBlocks(_ list: CodeList) {
        let full = list.count / 32 * 32
        guard list.capacity >= 32 else { return }
        guard let blocks = list.blockedCodes else {
            Issue.record("a list of \(list.count) rows has no blocks")
            return
        }
        #expect(blocks.count == full * space.codeBytes)
        var code = [UInt8](repeating: 0, count: space.codeBytes)
        for row in 0..<full {
            _ = list.read(row, into: &code)
            #expect(code.indices.allSatisfy { blocks[(row / 32 * space.codeBytes + $0) * 32 + row % 32] == code[$0] })
        }
    }
}
