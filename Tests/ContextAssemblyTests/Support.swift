import Domain
import Foundation

@testable import ContextAssembly
@testable import Retrieval

/// SplitMix64 (Steele, Lea and Flood 2014): the same sequence at every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

func passage(
    _ content: String, file: String? = "a.md", headings: [String] = [], score: Float = 0.5, fileID: FileID = FileID(), ordinal: Int? = nil,
    at start: Int = 0
) -> ScoredPassage {
    ScoredPassage(
        passage: Passage(
            id: ChunkID(), assistantID: nil, fileID: fileID, fileName: file, ordinal: ordinal, title: nil, content: content,
            headingPath: headings,
            pageFrom: nil, pageTo: nil, charStart: start, charEnd: start + content.unicodeScalars.count, tokenCount: 1, tags: [],
            sourceType: "md",
            createdAt: Date(timeIntervalSince1970: 0)),
        score: score)
}

/// Words of several scripts, so that estimates and lengths vary.
func randomText(words: Int, _ generator: inout SeededGenerator) -> String {
    let vocabulary = ["leave", "policy", "規則", "naïve", "🙂", "x", "parental-leave", "12,345", "\n", "</passages>", "…"]
    return (0..<words).map { _ in vocabulary.randomElement(using: &generator) ?? "word" }.joined(separator: " ")
}
