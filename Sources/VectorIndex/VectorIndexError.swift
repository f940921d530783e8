import RowFilters
public import FoundationEssentials

/// Why the index refused a request. Nothing of the request was applied.
public enum VectorIndexError: Error, Equatable, CustomStringConvertible {
    /// Which vector of the request an error is about.
    public enum Subject: Sendable, Equatable, CustomStringConvertible {
        /// The row with this id.
        case row(UUID)
        /// The query at this position, counted from 0.
        case query(Int)

        /// For a sentence: "row 1B4E…" or "query 0".
        public var description: String {
            switch self {
            case .row(let id): "row \(id)"
            case .query(let position): "query \(position)"
            }
        }
    }

    /// The vector has another number of values than the index was configured with.
    case wrongDimensions(Subject, expected: Int, found: Int)
    /// The value at this position is NaN or infinite.
    case notFinite(Subject, position: Int)
    /// All values are zero: the cosine with anything is undefined.
    case zeroVector(Subject)
    /// The number of hits asked for lies outside `SearchRequest.validK`.
    case kOutOfRange(Int)
    /// The number under this key is NaN.
    case notANumber(Subject, key: String)
    /// Groups of the filter lie in more than `RowFilter.maximumDepth` others.
    case filterTooDeep
    /// The filter makes more than `RowFilter.maximumConditions` comparisons.
    case filterTooLarge

    /// What was wrong, where, and what to do.
    public var description: String {
        switch self {
        case .wrongDimensions(let subject, let expected, let found):
            "\(subject): the vector has \(found) dimensions, this index holds \(expected); embed it with the model the index was built for"
        case .notFinite(let subject, let position):
            "\(subject): value \(position) of the vector is NaN or infinite; embed the text again"
        case .zeroVector(let subject):
            "\(subject): all values of the vector are zero, so no cosine is defined; leave it out or embed a text that is not empty"
        case .kOutOfRange(let k):
            "k is \(k); ask for \(SearchRequest.validK.lowerBound) to \(SearchRequest.validK.upperBound) hits"
        case .notANumber(let subject, let key):
            "\(subject): the number \"\(key)\" is NaN; leave it out"
        case .filterTooDeep:
            "filter: groups lie more than \(RowFilter.maximumDepth) deep; merge groups of one kind"
        case .filterTooLarge:
            "filter: more than \(RowFilter.maximumConditions) comparisons; give the rows a common attribute to ask for"
        }
    }
}
