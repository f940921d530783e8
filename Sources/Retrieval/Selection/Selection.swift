/// What becomes of ranked passages before they are an answer.
public struct Selection: Sendable, Equatable {
    /// Range of ``neighbors``.
    public static let validNeighbors = 0...5

    /// Whether a passage that another, better one already says is left out; the better one names it.
    public var foldsDuplicates = true
    /// 0…1: what a passage loses by being like those chosen before it. 0 keeps the ranking; at 1 the best passage is followed by whatever is least
    /// like it.
    public var diversity = 0.0
    /// Whether passages that follow each other in a file become one.
    public var joinsAdjacent = false
    /// Passages before and after each one, in its file, that are joined to it.
    public var neighbors = 0

    public init() {}

    /// The ranking as it is.
    public static var none: Selection {
        var selection = Selection()
        selection.foldsDuplicates = false
        return selection
    }
}
