import Foundation
import RowFilters
import TextAnalysis

/// A passage found by its words.
public struct LexicalHit: Sendable, Equatable {
    public let id: UUID
    /// BM25: the larger the better, above 0.
    public let score: Float

    public init(id: UUID, score: Float) {
        self.id = id
        self.score = score
    }
}

/// What a search found, and what it looked at.
public struct LexicalResponse: Sendable {
    /// Best first; of equal scores the smaller id.
    public let hits: [LexicalHit]
    /// Of the documents that were asked for besides, the scores of those that have any.
    public let scores: [UUID: Float]
    /// Documents with at least one of the question's terms, of those that the filter lets through.
    public let matched: Int
    /// Terms of the question that some document has.
    public let knownTerms: Int
    /// Terms of the question.
    public let terms: Int
    /// What no score exceeds: that of a document with all of the terms, those that no document has among them, more often than any has them.
    public let limit: Float
}

/// BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over the documents of some views.
///
/// A term in n of N documents is worth ln(1 + (N − n + ½) / (n + ½)), times c (k₁ + 1) / (c + k₁ (1 − b + b · length / mean length)) for a
/// document that has it c times.
struct LexicalSearch {
    let parameters: LexicalIndex.Parameters
    let views: [LexicalPartition.View]

    private struct Worth {
        let hash: UInt64
        /// What a document gets that has the term more often than any has it.
        let worth: Float
        let k1: Float
        let isKnown: Bool
    }

    func run(_ query: QueryTerms, k: Int, _ filter: RowFilter?, _ allowed: Set<UUID>?, scoring wanted: [UUID]) -> LexicalResponse {
        let documents = views.reduce(0) { $0 + $1.documents }
        let length = views.reduce(0) { $0 + $1.totalLength }
        guard documents > 0, length > 0, !query.terms.isEmpty else {
            return LexicalResponse(hits: [], scores: [:], matched: 0, knownTerms: 0, terms: query.terms.count, limit: 0)
        }
        let all = query.terms.map { term in
            let frequency = views.reduce(0) { $0 + $1.segments.reduce(0) { $0 + $1.segment.frequency(of: term.hash) } }
            // Removed documents are counted until their segment is merged.
            let (n, all) = (Double(min(frequency, documents)), Double(documents))
            let k1 = term.isPair ? parameters.k1OfPairs : parameters.k1
            let worth = term.weight * Float(log(1 + (all - n + 0.5) / (n + 0.5))) * (k1 + 1)
            return Worth(hash: term.hash, worth: worth, k1: k1, isKnown: frequency > 0)
        }
        let terms = all.filter(\.isKnown)
        var best = BestDocuments(k: k)
        var asked = AskedDocuments(wanted)
        var matched = 0
        for view in views {
            for part in view.segments {
                matched += search(
                    part, terms, part.documents(filter), allowed, meanLength: Float(length / Double(documents)), &best, &asked)
            }
        }
        let limit = all.reduce(0) { $0 + $1.worth }
        return LexicalResponse(
            hits: best.hits, scores: asked.scores, matched: matched, knownTerms: terms.count, terms: query.terms.count, limit: limit)
    }

    /// Adds up the terms' worth in a segment's documents, and offers those that have any. Returns how many these were.
    private func search(
        _ part: LiveSegment, _ terms: [Worth], _ live: Bitmap, _ allowed: Set<UUID>?, meanLength: Float,
        _ best: inout BestDocuments,
        _ asked: inout AskedDocuments
    ) -> Int {
        let segment = part.segment
        let count = segment.ids.count
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scores in
            scores.initialize(repeating: 0)
            segment.lengths.withUnsafeBufferPointer { lengths in
                for term in terms {
                    let (worth, fixed, byLength) = (
                        term.worth, term.k1 * (1 - parameters.b), term.k1 * parameters.b / meanLength
                    )
                    segment.withPostings(of: term.hash) { documents, counts in
                        for index in documents.indices {
                            let document = Int(documents[index])
                            let count = Float(counts[index]) * (1 / Segment.countsPerUnit)
                            scores[document] += worth * count / (count + fixed + byLength * lengths[document])
                        }
                    }
                }
            }
            var matched = 0
            for document in 0..<count where scores[document] > 0 && live.contains(Slot(document)) {
                if let allowed, !allowed.contains(segment.ids[document]) { continue }
                matched += 1
                best.offer(segment.ids[document], scores[document])
                asked.offer(segment.ids[document], scores[document])
            }
            return matched
        }
    }
}

/// Takes down the scores of some documents as they pass by, which spares looking for them.
struct AskedDocuments {
    private let wanted: Set<UUID>
    /// A bit for each of the values that the last two bytes of a wanted id have, in part: most others are told by it alone.
    private var bits: [UInt64]
    private(set) var scores: [UUID: Float] = [:]

    init(_ ids: [UUID]) {
        wanted = Set(ids)
        bits = ids.isEmpty ? [] : [UInt64](repeating: 0, count: 1 << 8)
        for id in ids {
            let bit = Self.bit(of: id)
            bits[bit >> 6] |= 1 << UInt64(bit & 63)
        }
    }

    private static func bit(of id: UUID) -> Int {
        (Int(id.uuid.14) << 8 | Int(id.uuid.15)) & 0x3FFF
    }

    mutating func offer(_ id: UUID, _ score: Float) {
        guard !bits.isEmpty else { return }
        let bit = Self.bit(of: id)
        if bits[bit >> 6] >> UInt64(bit & 63) & 1 == 1, wanted.contains(id) { scores[id] = score }
    }
}

/// The best of what is offered: a heap with the worst of them on top.
struct BestDocuments {
    private let k: Int
    private var heap: [LexicalHit] = []

    init(k: Int) {
        self.k = k
        heap.reserveCapacity(k)
    }

    mutating func offer(_ id: UUID, _ score: Float) {
        if heap.count == k {
            guard score >= heap[0].score else { return }
            let hit = LexicalHit(id: id, score: score)
            guard Self.isBetter(hit, heap[0]) else { return }
            heap[0] = hit
            sink()
        } else {
            heap.append(LexicalHit(id: id, score: score))
            rise()
        }
    }

    /// Best first.
    var hits: [LexicalHit] {
        heap.sorted(by: Self.isBetter)
    }

    private static func isBetter(_ one: LexicalHit, _ other: LexicalHit) -> Bool {
        one.score != other.score ? one.score > other.score : one.id < other.id
    }

    private mutating func rise() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.isBetter(heap[parent], heap[child]) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && Self.isBetter(heap[worst], heap[child]) {
                worst = child
            }
            guard worst != parent else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
