import Foundation
import Testing

@testable import VectorDatasets

struct GenerateTests {
    private static let recipe = DatasetManifest.Recipe(preset: .threeLarge, rows: 900, queries: 30, seed: 11, k: 20)

    @Test func threadsChangeNothing() async throws {
        let folder = try TemporaryFolder()
        var sets: [[Data]] = []
        for threads in [1, 2, 5] {
            let set = DatasetFolder(path: folder.path("set\(threads)"))
            _ = try await set.generate(Self.recipe, threads: threads) { _, _, _ in }
            let names = ["base.fbin", "query.fbin", "gt.ibin", "tenant.u32", "dataset.json"]
            sets.append(try names.map { try Data(contentsOf: URL(filePath: set.file($0))) })
        }
        #expect(sets[1] == sets[0])
        #expect(sets[2] == sets[0])
        let sizes = [8 + 900 * 6144, 8 + 30 * 6144, 8 + 30 * 20 * 8, 900 * 4]
        #expect(Array(sets[0].map(\.count)[..<4]) == sizes)
    }

    @Test func theSameSetIsLeftAndAnythingElseRefused() async throws {
        let folder = try TemporaryFolder()
        let set = DatasetFolder(path: folder.path("set"))
        try FileManager.default.createDirectory(atPath: set.path, withIntermediateDirectories: false)
        guard case .made(let manifest) = try await set.generate(Self.recipe, threads: 2, progress: { _, _, _ in }) else {
            Issue.record("an empty folder is no reason to stop")
            return
        }
        #expect(try set.base().sha256 == manifest.baseSHA256)
        guard case .alreadyThere(manifest) = try await set.generate(Self.recipe, threads: 2, progress: { _, _, _ in }) else {
            Issue.record("the set was not known again")
            return
        }
        var other = Self.recipe
        other.seed = 12
        await #expect(
            throws: DatasetError.occupied(path: set.path, what: "holds another data set (3large, 900 rows, 30 queries, seed 11, k 20)")
        ) {
            try await set.generate(other, threads: 2) { _, _, _ in }
        }
        _ = try folder.write([1], "stray")
        await #expect(throws: DatasetError.occupied(path: folder.path, what: "holds files that are no generated data set")) {
            try await DatasetFolder(path: folder.path).generate(Self.recipe, threads: 2) { _, _, _ in }
        }
        try Data().write(to: URL(filePath: set.file("base.fbin")))
        await #expect(throws: DatasetError.wrongLength(path: set.file("base.fbin"), expected: 4, found: 0)) {
            try await set.generate(Self.recipe, threads: 2) { _, _, _ in }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["set", "stray"])
    }

    @Test func anInterruptedRunLeavesNothing() async throws {
        let folder = try TemporaryFolder()
        let set = DatasetFolder(path: folder.path("set"))
        let task = Task {
            try await set.generate(.init(preset: .ada, rows: 200_000, queries: 10, seed: 1), threads: 1) { _, _, _ in
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func statisticsAreThoseOfTheRows() async throws {
        let folder = try TemporaryFolder()
        // Two axes, the second half as often, one row twice as long; the mean cosine of pairs: 1 within an axis, else 0.
        let rows: [[Float]] = [[1, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]]
        _ = try folder.matrix(rows.flatMap(\.self), 3, "base.fbin")
        let statistics = try await DatasetFolder(path: folder.path).statistics(threads: 2)
        #expect(statistics.norms == .init(min: 1, mean: 7.0 / 6, max: 2))
        #expect(abs(statistics.meanCosine - 14.0 / 30) < 1e-12)
        #expect(statistics.rc10 == nil && statistics.queries == 0 && statistics.matchesManifest == nil)
        #expect(statistics.components.sample == 6 && statistics.components.dimensions95 <= 2)

        let set = DatasetFolder(path: folder.path("set"))
        _ = try await set.generate(.init(preset: .threeLarge, rows: 3000, queries: 100, seed: 1), threads: 2) { _, _, _ in }
        let generated = try await set.statistics(threads: 2)
        #expect(generated.matchesManifest == true)
        #expect((1.2...2.2).contains(generated.rc10?.p50 ?? 0))
        #expect((5...25).contains(generated.lid100?.p50 ?? 0))
        #expect((60...224).contains(generated.components.participation))
        #expect((100...230).contains(generated.components.dimensions90))
    }

    @Test func aValueThatIsNoNumberIsFound() async throws {
        let folder = try TemporaryFolder()
        let matrix = try folder.matrix([1, 2, 3, .nan, 5, 6], 2, "base.fbin")
        await #expect(throws: DatasetError.notFinite(path: matrix.path, offset: 8 + 4 * 3)) {
            try await DatasetFolder(path: folder.path).statistics(threads: 2)
        }
    }
}
