import Foundation

/// How many lists a search probes, and how wide it takes the codes' bounds.
struct SearchPlan {
    let epsilon: Float
    /// Lists are probed while their score reaches the bar this sets; nil where a number of lists is asked for.
    let reach: ProbeCalibration.Reach?
    /// Lists that are ranked first: about as many as will be probed.
    let firstProbes: Int
    let mostProbes: Int

    /// Under a filter for a share f of the rows, f to the minus this power times as many lists are probed.
    private static let wideningExponent = 0.65
    /// The part of the misses that are allowed that is planned for under a filter.
    private static let missesUnderFilter = 0.9
    /// The same where the filter's rows lie together, less evenly than the calibration's rows.
    private static let missesWhereRowsLieTogether = 0.85
    private static let widestEpsilon: Float = 100
    /// Lists that are ranked at first, whatever the mean.
    private static let fewestRanked = 16

    static func epsilon(_ effort: SearchEffort) -> Float {
        switch effort {
        case .exact: 2.5
        case .recall(let recall): recall < 0.985 ? 1.9 : 2.5
        // Beyond that no bound leaves a row out; an infinite one would be undefined for rows that are their own centre.
        case .probes(_, let epsilon): epsilon >= 0 ? min(epsilon, widestEpsilon) : 0
        // No code is looked at.
        case .flat: 0
        }
    }

    /// - Parameters:
    ///   - matchingShare: share of the rows that a filter lets through, among those the search looks at.
    ///   - liesTogether: whether these rows share lists more often than chance has it.
    init(effort: SearchEffort, k: Int, coarse: CoarseQuantizer, matchingShare: Double, liesTogether: Bool) {
        epsilon = Self.epsilon(effort)
        switch effort {
        case .exact:
            (reach, firstProbes, mostProbes) = (nil, coarse.lists, coarse.lists)
        case .probes(let probes, _), .flat(let probes):
            let widening = pow(max(matchingShare, 1e-6), -Self.wideningExponent)
            let count = Int(min(Double(coarse.lists), (Double(max(1, probes)) * widening).rounded(.up)))
            (reach, firstProbes, mostProbes) = (nil, count, count)
        case .recall(let recall):
            // The k nearest rows that match are spread over the k / share nearest of all, less evenly than the calibration's rows: a part of
            // the misses that are allowed is lost to that.
            let planned = liesTogether ? Self.missesWhereRowsLieTogether : matchingShare < 1 ? Self.missesUnderFilter : 1
            let misses = (1 - recall) * planned
            let reach = coarse.calibration.reach(recall: 1 - misses, k: Double(k) / max(matchingShare, 1e-6), lists: coarse.lists)
            self.reach = reach
            mostProbes = reach.mostProbes
            firstProbes = min(reach.mostProbes, max(Self.fewestRanked, Int(reach.meanProbes)))
        }
    }
}
