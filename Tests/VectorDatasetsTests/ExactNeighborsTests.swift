import Foundation
import Testing

@testable import VectorDatasets

struct ExactNeighborsTests {
    @Test(arguments: [1, 2, 3])
    func theyAreWhatSortingGives(threads: Int) async throws {
        let folder = try TemporaryFolder()
        let set = try SyntheticEmbeddings(rows: 1500, seed: 6)
        let base = try folder.matrix(set.rows(0..<1500), 1536, "base.fbin")
        let queries = try folder.matrix(set.queries(0..<5), 1536, "query.fvecs")
        let found = try await ExactNeighbors.find(base: base, queries: queries, k: 20, threads: threads)
        for query in 0..<5 {
            let vector = queries.copy(query..<query + 1)
            let scored = (0..<1500).map { row in
                (row, zip(vector, base.copy(row..<row + 1)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
            }
            let expected = scored.sorted { $0.1 > $1.1 }.prefix(20)
            #expect(Array(found.ids(ofQuery: query)) == expected.map { Int32($0.0) })
            #expect(found.scores[query * 20..<(query + 1) * 20].elementsEqual(expected.map { Float($0.1) }) { abs($0 - $1) < 1e-7 })
        }
    }

    /// More equal rows than are kept in one round: the lowest ids win.
    @Test func equalRowsComeByTheirIds() async throws {
        let folder = try TemporaryFolder()
        let base = try folder.matrix([Float](repeating: 0.5, count: 4 * 5000), 4, "base.fbin")
        let queries = try folder.matrix([0.5, 0.5, 0.5, 0.5], 4, "query.fbin")
        let found = try await ExactNeighbors.find(base: base, queries: queries, k: 10, threads: 2)
        #expect(found.ids == Array(0..<10))
        #expect(found.scores == [Float](repeating: 1, count: 10))
    }

    @Test func allRowsAreGivenWhenMoreAreAskedFor() async throws {
        let folder = try TemporaryFolder()
        let base = try folder.matrix([1, 0, 0, 1, -1, 0], 2, "base.fbin")
        let queries = try folder.matrix([1, 0], 2, "query.fbin")
        let found = try await ExactNeighbors.find(base: base, queries: queries, k: 100, threads: 2)
        #expect(found == NeighborTable(queries: 1, k: 3, ids: [0, 1, 2], scores: [1, 0, -1]))
    }

    @Test func queriesOfAnotherWidthAreRefused() async throws {
        let folder = try TemporaryFolder()
        let base = try folder.matrix([1, 0], 2, "base.fbin")
        let queries = try folder.matrix([1], 1, "query.fbin")
        await #expect(throws: DatasetError.mismatch(path: queries.path, what: "queries of 1 values for a base of 2")) {
            try await ExactNeighbors.find(base: base, queries: queries, k: 1, threads: 1)
        }
    }
}

extension TemporaryFolder {
    func matrix(_ values: [Float], _ dimensions: Int, _ name: String) throws -> VectorMatrix {
        var writer = try VectorFileWriter(path: path(name), rows: values.count / dimensions, dimensions: dimensions)
        try writer.append(values)
        _ = try writer.finish()
        return try VectorMatrix(path: path(name))
    }
}
