import CVectorKernels
import Foundation

/// Orders passages by maximal marginal relevance (Carbonell and Goldstein, "The use of MMR", 1998): next comes the one with the largest
/// (1 − d) · score − d · (its largest cosine with one before it), d being the diversity.
struct MarginalRelevance {
    /// 0…1.
    let diversity: Float
    /// At unit length. A passage without a vector is like none.
    let vectors: [UUID: [Float]]

    /// The first `count` in their new order, the rest behind them in their old. `count` times as many cosines as there are passages.
    func ordered(_ ranked: [(id: UUID, score: Float)], first count: Int) -> [(id: UUID, score: Float)] {
        var rest = ranked
        var likeness = [Float](repeating: 0, count: rest.count)
        var chosen: [(id: UUID, score: Float)] = []
        while chosen.count < count, !rest.isEmpty {
            let next = rest.indices.max { worth(rest[$0].score, likeness[$0]) < worth(rest[$1].score, likeness[$1]) }
            guard let next else { break }
            let taken = rest.remove(at: next)
            likeness.remove(at: next)
            chosen.append(taken)
            guard let vector = vectors[taken.id] else { continue }
            for place in rest.indices {
                if let other = vectors[rest[place].id] { likeness[place] = max(likeness[place], cosine(vector, other)) }
            }
        }
        return chosen + rest
    }

    private func worth(_ score: Float, _ likeness: Float) -> Float {
        (1 - diversity) * score - diversity * likeness
    }
}

/// Of two vectors at unit length; 0 when their lengths differ.
func cosine(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? bunko_dot(a, b, a.count) : 0
}
