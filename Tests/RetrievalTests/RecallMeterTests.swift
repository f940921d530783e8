import Foundation
@testable import Retrieval
import TestSupport
import Testing
import VectorIndex

@Suite struct RecallMeterTests {
    private let partition = UUID()
    /// What is measured runs when nothing else wants a processor, which other tests may keep busy for long.
    private static let patience = Duration.seconds(240)

    private func makeIndex() throws -> PartitionedIndex {
        var configuration = IndexConfiguration(dimensions: 16)
        configuration.exhaustiveRows = 50
        configuration.singleListRows = 300
        let index = PartitionedIndex(configuration: configuration)
        try index.upsert((0..<1_200).map { _ in IndexRow(id: UUID(), vector: vector()) }, in: partition)
        index.maintain()
        return index
    }

    private func vector() -> [Float] { (0..<16).map { _ in Float.random(in: -1...1) } }

    private func request() -> SearchRequest {
        SearchRequest(vector: vector(), partitions: [partition], k: 10, effort: .recall(0.95))
    }

    @Test func `What is found of the true neighbours is measured`() async throws {
        let index = try makeIndex()
        let meter = RecallMeter(share: 1, rest: 0, logger: .silent)
        #expect(meter.report.mean == nil && meter.report.questions == 0)
        let measured = try await eventually(within: Self.patience) {
            let request = request()
            meter.offer(request, try index.search(request), index)
            return meter.report.questions >= 50
        }
        let report = meter.report
        let (mean, p5) = (try #require(report.mean), try #require(report.p5))
        #expect(measured && mean > 0.8 && mean <= 1 && p5 <= mean && report.retrained == 0, "\(report)")
    }

    @Test func `A partition of which too little is found is trained anew`() async throws {
        let index = try makeIndex()
        let meter = RecallMeter(share: 1, rest: 0, logger: .silent)
        let trained = index.drift.trainings
        let weak = try await eventually(within: Self.patience) {
            let request = request()
            var shorter = request
            shorter.k = 1
            // One of ten.
            meter.offer(request, try index.search(shorter), index)
            return meter.report.retrained > 0
        }
        #expect(weak)
        let mean = try #require(meter.report.mean)
        #expect(mean > 0.05 && mean < 0.2)
        #expect(try await eventually(within: Self.patience) { index.drift.trainings > trained })
        let found = try index.search(request())
        #expect(found.hits.count == 10)
    }
}
