public import Foundation
public import RowFilters
import Synchronization
import TextAnalysis

/// Finds documents by their words, in this process: an inverted index for each key, such as an assistant's, with BM25.
///
/// Any number of threads may search while others write; a search sees each key as it was at one moment. What a call has written is seen by
/// every search that begins after it.
public final class LexicalIndex: Sendable {
    /// How terms count.
    public struct Parameters: Sendable, Equatable {
        /// At so many occurrences, in a document of mean length, a term counts half of what it can.
        public var k1: Float
        /// The same for pairs of characters: that a passage has one says more than how often, since each stands in many words.
        public var k1OfPairs: Float
        /// How much length counts, 0…1.
        public var b: Float

        public init(k1: Float = 1.2, k1OfPairs: Float = 0.4, b: Float = 0.75) {
            self.k1 = k1
            self.k1OfPairs = k1OfPairs
            self.b = b
        }
    }

    /// What the index holds.
    public struct Statistics: Sendable, Equatable {
        public var documents = 0
        public var partitions = 0
        /// Memory of postings, terms and places.
        public var bytes = 0
    }

    /// Range of how many hits may be asked for.
    public static let validK = 1...1_000

    private let parameters: Parameters
    private let partitions: Mutex<[UUID: LexicalPartition]>

    public convenience init(parameters: Parameters = Parameters()) {
        self.init(parameters: parameters, [:])
    }

    init(parameters: Parameters, _ partitions: [UUID: LexicalPartition]) {
        self.parameters = parameters
        self.partitions = Mutex(partitions)
    }

    var all: [UUID: LexicalPartition] { partitions.withLock { $0 } }

    /// Adds documents, or puts them in place of those with their ids. Costs some 100 µs for a passage of 350 tokens, most of it for its
    /// analysis, which other writers do not wait for.
    public func upsert(_ documents: [LexicalDocument], in partition: UUID) {
        let analyzer = LexicalAnalyzer()
        let counted = documents.map { CountedDocument($0, analyzer) }
        let target = partitions.withLock { partitions in
            if let known = partitions[partition] { return known }
            let new = LexicalPartition()
            partitions[partition] = new
            return new
        }
        target.upsert(counted)
    }

    /// Removes documents; ids that are not there are passed over.
    public func remove(_ ids: [UUID], from partition: UUID) {
        partitions.withLock { $0[partition] }?.remove(ids)
    }

    /// Forgets all documents of a key.
    public func removeAll(of partition: UUID) {
        partitions.withLock { _ = $0.removeValue(forKey: partition) }
    }

    /// The documents of some keys that have the most of a question's terms, the rarest counting most. Keys without documents add nothing;
    /// how rare a term is is counted over all of them together.
    /// - Parameters:
    ///   - query: a text of any language. One without words finds nothing.
    ///   - k: hits wanted; values outside ``validK`` count as the nearest inside.
    ///   - filter: which documents may be found; how rare a term is is counted over all the same.
    ///   - allowed: the documents that may be found; nil: all.
    ///   - scoring: documents whose scores are wanted besides, if they are not among the hits.
    public func search(
        _ query: String, partitions keys: [UUID], k: Int, filter: RowFilter? = nil, allowed: Set<UUID>? = nil, scoring ids: [UUID] = []
    ) -> LexicalResponse {
        let views = partitions.withLock { partitions in Set(keys).compactMap { partitions[$0] } }.map(\.view)
        let k = min(max(k, Self.validK.lowerBound), Self.validK.upperBound)
        return LexicalSearch(parameters: parameters, views: views).run(QueryTerms(query), k: k, filter, allowed, scoring: ids)
    }

    /// The keys that have or had documents.
    public var partitionIDs: [UUID] { Array(all.keys) }

    /// The ids of a key's documents.
    public func ids(in partition: UUID) -> [UUID] {
        all[partition]?.ids ?? []
    }

    /// Whether a key has a document.
    public func contains(_ id: UUID, in partition: UUID) -> Bool {
        all[partition]?.contains(id) ?? false
    }

    /// Which of some documents the index does not have as they are: missing, or with other texts, weights or attributes.
    public func differing(_ documents: [LexicalDocument], in partition: UUID) -> [UUID] {
        let known = all[partition]?.fingerprints(of: documents.map(\.id)) ?? [:]
        return documents.filter { known[$0.id] != $0.fingerprint }.map(\.id)
    }

    public var statistics: Statistics {
        all.values.reduce(into: Statistics()) { statistics, partition in
            statistics.partitions += 1
            statistics.documents += partition.view.documents
            statistics.bytes += partition.bytes
        }
    }
}
