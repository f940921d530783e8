import Foundation
import TextAnalysis

@testable import LexicalIndex

/// The formula as it stands in the paper, over all documents one by one: what the index is compared with.
struct PlainBM25 {
    private(set) var documents: [UUID: CountedDocument] = [:]

    mutating func upsert(_ new: [LexicalDocument]) {
        for document in new { documents[document.id] = CountedDocument(document, LexicalAnalyzer()) }
    }

    mutating func remove(_ ids: [UUID]) {
        for id in ids { documents[id] = nil }
    }

    func scores(_ query: String, b: Double = 0.75) -> [UUID: Double] {
        let count = Double(documents.count)
        let mean = documents.values.reduce(0) { $0 + Double($1.length) } / max(1, count)
        let terms = QueryTerms(query).terms
        let worths = terms.map { term in
            let frequency = Double(documents.values.count { $0.counts[term.hash] != nil })
            return Double(term.weight) * log(1 + (count - frequency + 0.5) / (frequency + 0.5))
        }
        return documents.compactMapValues { document in
            var score = 0.0
            for (term, worth) in zip(terms, worths) {
                guard let occurrences = document.counts[term.hash].map(Double.init) else { continue }
                let k1 = term.isPair ? 0.4 : 1.2
                score += worth * occurrences * (k1 + 1) / (occurrences + k1 * (1 - b + b * Double(document.length) / mean))
            }
            return score > 0 ? score : nil
        }
    }
}
