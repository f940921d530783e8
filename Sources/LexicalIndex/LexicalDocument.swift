public import Foundation
import TextAnalysis

/// What is searched for by its words: a row with its texts.
public struct LexicalDocument: Sendable {
    /// One of a document's texts.
    public struct Field: Sendable {
        public let text: String
        /// How often each of its terms counts; terms of all fields are counted together (BM25F's simple form: Robertson, Zaragoza and Taylor,
        /// 2004), so that a title's word is worth as much as several in the text.
        public let weight: Float

        /// - Parameter weight: above 0.
        public init(_ text: String, weight: Float = 1) {
            self.text = text
            self.weight = weight
        }
    }

    public let id: UUID
    public let fields: [Field]

    /// A document; one without any terms is kept, and never found.
    public init(id: UUID, fields: [Field]) {
        self.id = id
        self.fields = fields
    }
}

/// A document as the index sees it.
struct CountedTerms {
    /// Hashes of the terms, each once, with their counts.
    private(set) var counts: [UInt64: Float] = [:]
    /// All counts together.
    private(set) var length: Float = 0

    /// Hashes stand for terms: two of ten million share one of 2⁶⁴ with a probability of 1 in 400,000.
    init(_ document: LexicalDocument, _ analyzer: LexicalAnalyzer) {
        for field in document.fields {
            analyzer.forEachTerm(in: field.text) { term in
                counts[StableHash.of(term.utf8), default: 0] += field.weight
                length += field.weight
            }
        }
    }
}

/// A question as the index sees it.
struct QueryTerms {
    struct Term {
        let hash: UInt64
        /// What the kind of the term says about its worth, times how often it is asked for.
        var weight: Float
    }

    let terms: [Term]

    /// Function words count where there is nothing else.
    init(_ text: String) {
        var weights: [UInt64: Float] = [:]
        var order: [UInt64] = []
        var functionWords: [UInt64] = []
        LexicalAnalyzer().forEachTerm(in: text) { term in
            let hash = StableHash.of(term.utf8)
            let weight = Self.weight(of: term.kind)
            guard weight > 0 else { return functionWords.append(hash) }
            if weights[hash] == nil { order.append(hash) }
            weights[hash, default: 0] += weight
        }
        if order.isEmpty {
            order = Array(Set(functionWords)).sorted()
            for hash in order { weights[hash] = 1 }
        }
        terms = order.map { Term(hash: $0, weight: weights[$0] ?? 0) }
    }

    /// How rare a term is tells most of its worth; this is what its kind adds.
    private static func weight(of kind: LexicalTerm.Kind) -> Float {
        switch kind {
        case .word, .commonWord, .characterPair: 1
        case .particlePair, .hiraganaPair: 0.5
        case .functionWord: 0
        }
    }
}
