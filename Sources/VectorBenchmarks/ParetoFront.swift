import Foundation

/// The settings of one system that no other of its settings beats in both recall and speed, by ascending recall.
public struct ParetoFront: Sendable {
    public let system: String
    public let results: [BenchmarkResult]

    /// The front of some results of one system.
    init(system: String, of results: [BenchmarkResult]) {
        self.system = system
        var fastest = 0.0
        var front: [BenchmarkResult] = []
        for result in results.sorted(by: { ($0.recall, $0.qps) > ($1.recall, $1.qps) }) where result.qps > fastest {
            fastest = result.qps
            front.append(result)
        }
        self.results = front.reversed()
    }

    /// A front for each system, in the order they come in; of single queries or of batches.
    public static func fronts(of results: [BenchmarkResult], batch: Bool = false) -> [ParetoFront] {
        let chosen = results.filter { $0.isBatch == batch && $0.qps > 0 }
        var systems: [String] = []
        for result in chosen where !systems.contains(result.system) { systems.append(result.system) }
        return systems.map { system in ParetoFront(system: system, of: chosen.filter { $0.system == system }) }
    }

    /// Queries a second at a recall: between two settings along a straight line of the logarithm; nil when no setting reaches it.
    public func qps(at recall: Double) -> Double? {
        guard let above = results.firstIndex(where: { $0.recall >= recall }) else { return nil }
        guard above > 0 else { return results[above].qps }
        let (left, right) = (results[above - 1], results[above])
        let share = (recall - left.recall) / (right.recall - left.recall)
        return exp(log(left.qps) + share * (log(right.qps) - log(left.qps)))
    }

    /// The fastest setting that reaches a recall.
    public func fastest(reaching recall: Double) -> BenchmarkResult? {
        results.first { $0.recall >= recall }
    }
}
