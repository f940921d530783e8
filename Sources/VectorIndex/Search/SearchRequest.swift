public import RowFilters
public import FoundationEssentials

/// How much of a trained partition a search looks at. Final scores are exact cosines in every case; what may be missed differs.
public enum SearchEffort: Sendable, Equatable {
    /// Every row is scored: nothing is missed.
    case exact
    /// Looks into as many lists as this mean recall needs, between 0 and 1, query by query, as was calibrated when the lists were made.
    case recall(Double)
    /// Looks into this many lists of each trained partition, at least 1. `epsilon` is the width of the codes' error bounds in standard
    /// deviations: a row is scored unless its bound rules it out; 1.9 loses about 0.002 of recall, 2.5 none that shows.
    case probes(Int, epsilon: Float)
    /// Scores every row of this many lists of each trained partition, at least 1, without regard to codes: a plain inverted file, against
    /// which the loss and the gain of codes can be measured. Other partitions are searched exactly.
    case flat(probes: Int)

    /// A recall of 0.95.
    public static let standard = SearchEffort.recall(0.95)
}

/// A question to the index: the nearest rows by cosine, in some partitions, perhaps only among some rows.
public struct SearchRequest: Sendable {
    /// Numbers of hits that may be asked for.
    public static let validK = 1...10_000

    /// Finite values, not all zero; any length, since only the direction counts.
    public var vector: [Float]
    /// Partitions to look in; one named twice counts once, an unknown one is empty.
    public var partitions: [UUID]
    /// Hits wanted, in `validK`.
    public var k: Int
    /// Ids that may be found; nil lets all be found.
    public var allowed: Set<UUID>?
    /// What must hold of a row's attributes, besides; nil lets all rows through.
    public var filter: RowFilter?
    /// How thoroughly to look.
    public var effort: SearchEffort

    /// A request; see the properties for the valid values.
    public init(
        vector: [Float], partitions: [UUID], k: Int = 10, allowed: Set<UUID>? = nil, filter: RowFilter? = nil,
        effort: SearchEffort = .standard
    ) {
        self.vector = vector
        self.partitions = partitions
        self.k = k
        self.allowed = allowed
        self.filter = filter
        self.effort = effort
    }
}

/// The answer to one query.
public struct SearchResponse: Sendable, Equatable {
    /// One row that was found.
    public struct Hit: Sendable, Equatable {
        /// The row.
        public let id: UUID
        /// The partition it lies in.
        public let partition: UUID
        /// Cosine between the row and the query, -1...1, in float32 arithmetic.
        public let score: Float
    }

    /// By descending score; equal scores by ascending id, then by the order of the partitions in the request.
    /// Fewer than k only when fewer than k rows match.
    public var hits: [Hit]
    /// True when every row in scope was scored, so that no row outside `hits` can score higher than one inside.
    public var exact: Bool
    /// Lists that were looked into; a partition searched exhaustively is one list.
    public var probes: Int
    /// Rows whose code or vector was read.
    public var scanned: Int
    /// Rows in the searched partitions that are live and allowed.
    public var matched: Int
}
