import CSyntheticVectors
import Foundation
import Testing

@testable import VectorDatasets

struct SyntheticEmbeddingsTests {
    @Test func aRowDependsOnItsNumberOnly() throws {
        let set = try SyntheticEmbeddings(rows: 700, seed: 5)
        let whole = set.rows(0..<700)
        for block in [1, 7, 64, 333] {
            let pieces = stride(from: 0, to: 700, by: block).flatMap { set.rows($0..<min($0 + block, 700)) }
            #expect(pieces == whole, "blocks of \(block)")
        }
        let queries = set.queries(0..<50)
        #expect(set.queries(0..<20) + set.queries(20..<50) == queries)
        #expect(Set(whole).isDisjoint(with: queries.prefix(100)))
    }

    /// Bits that every processor, system and BLAS is to give.
    @Test func theBytesAreKnown() throws {
        let folder = try TemporaryFolder()
        var writer = try VectorFileWriter(path: folder.path("base.fbin"), rows: 500, dimensions: 1536)
        try writer.append(SyntheticEmbeddings(preset: .ada, rows: 500, seed: 42).rows(0..<500))
        let checksum = try writer.finish()
        #expect(checksum == "ce90b218a15ef7823650c7234e6f4a41dd98945f30c0e7b056d9aa9aeeaf9429")
    }

    @Test func theBasisIsOrthonormal() throws {
        let space = try LatentSpace(dimensions: 256, seed: 9)
        let rank = LatentSpace.rank
        var units = [Float](repeating: 0, count: rank * rank)
        for axis in 0..<rank { units[axis * rank + axis] = 1 }
        var images = [Float](repeating: 0, count: rank * 256)
        space.addImages(of: units, to: &images, count: rank)
        for first in 0..<rank {
            for second in first..<rank {
                let product = (0..<256).reduce(0.0) { $0 + Double(images[first * 256 + $1]) * Double(images[second * 256 + $1]) }
                #expect(abs(product - (first == second ? 1 : 0)) < 1e-5)
            }
        }
    }

    /// GENERATOR.md: 0.13 for `3large`, about 0.7 for `ada`. The topics' draw moves a seed's mean by a few hundredths.
    @Test(arguments: [(EmbeddingPreset.threeLarge, 0.13), (.ada, 0.7)])
    func meanCosineIsThePresets(preset: EmbeddingPreset, expected: Double) throws {
        let set = try SyntheticEmbeddings(preset: preset, rows: 4000, seed: 3)
        let sample = stride(from: 0, to: 4000, by: 16).map { set.rows($0..<$0 + 1) }
        var sum = [Double](repeating: 0, count: SyntheticEmbeddings.dimensions)
        for row in sample {
            #expect(abs(bunko_exact_dot(row, row, row.count) - 1) < 1e-6)
            for axis in row.indices { sum[axis] += Double(row[axis]) }
        }
        let count = Double(sample.count)
        let mean = (sum.reduce(0) { $0 + $1 * $1 } - count) / (count * (count - 1))
        #expect(abs(mean - expected) < 0.04)
    }

    @Test func documentsFollowTheirLaw() {
        let table = DocumentTable(rows: 80_000, seed: 2)
        let starts = table.documents.map(\.firstRow)
        let sizes = zip(starts.dropFirst(), starts).map { $0 - $1 }
        #expect(sizes.allSatisfy { $0 >= 2 })
        let mean = Double(sizes.reduce(0, +)) / Double(sizes.count)
        #expect(abs(mean - 9) < 0.4)
        // Rows end before the documents do, since a document has 9 chunks and one is planned for 8 rows.
        #expect(table.firstExtraRow == 80_000)
        #expect(table.documents.count < 10_000)
        let logarithms = table.documents.map { log(Double($0.spread)) }
        let deviation = (logarithms.reduce(0) { $0 + $1 * $1 } / Double(logarithms.count)).squareRoot()
        #expect(abs(deviation - 0.3) < 0.02)
        for row in stride(from: 0, to: 80_000, by: 997) {
            let document = table.document(ofRow: row)
            #expect(starts[document] <= row)
            #expect(document + 1 == starts.count || starts[document + 1] > row)
        }
    }

    /// Small sets may run out of documents: then further chunks of existing ones fill them.
    @Test func everySizeIsFilled() throws {
        var filled = 0
        for rows in 1...60 {
            let table = DocumentTable(rows: rows, seed: 8)
            for row in table.firstExtraRow..<rows { #expect(table.documents.indices.contains(table.document(ofRow: row))) }
            if table.firstExtraRow < rows { filled += 1 }
        }
        #expect(filled > 0)
        #expect(try SyntheticEmbeddings(rows: 1, seed: 0).rows(0..<1).count == 1536)
        #expect(throws: DatasetError.emptySet) { try SyntheticEmbeddings(rows: 0, seed: 0) }
    }

    @Test func tenantsAreFiftyDocumentsInARow() throws {
        let tenants = try SyntheticEmbeddings(rows: 5000, seed: 4).tenants(0..<5000)
        #expect(tenants == tenants.sorted())
        #expect(tenants.first == 0)
        #expect((8...14).contains(tenants.last ?? 0))
    }
}
