import Foundation

/// How many lists a search probes, and how wide it takes the codes' bounds.
struct SearchPlan {
    let epsilon: Float
    /// Lists are probed while their score is at most this much under the best one's.
    private let gap: Float
    let fewestProbes: Int
    let mostProbes: Int

    static func epsilon(_ effort: SearchEffort) -> Float {
        switch effort {
        case .exact: 2.5
        case .recall(let recall): recall < 0.985 ? 1.9 : 2.5
        case .probes(_, let epsilon): max(0, epsilon)
        }
    }

    /// - Parameter matchingShare: share of the partition's rows that a filter lets through; under a filter the best rows lie further away.
    init(effort: SearchEffort, k: Int, coarse: CoarseQuantizer, matchingShare: Double) {
        epsilon = Self.epsilon(effort)
        let widening = pow(max(matchingShare, 1e-6), -0.45)
        switch effort {
        case .exact:
            (gap, fewestProbes, mostProbes) = (.infinity, coarse.lists, coarse.lists)
        case .probes(let probes, _):
            let count = min(coarse.lists, max(1, Int((Double(probes) * widening).rounded())))
            (gap, fewestProbes, mostProbes) = (.infinity, count, count)
        case .recall:
            let count = min(coarse.lists, max(1, Int((Double(coarse.lists) * 0.026 * widening).rounded())))
            (gap, fewestProbes, mostProbes) = (.infinity, count, count)
        }
    }

    /// Lists to probe of a ranking's scores, best first.
    func probes(_ scores: [Float]) -> Int {
        guard let best = scores.first else { return 0 }
        var count = min(fewestProbes, scores.count)
        while count < min(mostProbes, scores.count), scores[count] >= best - gap { count += 1 }
        return count
    }
}
