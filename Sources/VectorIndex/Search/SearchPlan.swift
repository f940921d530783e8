import Foundation

/// How many lists a search probes, and how wide it takes the codes' bounds.
struct SearchPlan {
    let epsilon: Float
    /// Lists are probed while their score is at most this much under the best one's.
    let gap: Float
    let fewestProbes: Int
    let mostProbes: Int

    /// Under a filter for a share f of the rows, f to the minus this power times as many lists are probed.
    private static let wideningExponent = 0.65
    /// A fixed number of lists gives the recall of an adaptive search when it is this many times its mean.
    private static let fixedOverAdaptive = 2.0

    static func epsilon(_ effort: SearchEffort) -> Float {
        switch effort {
        case .exact: 2.5
        case .recall(let recall): recall < 0.985 ? 1.9 : 2.5
        case .probes(_, let epsilon): max(0, epsilon)
        // No code is looked at.
        case .flat: 0
        }
    }

    /// - Parameter matchingShare: share of the partition's rows that a filter lets through; under a filter the best rows lie further away.
    init(effort: SearchEffort, k: Int, coarse: CoarseQuantizer, matchingShare: Double) {
        epsilon = Self.epsilon(effort)
        let widening = pow(max(matchingShare, 1e-6), -Self.wideningExponent)
        func widened(_ probes: Double) -> Int {
            min(coarse.lists, max(1, Int((probes * widening).rounded(.up))))
        }
        switch effort {
        case .exact:
            (gap, fewestProbes, mostProbes) = (.infinity, coarse.lists, coarse.lists)
        case .probes(let probes, _), .flat(let probes):
            let count = widened(Double(max(1, probes)))
            (gap, fewestProbes, mostProbes) = (.infinity, count, count)
        case .recall(let recall):
            let reach = coarse.calibration.reach(recall: recall, k: k, lists: coarse.lists)
            guard matchingShare > 0.9 else {
                // The gap says how near the best rows are, not how near the best that match: adapting to it loses recall under a filter.
                let count = widened(Self.fixedOverAdaptive * reach.meanProbes)
                (gap, fewestProbes, mostProbes) = (.infinity, count, count)
                return
            }
            (gap, fewestProbes, mostProbes) = (reach.gap, 1, reach.mostProbes)
        }
    }
}
