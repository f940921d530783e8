/// The law that synthetic embeddings follow: the shares of variance of the parts that a row is the sum of. They add up to 1.
public struct EmbeddingPreset: Sendable, Equatable {
    /// What the command line and the manifest call it.
    public let name: String
    /// e0: the direction common to all rows.
    let common: Double
    /// e1: the row's topic.
    let topic: Double
    /// e2: its sub-topic.
    let subtopic: Double
    /// e3: its document.
    let document: Double
    /// e4: the chunk alone.
    let chunk: Double

    /// Like text-embedding-3-large and -small: mean cosine 0.13.
    public static let threeLarge = EmbeddingPreset(name: "3large", common: 0.15, topic: 0.11, subtopic: 0.14, document: 0.22, chunk: 0.38)
    /// Like ada-002: mean cosine about 0.7.
    public static let ada = EmbeddingPreset(name: "ada", common: 0.72, topic: 0.036, subtopic: 0.046, document: 0.072, chunk: 0.126)

    /// All presets.
    public static let all = [threeLarge, ada]

    /// The preset of this name.
    public init?(named name: String) {
        guard let preset = Self.all.first(where: { $0.name == name }) else { return nil }
        self = preset
    }

    private init(name: String, common: Double, topic: Double, subtopic: Double, document: Double, chunk: Double) {
        self.name = name
        self.common = common
        self.topic = topic
        self.subtopic = subtopic
        self.document = document
        self.chunk = chunk
    }

    static let topics = 64
    static let subtopicsPerTopic = 64
    static let subtopics = topics * subtopicsPerTopic
    /// Rows for each planned document.
    static let rowsPerDocument = 8
    /// Mean of the geometric number that a document's chunks exceed by one.
    static let meanFurtherChunks = 8.0
    /// Deviation of the logarithm of a document's spread.
    static let documentSpread = 0.3
    /// Consecutive documents that belong to one tenant.
    static let documentsPerTenant = 50

    /// Standard deviation of a whole row's noise outside the latent space.
    var noise: Double {
        (0.03 * (topic + subtopic + document + chunk)).squareRoot()
    }
}
