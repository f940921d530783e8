import Foundation
import Testing

@testable import VectorDatasets

struct FileTests {
    private static let one = Float(1).bitPattern

    @Test(arguments: ["v.fbin", "v.fvecs"])
    func vectorsComeBackAsTheyWere(name: String) throws {
        let folder = try TemporaryFolder()
        let values = (0..<30).map { Float($0) / 7 }
        var writer = try VectorFileWriter(path: folder.path(name), rows: 10, dimensions: 3)
        try writer.append(Array(values[..<12]))
        try writer.append(Array(values[12...]))
        let checksum = try writer.finish()
        let matrix = try VectorMatrix(path: folder.path(name))
        #expect((matrix.rows, matrix.dimensions) == (10, 3))
        #expect(matrix.copy(0..<10) == values)
        #expect(matrix.copy(4..<6) == Array(values[12..<18]))
        #expect(matrix.sha256 == checksum)
    }

    @Test(arguments: ["n.ibin", "n.ivecs"], [true, false])
    func neighboursComeBackAsTheyWere(name: String, scored: Bool) throws {
        let folder = try TemporaryFolder()
        let table = NeighborTable(queries: 3, k: 2, ids: [0, 1, 2, 3, 4, 5], scores: scored ? [6, 5, 4, 3, 2, 1] : [])
        try table.write(to: folder.path(name))
        let read = try NeighborTable(path: folder.path(name), rows: 6)
        #expect(read.ids == table.ids && read.queries == 3 && read.k == 2)
        #expect(read.scores == (name.hasSuffix("ibin") ? table.scores : []))
        #expect(Array(read.ids(ofQuery: 1)) == [2, 3])
    }

    @Test func anAnnouncedNumberOfRowsIsKept() throws {
        let folder = try TemporaryFolder()
        var writer = try VectorFileWriter(path: folder.path("v.fbin"), rows: 3, dimensions: 2)
        try writer.append([1, 2])
        #expect(throws: DatasetError.mismatch(path: folder.path("v.fbin"), what: "1 vectors were written where 3 were announced")) {
            try writer.finish()
        }
    }

    /// Every length a file of two rows of two values can be cut to.
    @Test func everyCutFbinIsRefused() throws {
        let folder = try TemporaryFolder()
        let whole = words(2, 2, Self.one, Self.one, Self.one, Self.one)
        for length in 0..<whole.count {
            let path = try folder.write(Array(whole[..<length]), "v.fbin")
            #expect(throws: DatasetError.wrongLength(path: path, expected: length < 4 ? 4 : length < 8 ? 8 : 24, found: length)) {
                try VectorMatrix(path: path)
            }
        }
        let longer = try folder.write(whole + [0], "v.fbin")
        #expect(throws: DatasetError.wrongLength(path: longer, expected: 24, found: 25)) { try VectorMatrix(path: longer) }
    }

    @Test func everyCutFvecsIsRefused() throws {
        let folder = try TemporaryFolder()
        let whole = words(2, Self.one, Self.one, 2, Self.one, Self.one)
        for length in 0..<whole.count where length != 12 {
            let path = try folder.write(Array(whole[..<length]), "v.fvecs")
            #expect(throws: DatasetError.wrongLength(path: path, expected: length < 4 ? 4 : length < 12 ? 12 : 24, found: length)) {
                try VectorMatrix(path: path)
            }
        }
        let uneven = try folder.write(words(2, Self.one, Self.one, 3, Self.one, Self.one), "v.fvecs")
        #expect(throws: DatasetError.unevenRecord(path: uneven, offset: 12, expected: 2, found: 3)) { try VectorMatrix(path: uneven) }
    }

    @Test func everyCutIbinIsRefused() throws {
        let folder = try TemporaryFolder()
        let whole = words(2, 1, 0, 1, Self.one, Self.one)
        // 16 bytes are the ids without scores.
        for length in 0..<whole.count where length != 16 {
            let path = try folder.write(Array(whole[..<length]), "n.ibin")
            #expect(throws: DatasetError.self) { try NeighborTable(path: path, rows: 2) }
        }
        #expect(try NeighborTable(path: folder.write(Array(whole[..<16]), "n.ibin"), rows: 2).scores.isEmpty)
        #expect(try NeighborTable(path: folder.write(whole, "n.ibin"), rows: 2).scores == [1, 1])
    }

    @Test(arguments: [
        ("v.fbin", words(0xffff_ffff, 0xffff_ffff)), ("v.fbin", words(1, 0)), ("v.fbin", words(0xffff_ffff, 1)),
        ("v.fvecs", words(0)), ("v.fvecs", words(0xffff_ffff)), ("v.fvecs", []),
    ])
    func impossibleHeadersAreRefused(name: String, bytes: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, name)
        #expect(throws: DatasetError.self) { try VectorMatrix(path: path) }
    }

    @Test(arguments: [("n.ibin", words(0xffff_ffff, 0xffff_ffff)), ("n.ibin", words(0x8000_0000, 0x8000_0000)), ("n.ivecs", words(0))])
    func impossibleTablesAreRefused(name: String, bytes: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, name)
        #expect(throws: DatasetError.self) { try NeighborTable(path: path, rows: 10) }
    }

    @Test func anUnknownRowIsNamedWithItsPlace() throws {
        let folder = try TemporaryFolder()
        let table = try folder.write(words(2, 2, 0, 1, 2, 7), "n.ibin")
        #expect(throws: DatasetError.unknownRow(path: table, offset: 20, id: 7, rows: 5)) { try NeighborTable(path: table, rows: 5) }
        let records = try folder.write(words(2, 0, 1, 2, 2, 7), "n.ivecs")
        #expect(throws: DatasetError.unknownRow(path: records, offset: 20, id: 7, rows: 5)) { try NeighborTable(path: records, rows: 5) }
        let negative = try folder.write(words(1, 1, 0xffff_ffff), "n.ibin")
        #expect(throws: DatasetError.unknownRow(path: negative, offset: 8, id: -1, rows: 5)) { try NeighborTable(path: negative, rows: 5) }
    }

    @Test func missingAndForeignFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        #expect(throws: DatasetError.unreadable(path: folder.path("no.fbin"), reason: "No such file or directory")) {
            try VectorMatrix(path: folder.path("no.fbin"))
        }
        let text = try folder.write(Array("hello".utf8), "v.txt")
        #expect(throws: DatasetError.unknownFormat(path: text)) { try VectorMatrix(path: text) }
        #expect(throws: DatasetError.unwritable(path: "/proc/no.fbin", reason: "No such file or directory")) {
            try VectorFileWriter(path: "/proc/no.fbin", rows: 1, dimensions: 1)
        }
    }

    @Test func filesOfAFolderMustBelongTogether() throws {
        let folder = try TemporaryFolder()
        let set = DatasetFolder(path: folder.path)
        _ = try folder.write(words(2, 1, Self.one, Self.one), "base.fbin")
        let base = try set.base()
        let queries = try folder.write(words(1, 2, Self.one, Self.one), "query.fbin")
        #expect(throws: DatasetError.mismatch(path: queries, what: "queries of 2 values for a base of 1")) { try set.queries(for: base) }
        _ = try folder.write(words(1, 1, Self.one), "query.fbin")
        let truth = try folder.write(words(2, 1, 0, 0), "gt.ibin")
        #expect(throws: DatasetError.mismatch(path: truth, what: "neighbours of 2 queries for 1 queries")) {
            try set.truth(base: base, queries: set.queries(for: base))
        }
    }
}
