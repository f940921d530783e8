import Foundation

/// How many lists a search probes, and how wide it takes the codes' bounds.
struct SearchPlan {
    let epsilon: Float
    /// Lists are probed while their score is at most this much under the best one's.
    let gap: Float
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
        func widened(_ probes: Double) -> Int {
            min(coarse.lists, max(1, Int((probes * widening).rounded(.up))))
        }
        switch effort {
        case .exact:
            (gap, fewestProbes, mostProbes) = (.infinity, coarse.lists, coarse.lists)
        case .probes(let probes, _):
            let count = widened(Double(max(1, probes)))
            (gap, fewestProbes, mostProbes) = (.infinity, count, count)
        case .recall(let recall):
            let reach = coarse.calibration.reach(recall: recall, k: k, lists: coarse.lists)
            if matchingShare > 0.9 {
                (gap, fewestProbes, mostProbes) = (reach.gap, 1, reach.mostProbes)
            } else {
                // The calibration knows nothing of the filter, so its mean is widened.
                let count = widened(reach.meanProbes)
                (gap, fewestProbes, mostProbes) = (.infinity, count, count)
            }
        }
    }
}
