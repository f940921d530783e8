public import Foundation

/// An embedding model behind an OpenAI-compatible endpoint, and how it may be asked.
public struct RemoteModel: Sendable {
    /// What `/embeddings` is put behind, such as `https://api.example.org/v1`.
    public var baseURL: URL
    /// The model's name at the endpoint.
    public var name: String
    /// Sent as a bearer token; nil where the endpoint wants none. It is never logged and stands in no error.
    public var key: String?
    /// The length the endpoint is asked to shorten vectors to; nil where the model cannot, or gives what is stored anyway.
    public var shortensTo: Int?
    /// Whether vectors are asked for in base64, which takes a third of the bytes; both forms are read in any case.
    public var asksForBase64 = true
    /// Texts of one request at most.
    public var mostTexts = 256
    /// Tokens of one request at most, as estimated; a longer text goes alone.
    public var mostTokens = 100_000
    /// Requests that are under way at a time.
    public var concurrency = 4
    /// What the provider allows in a minute; nil until it tells by its answers.
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    /// How long one request may take, from its sending to the last byte.
    public var timeout = Duration.seconds(60)
    /// How long a question's vector may take with all tries: a person waits for it.
    public var queryTimeout = Duration.seconds(10)
    /// What a million tokens cost, in the installation's currency.
    public var costPerMillionTokens: Decimal = 0

    /// A model with these limits' usual values.
    public init(baseURL: URL, name: String, key: String?) {
        self.baseURL = baseURL
        self.name = name
        self.key = key
    }

    /// The identity its vectors are stored under. Vectors that were shortened otherwise are others.
    public var id: String {
        shortensTo.map { "\(name)@\($0)" } ?? name
    }
}
