public import Domain
public import Retrieval

/// One message of a conversation.
public struct Message: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant, tool
    }

    public var role: Role
    public var content: String

    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}

/// What a context is asked for.
public struct ContextRequest: Sendable {
    /// Defaults that hold when neither the request nor the assistant's settings say otherwise.
    public static let defaultMaxTokens = 4_000
    public static let defaultK = 8
    /// Range of ``maxTokens``.
    public static let validMaxTokens = 64...2_000_000
    /// Range of ``k``.
    public static let validK = 1...100
    /// Passages around each found one that a context holds when it has room.
    public static let defaultNeighbors = 1

    /// The question; the last user message when nil.
    public var query: String?
    /// The conversation so far, oldest first.
    public var messages: [Message]
    /// Bound for all assembled messages together, in estimated tokens.
    public var maxTokens: Int?
    /// Kept free for the answer, on top of `maxTokens`; reported back and part of no sum.
    public var reserveTokens: Int?
    public var k: Int?
    public var threshold: Double?
    public var filter: Filter?
    /// 0…1, as `Selection.diversity`.
    public var diversity: Double?
    /// Passages before and after each found one, in its file, that are joined to it as far as the budget allows, the best passage's first;
    /// ``defaultNeighbors`` when nil.
    public var neighbors: Int?

    public init(
        query: String?, messages: [Message] = [], maxTokens: Int? = nil, reserveTokens: Int? = nil, k: Int? = nil,
        threshold: Double? = nil, filter: Filter? = nil, diversity: Double? = nil, neighbors: Int? = nil
    ) {
        self.query = query
        self.messages = messages
        self.maxTokens = maxTokens
        self.reserveTokens = reserveTokens
        self.k = k
        self.threshold = threshold
        self.filter = filter
        self.diversity = diversity
        self.neighbors = neighbors
    }
}

/// A finished context: messages ready for an OpenAI-style call, and where their passages come from.
public struct AssembledContext: Sendable {
    public var assistant: Assistant
    public var persona: Persona
    public var messages: [Message]
    public var citations: [Citation]
    public var tokens: TokenReport
    public var timings: [(stage: String, milliseconds: Double)]
    public var retrieval: RetrievalReport
}

/// Where a numbered passage comes from.
public struct Citation: Sendable, Hashable {
    /// As it stands in the text, from 1.
    public var number: Int
    public var file: String?
    public var title: String?
    public var headingPath: [String]
    public var page: Int?
    /// Unicode scalar offsets into the extracted text of the file.
    public var charStart: Int?
    public var charEnd: Int?
    /// 0…1, as `ScoredPassage.score`.
    public var score: Float
    public var chunkID: ChunkID
    /// The chunks that were joined, in the order of the text.
    public var chunks: [ChunkID]
    /// Chunks left out because this passage says what they say.
    public var duplicates: [ChunkID]
    public var fileID: FileID?
}

/// Estimated tokens of each part; `total` is their sum and at most `budget`.
public struct TokenReport: Sendable, Hashable {
    public var total: Int
    public var budget: Int
    public var reserve: Int
    public var system: Int
    public var history: Int
    public var knowledge: Int
    public var query: Int
}

/// What the search did.
public struct RetrievalReport: Sendable, Hashable {
    public var backend: RetrievalBackend
    /// What was searched: vectors, words, or both.
    public var arms: [SearchArm]
    /// Why vectors were not searched; nil when they were.
    public var degraded: String?
    public var exact: Bool
    public var probes: Int
    public var scanned: Int
    public var matched: Int
    /// Passages found that did not fit into the budget.
    public var leftOut: Int
}
