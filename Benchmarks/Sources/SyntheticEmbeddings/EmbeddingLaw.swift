/// Shares of variance of the parts a row is the sum of; they add up to 1.
public struct EmbeddingLaw: Sendable {
    /// The direction common to all rows.
    public var common: Double
    /// The row's topic.
    public var topic: Double
    /// Its sub-topic.
    public var subtopic: Double
    /// Its document.
    public var document: Double
    /// The chunk alone.
    public var chunk: Double

    /// Like text-embedding-3-large and -small: mean cosine 0.13.
    public static let threeLarge = EmbeddingLaw(common: 0.15, topic: 0.11, subtopic: 0.14, document: 0.22, chunk: 0.38)
    /// Like ada-002: mean cosine about 0.7.
    public static let ada = EmbeddingLaw(common: 0.72, topic: 0.036, subtopic: 0.046, document: 0.072, chunk: 0.126)

    static let topics = 64
    static let subtopicsPerTopic = 64
    static let meanChunksPerDocument = 8.0
    static let documentSpread = 0.3

    /// Standard deviation of the noise outside the latent space.
    var noise: Double {
        (0.03 * (topic + subtopic + document)).squareRoot()
    }
}
