/// The sizes of a BERT encoder.
struct EncoderShape: Sendable, Hashable {
    /// Pieces of the vocabulary.
    let vocabulary: Int
    /// Positions that have an embedding.
    let positions: Int
    /// The length of a piece's state.
    let hidden: Int
    /// The length of a state inside the feed-forward step.
    let intermediate: Int
    let layers: Int
    let heads: Int
    /// What is added to a variance before its root is taken.
    let epsilon: Float

    var headSize: Int { hidden / heads }

    /// all-MiniLM-L6-v2.
    static let miniLM = EncoderShape(
        vocabulary: 30_522, positions: 512, hidden: 384, intermediate: 1_536, layers: 6, heads: 12, epsilon: 1e-12)
}
