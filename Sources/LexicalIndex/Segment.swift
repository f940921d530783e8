import Foundation

/// Some documents with, for each of their terms, which of them have it and how often. Never changes once it is built.
///
/// Takes 5 bytes for each term of each document, and 12 to 36 for each different term.
final class Segment: Sendable {
    /// By number.
    let ids: [UUID]
    /// By number: the counts of all its terms together.
    let lengths: [Float]
    private let terms: TermTable
    /// By term, where its postings begin; one more at the end.
    private let starts: [UInt32]
    /// The documents that have a term, ascending.
    private let documents: [UInt32]
    /// How often, in steps of a quarter, at least one; 63.75 and more is the same.
    private let counts: [UInt8]

    fileprivate init(ids: [UUID], lengths: [Float], terms: TermTable, starts: [UInt32], documents: [UInt32], counts: [UInt8]) {
        self.ids = ids
        self.lengths = lengths
        self.terms = terms
        self.starts = starts
        self.documents = documents
        self.counts = counts
    }

    /// How many documents have a term, those that were removed since included.
    func frequency(of hash: UInt64) -> Int {
        terms[hash].map { Int(starts[Int($0) + 1] - starts[Int($0)]) } ?? 0
    }

    /// Calls `body` with the documents that have a term, and how often, in quarters.
    func withPostings(of hash: UInt64, _ body: (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt8>) -> Void) {
        guard let term = terms[hash] else { return }
        let range = Int(starts[Int(term)])..<Int(starts[Int(term) + 1])
        documents.withUnsafeBufferPointer { documents in
            counts.withUnsafeBufferPointer { counts in
                body(UnsafeBufferPointer(rebasing: documents[range]), UnsafeBufferPointer(rebasing: counts[range]))
            }
        }
    }

    var bytes: Int {
        ids.count * (MemoryLayout<UUID>.stride + MemoryLayout<Float>.stride) + terms.bytes + starts.count * 4 + documents.count * 5
    }
}

extension Segment {
    static let countsPerUnit: Float = 4

    /// A segment of new documents.
    convenience init(_ documents: [(id: UUID, terms: CountedTerms)]) {
        var terms = TermTable()
        var frequencies: [UInt32] = []
        var numbers: [UInt32] = []
        var counts: [UInt8] = []
        var ends: [Int] = []
        for document in documents {
            for (hash, count) in document.terms.counts {
                let number = terms.insert(hash)
                if Int(number) == frequencies.count { frequencies.append(0) }
                frequencies[Int(number)] += 1
                numbers.append(number)
                counts.append(UInt8(max(1, min(255, (count * Self.countsPerUnit).rounded()))))
            }
            ends.append(numbers.count)
        }
        var postings = PostingsWriter(frequencies)
        var start = 0
        for (document, end) in ends.enumerated() {
            for index in start..<end { postings.append(UInt32(document), counts[index], to: numbers[index]) }
            start = end
        }
        self.init(
            ids: documents.map(\.id), lengths: documents.map(\.terms.length), terms: terms, starts: postings.starts,
            documents: postings.documents, counts: postings.counts)
    }

    /// Several segments as one, without the documents that were removed.
    convenience init(merging parts: [LiveSegment]) {
        var ids: [UUID] = []
        var lengths: [Float] = []
        var terms = TermTable()
        var frequencies: [UInt32] = []
        // By segment: the new number of each document, and that of each term.
        var documentNumbers: [[UInt32?]] = []
        var termNumbers: [[UInt32]] = []
        for part in parts {
            documentNumbers.append(
                part.segment.ids.indices.map { document in
                    guard part.live.contains(document) else { return nil }
                    ids.append(part.segment.ids[document])
                    lengths.append(part.segment.lengths[document])
                    return UInt32(ids.count - 1)
                })
        }
        for (part, documents) in zip(parts, documentNumbers) {
            let segment = part.segment
            var numbers = [UInt32](repeating: 0, count: segment.starts.count - 1)
            segment.terms.forEach { hash, old in
                let range = Int(segment.starts[Int(old)])..<Int(segment.starts[Int(old) + 1])
                let count = segment.documents[range].count { documents[Int($0)] != nil }
                // A term that only removed documents had is forgotten.
                guard count > 0 else { return }
                let number = terms.insert(hash)
                if Int(number) == frequencies.count { frequencies.append(0) }
                frequencies[Int(number)] += UInt32(count)
                numbers[Int(old)] = number
            }
            termNumbers.append(numbers)
        }
        var postings = PostingsWriter(frequencies)
        for (index, part) in parts.enumerated() {
            let segment = part.segment
            for term in termNumbers[index].indices {
                for place in Int(segment.starts[term])..<Int(segment.starts[term + 1]) {
                    guard let document = documentNumbers[index][Int(segment.documents[place])] else { continue }
                    postings.append(document, segment.counts[place], to: termNumbers[index][term])
                }
            }
        }
        self.init(
            ids: ids, lengths: lengths, terms: terms, starts: postings.starts, documents: postings.documents, counts: postings.counts)
    }
}

/// Lays postings out term by term, when they come document by document.
private struct PostingsWriter {
    let starts: [UInt32]
    private(set) var documents: [UInt32]
    private(set) var counts: [UInt8]
    private var next: [UInt32]

    /// - Parameter frequencies: how many postings each term will have.
    init(_ frequencies: [UInt32]) {
        var starts: [UInt32] = [0]
        starts.reserveCapacity(frequencies.count + 1)
        var total: UInt32 = 0
        for frequency in frequencies {
            total += frequency
            starts.append(total)
        }
        self.starts = starts
        next = Array(starts.dropLast())
        documents = [UInt32](repeating: 0, count: Int(total))
        counts = [UInt8](repeating: 0, count: Int(total))
    }

    mutating func append(_ document: UInt32, _ count: UInt8, to term: UInt32) {
        let place = Int(next[Int(term)])
        documents[place] = document
        counts[place] = count
        next[Int(term)] += 1
    }
}

/// Numbers for hashes, from 0 in the order they came: a hash table of open addresses.
struct TermTable: Sendable {
    private var hashes: [UInt64] = []
    /// Numbers from 1, at the place of the hash or the next free one; 0 is free. At most half full.
    private var slots = [UInt32](repeating: 0, count: 16)

    var count: Int { hashes.count }
    var bytes: Int { hashes.capacity * 8 + slots.capacity * 4 }

    subscript(_ hash: UInt64) -> UInt32? {
        let number = slots[slot(of: hash)]
        return number == 0 ? nil : number - 1
    }

    /// The number of a hash, made when it is new.
    mutating func insert(_ hash: UInt64) -> UInt32 {
        let found = slot(of: hash)
        if slots[found] != 0 { return slots[found] - 1 }
        hashes.append(hash)
        if hashes.count * 2 > slots.count {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for (number, hash) in hashes.enumerated() { slots[slot(of: hash)] = UInt32(number + 1) }
        } else {
            slots[found] = UInt32(hashes.count)
        }
        return UInt32(hashes.count - 1)
    }

    func forEach(_ body: (UInt64, UInt32) -> Void) {
        for (number, hash) in hashes.enumerated() { body(hash, UInt32(number)) }
    }

    /// Where the hash stands, or the free slot where it would. The bits of a hash are well mixed.
    private func slot(of hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0, hashes[Int(slots[slot]) - 1] != hash { slot = (slot + 1) & mask }
        return slot
    }
}
