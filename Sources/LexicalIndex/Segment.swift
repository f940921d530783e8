import Foundation
import RowFilters

/// Some documents with, for each of their terms, which of them have it and how often.
struct SegmentContent: Sendable {
    /// By number.
    var ids: [UUID] = []
    /// By number: the counts of all its terms together.
    var lengths: [Float] = []
    /// By number: what a document's texts and attributes hash to.
    var fingerprints: [UInt64] = []
    /// The terms' hashes, each once.
    var hashes: [UInt64] = []
    /// By term, where its postings begin; one more at the end.
    var starts: [UInt32] = []
    /// The documents that have a term, ascending.
    var documents: [UInt32] = []
    /// How often, in steps of a quarter, at least one; 63.75 and more is the same.
    var counts: [UInt8] = []

    /// Whether every number leads where it may, for content from a file; that there are as many as there should be is seen to.
    var isSound: Bool {
        guard starts.first == 0, starts.last == UInt32(exactly: documents.count), lengths.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            return false
        }
        for (start, end) in zip(starts, starts.dropFirst()) {
            guard start < end, end <= documents.count else { return false }
            var last = -1
            for document in documents[Int(start)..<Int(end)] {
                guard Int(document) > last, Int(document) < ids.count else { return false }
                last = Int(document)
            }
        }
        return true
    }
}

/// Some documents with what is needed to find them. Never changes once it is built.
///
/// Takes 28 bytes for each document, 5 for each term of each document, and 12 to 36 for each different term.
final class Segment: Sendable {
    let content: SegmentContent
    /// Under the documents' numbers.
    let attributes: AttributeWriter
    private let terms: TermTable

    /// - Parameter content: with its terms in the order of the table's numbers.
    init(_ content: SegmentContent, _ attributes: AttributeWriter) {
        self.content = content
        self.attributes = attributes
        terms = TermTable(content.hashes)
    }

    var ids: [UUID] { content.ids }
    var lengths: [Float] { content.lengths }

    /// How many documents have a term, those that were removed since included.
    func frequency(of hash: UInt64) -> Int {
        terms[hash].map { Int(content.starts[Int($0) + 1] - content.starts[Int($0)]) } ?? 0
    }

    /// Calls `body` with the documents that have a term, and how often, in quarters.
    func withPostings(of hash: UInt64, _ body: (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt8>) -> Void) {
        guard let term = terms[hash] else { return }
        let range = Int(content.starts[Int(term)])..<Int(content.starts[Int(term) + 1])
        content.documents.withUnsafeBufferPointer { documents in
            content.counts.withUnsafeBufferPointer { counts in
                body(UnsafeBufferPointer(rebasing: documents[range]), UnsafeBufferPointer(rebasing: counts[range]))
            }
        }
    }

    var bytes: Int {
        let perDocument = MemoryLayout<UUID>.stride + MemoryLayout<Float>.stride + MemoryLayout<UInt64>.stride
        return ids.count * perDocument + terms.bytes + content.hashes.count * 8 + content.starts.count * 4 + content.documents.count * 5
            + attributes.bytes + (attributes.table?.bytes ?? 0)
    }
}

extension Segment {
    static let countsPerUnit: Float = 4

    /// A segment of new documents.
    convenience init(_ documents: [CountedDocument]) {
        var terms = TermTable()
        var frequencies: [UInt32] = []
        var numbers: [UInt32] = []
        var counts: [UInt8] = []
        var ends: [Int] = []
        for document in documents {
            for (hash, count) in document.counts {
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
        var attributes = AttributeWriter()
        attributes.append(documents.indices.map { Slot($0) }, documents.map(\.attributes))
        self.init(
            SegmentContent(
                ids: documents.map(\.id), lengths: documents.map(\.length), fingerprints: documents.map(\.fingerprint),
                hashes: terms.hashes, starts: postings.starts, documents: postings.documents, counts: postings.counts),
            attributes)
    }

    /// Several segments as one, without the documents that were removed.
    convenience init(merging parts: [LiveSegment]) {
        var content = SegmentContent()
        var terms = TermTable()
        var frequencies: [UInt32] = []
        // By segment: the new number of each document, and that of each term.
        var documentNumbers: [[UInt32?]] = []
        var termNumbers: [[UInt32]] = []
        for part in parts {
            documentNumbers.append(
                part.segment.ids.indices.map { document in
                    guard part.live.contains(Slot(document)) else { return nil }
                    let old = part.segment.content
                    content.ids.append(old.ids[document])
                    content.lengths.append(old.lengths[document])
                    content.fingerprints.append(old.fingerprints[document])
                    return UInt32(content.ids.count - 1)
                })
        }
        var attributes = AttributeWriter()
        for (part, documents) in zip(parts, documentNumbers) {
            let segment = part.segment.content
            attributes.append(
                documents.enumerated().compactMap { old, new in new.map { (to: Slot($0), from: Slot(old)) } }, of: part.segment.attributes)
            var numbers = [UInt32](repeating: 0, count: segment.starts.count - 1)
            for (old, hash) in segment.hashes.enumerated() {
                let range = Int(segment.starts[old])..<Int(segment.starts[old + 1])
                let count = segment.documents[range].count { documents[Int($0)] != nil }
                // A term that only removed documents had is forgotten.
                guard count > 0 else { continue }
                let number = terms.insert(hash)
                if Int(number) == frequencies.count { frequencies.append(0) }
                frequencies[Int(number)] += UInt32(count)
                numbers[old] = number
            }
            termNumbers.append(numbers)
        }
        var postings = PostingsWriter(frequencies)
        for (index, part) in parts.enumerated() {
            let segment = part.segment.content
            for term in termNumbers[index].indices {
                for place in Int(segment.starts[term])..<Int(segment.starts[term + 1]) {
                    guard let document = documentNumbers[index][Int(segment.documents[place])] else { continue }
                    postings.append(document, segment.counts[place], to: termNumbers[index][term])
                }
            }
        }
        content.hashes = terms.hashes
        content.starts = postings.starts
        content.documents = postings.documents
        content.counts = postings.counts
        self.init(content, attributes)
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
    private(set) var hashes: [UInt64] = []
    /// Numbers from 1, at the place of the hash or the next free one; 0 is free. At most half full.
    private var slots = [UInt32](repeating: 0, count: 16)

    init() {}

    /// Numbers for hashes, each there once, in their order.
    init(_ hashes: [UInt64]) {
        self.hashes = hashes
        var size = slots.count
        while hashes.count * 2 > size { size *= 2 }
        fill(size)
    }

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
            fill(slots.count * 2)
        } else {
            slots[found] = UInt32(hashes.count)
        }
        return UInt32(hashes.count - 1)
    }

    private mutating func fill(_ size: Int) {
        slots = [UInt32](repeating: 0, count: size)
        for (number, hash) in hashes.enumerated() { slots[slot(of: hash)] = UInt32(number + 1) }
    }

    /// Where the hash stands, or the free slot where it would. The bits of a hash are well mixed.
    private func slot(of hash: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0, hashes[Int(slots[slot]) - 1] != hash { slot = (slot + 1) & mask }
        return slot
    }
}
