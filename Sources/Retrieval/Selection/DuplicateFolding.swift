import Domain
import Foundation

/// Leaves out passages that better ones say already.
///
/// Vectors tell which two may be alike, their texts whether they are: of two price lists that differ in a year alone, each stays.
struct DuplicateFolding {
    /// Passages with a smaller cosine are not compared. Far below what copies have; a text inside of a longer one has less than a copy.
    private static let leastCosine: Float = 0.7

    private(set) var kept: [ScoredPassage] = []
    /// Passages left out.
    private(set) var folded = 0
    private var shingles: [ChunkID: Shingles] = [:]

    /// - Parameters:
    ///   - passage: no better than those added before it.
    ///   - vectors: at unit length, by passage; two passages of which one has none are compared by their texts alone.
    mutating func add(_ passage: ScoredPassage, vectors: [UUID: [Float]]) {
        let vector = vectors[passage.passage.id.rawValue]
        for position in kept.indices {
            if let vector, let other = vectors[kept[position].passage.id.rawValue], cosine(vector, other) < Self.leastCosine { continue }
            guard shingles(of: passage).areIn(shingles(of: kept[position])) else { continue }
            kept[position].duplicates.append(passage.passage.id)
            folded += 1
            return
        }
        kept.append(passage)
    }

    /// Adds passages whatever they say.
    mutating func keep(_ passages: [ScoredPassage]) {
        kept += passages
    }

    private mutating func shingles(of passage: ScoredPassage) -> Shingles {
        if let known = shingles[passage.passage.id] { return known }
        let made = Shingles(passage.passage.content)
        shingles[passage.passage.id] = made
        return made
    }
}
