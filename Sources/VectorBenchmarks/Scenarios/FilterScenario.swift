import Foundation
import VectorDatasets
import RowFilters
import VectorIndex

extension ScenarioMeasurement {
    static let filterShares = [0.01, 0.1, 0.5]

    /// Searches without a filter and with each of six, on an index whose rows carry keywords for them.
    func filters(workers: Int) async throws -> (unfiltered: SearchFigures, filters: [FilterFigures]) {
        let contender = try await built(rows: base.rows, workers: workers, attributes: keywords())
        let queries = judgedQueries
        let unfiltered = try await search(contender, queries).0
        var figures: [FilterFigures] = []
        for layout in FilterFigures.Layout.allCases {
            for share in Self.filterShares {
                try Task.checkCancellation()
                let filter = RowFilter.compare(.equal, key: layout.rawValue, value: .text(Self.keyword(share)))
                let (search, answers, exact) = try await search(contender.limited(to: [Self.effort], filter: filter), queries)
                figures.append(
                    FilterFigures(layout: layout, share: share, matched: exact.matched, short: exact.short(answers), search: search))
            }
        }
        return (unfiltered, figures)
    }

    private static func keyword(_ share: Double) -> String {
        "\(Int(share * 100))%"
    }

    /// A row carries under each layout's name the shares it belongs to; smaller ones lie within larger ones.
    private func keywords() -> @Sendable (Int) -> RowAttributes {
        let places = [FilterFigures.Layout.random: places(of: scrambled), .clustered: places(of: nearness())]
        let rows = Double(base.rows)
        return { row in
            RowAttributes(
                keywords: Dictionary(
                    uniqueKeysWithValues: places.map { layout, places in
                        (layout.rawValue, Self.filterShares.filter { Double(places[row]) < $0 * rows }.map(Self.keyword))
                    }))
        }
    }

    /// The place of each row when they are ordered by a value, smallest first.
    private func places<Value: Comparable>(of value: (Int) -> Value) -> [Int] {
        let values = (0..<base.rows).map(value)
        var places = [Int](repeating: 0, count: base.rows)
        for (place, row) in values.indices.sorted(by: { (values[$0], $0) < (values[$1], $1) }).enumerated() { places[row] = place }
        return places
    }

    /// The negated product of a row with one of the rows, which is drawn.
    private func nearness() -> (Int) -> Float {
        let drawn = Int(scrambled(base.rows) % UInt64(base.rows))
        let seed = base.copy(drawn..<drawn + 1)
        return { row in
            base.withValues { values in
                // Eight sums side by side: one after the other a set of a million rows would take seconds.
                var sums = SIMD8<Float>.zero
                let start = row * base.stride
                let whole = seed.count - seed.count % 8
                for column in stride(from: 0, to: whole, by: 8) {
                    sums += Self.eight(values, start + column) * seed.withUnsafeBufferPointer { Self.eight($0, column) }
                }
                return -(whole..<seed.count).reduce(sums.sum()) { $0 + values[start + $1] * seed[$1] }
            }
        }
    }

    private static func eight(_ values: UnsafeBufferPointer<Float>, _ first: Int) -> SIMD8<Float> {
        UnsafeRawBufferPointer(values).loadUnaligned(fromByteOffset: 4 * first, as: SIMD8<Float>.self)
    }
}
