public import Foundation

/// One assistant of one user: a persona, its own additions, and the partition of knowledge it answers from.
public struct Assistant: Sendable, Hashable {
    public var id: AssistantID
    public var userID: UserID
    /// 1 to 100 characters, unique within the user's assistants.
    public var name: String
    public var summary: String?
    public var personaID: PersonaID?
    public var defaultModel: String?
    /// Appended after the persona's system prompt.
    public var customSystemPrompt: String?
    public var settings: AssistantSettings
    public var isActive: Bool
    public var isPublic: Bool
    public var createdAt: Date
    public var updatedAt: Date

    public init(
        id: AssistantID, userID: UserID, name: String, summary: String?, personaID: PersonaID?, defaultModel: String?,
        customSystemPrompt: String?, settings: AssistantSettings, isActive: Bool, isPublic: Bool, createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.userID = userID
        self.name = name
        self.summary = summary
        self.personaID = personaID
        self.defaultModel = defaultModel
        self.customSystemPrompt = customSystemPrompt
        self.settings = settings
        self.isActive = isActive
        self.isPublic = isPublic
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// `assistants.settings`: how this assistant retrieves and how much it may say. A missing member means the service's default.
public struct AssistantSettings: Sendable, Hashable, Codable {
    /// Also search the knowledge administrators share with everybody.
    public var usesSharedKnowledge: Bool?
    /// Lets those who use this public assistant's persona search its knowledge, too.
    public var sharesKnowledge: Bool?
    /// Passages asked for when a request does not say, 1 to 100.
    public var k: Int?
    /// Passages with a lower score than this are left out, 0 to 1.
    public var threshold: Double?
    /// Tokens of all messages together when a request does not say.
    public var maxTokens: Int?

    public init(
        usesSharedKnowledge: Bool? = nil, sharesKnowledge: Bool? = nil, k: Int? = nil, threshold: Double? = nil, maxTokens: Int? = nil
    ) {
        self.usesSharedKnowledge = usesSharedKnowledge
        self.sharesKnowledge = sharesKnowledge
        self.k = k
        self.threshold = threshold
        self.maxTokens = maxTokens
    }

    private enum CodingKeys: String, CodingKey {
        case usesSharedKnowledge = "uses_shared_knowledge"
        case sharesKnowledge = "share_knowledge"
        case k
        case threshold
        case maxTokens = "max_tokens"
    }
}

/// A persona: who the assistant is. Built-in ones have a slug and belong to the system user.
public struct Persona: Sendable, Hashable {
    public var id: PersonaID
    public var slug: String?
    public var name: String
    public var summary: String?
    public var systemPrompt: String

    public init(id: PersonaID, slug: String?, name: String, summary: String?, systemPrompt: String) {
        self.id = id
        self.slug = slug
        self.name = name
        self.summary = summary
        self.systemPrompt = systemPrompt
    }
}
