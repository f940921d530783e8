public import Foundation
public import RowFilters
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
    /// What filters may ask about it.
    public let attributes: RowAttributes

    /// A document; one without any terms is kept, and never found.
    public init(id: UUID, fields: [Field], attributes: RowAttributes = RowAttributes()) {
        self.id = id
        self.fields = fields
        self.attributes = attributes
    }
}

extension LexicalDocument {
    /// What its texts, their weights and its attributes hash to.
    var fingerprint: UInt64 {
        var hash: UInt64 = 0
        func add(_ text: String) {
            var text = text
            hash = text.withUTF8 { StableHash.of($0, seed: hash) }
        }
        func add(_ number: UInt64) { hash = StableHash.mixed(hash ^ number) }
        for field in fields {
            add(field.text)
            add(UInt64(field.weight.bitPattern))
        }
        for (key, keywords) in attributes.keywords.sorted(by: { $0.key < $1.key }) {
            add(key)
            // Which come first and how often is of no account.
            for hash in Set(keywords.map { Array($0.utf8).withUnsafeBufferPointer { StableHash.of($0) } }).sorted() { add(hash) }
        }
        for (key, number) in attributes.numbers.sorted(by: { $0.key < $1.key }) {
            add(key)
            add(number.bitPattern)
        }
        return hash
    }
}

/// A document as the index sees it.
struct CountedDocument {
    let id: UUID
    let attributes: RowAttributes
    /// Hashes of the terms, each once, with their counts.
    private(set) var counts: [UInt64: Float] = [:]
    /// What its texts and attributes hash to.
    let fingerprint: UInt64
    /// All counts together.
    private(set) var length: Float = 0

    /// Hashes stand for terms: two of ten million share one of 2⁶⁴ with a probability of 1 in 400,000.
    init(_ document: LexicalDocument, _ analyzer: LexicalAnalyzer) {
        id = document.id
        attributes = document.attributes
        fingerprint = document.fingerprint
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
        let isPair: Bool
    }

    let terms: [Term]

    /// Function words count where there is nothing else.
    init(_ text: String) {
        var terms: [Term] = []
        var places: [UInt64: Int] = [:]
        var functionWords: [UInt64] = []
        LexicalAnalyzer().forEachTerm(in: text) { term in
            let hash = StableHash.of(term.utf8)
            let weight = Self.weight(of: term.kind)
            guard weight > 0 else { return functionWords.append(hash) }
            if let place = places[hash] {
                terms[place].weight += weight
            } else {
                places[hash] = terms.count
                terms.append(Term(hash: hash, weight: weight, isPair: Self.isPair(term.kind)))
            }
        }
        if terms.isEmpty { terms = Set(functionWords).sorted().map { Term(hash: $0, weight: 1, isPair: false) } }
        self.terms = terms
    }

    /// How rare a term is tells most of its worth; this is what its kind adds.
    private static func weight(of kind: LexicalTerm.Kind) -> Float {
        switch kind {
        case .word, .commonWord, .characterPair: 1
        case .particlePair, .hiraganaPair: 0.25
        case .functionWord: 0
        }
    }

    private static func isPair(_ kind: LexicalTerm.Kind) -> Bool {
        switch kind {
        case .characterPair, .particlePair, .hiraganaPair: true
        case .word, .commonWord, .functionWord: false
        }
    }
}
