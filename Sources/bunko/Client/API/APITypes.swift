/// What commands read of the API's answers.
struct AssistantAnswer: Decodable, Sendable {
    let id: String
    let name: String
    let description: String?
    let persona_id: String?
    let default_llm_model: String?
    let custom_system_prompt: String?
}

struct ArchivedConversationAnswer: Decodable, Sendable {
    let id: String
    let title: String?
    let message_count: Int
    let updated_at: Int
}

struct PersonaAnswer: Decodable, Sendable {
    let id: String
    let slug: String?
    let name: String
    let description: String?
    let system_prompt: String
}

struct KeyAnswer: Decodable, Sendable {
    let id: String
    let name: String
    let prefix: String
    let scopes: [String]
    let assistant_ids: [String]?
    let revoked_at: Int?
    let expires_at: Int?
    let last_used_at: Int?
}

struct UserAnswer: Decodable, Sendable {
    let id: String
    let username: String
    let email: String
    let is_active: Bool
    let is_verified: Bool
    let is_admin: Bool
}

struct NewKeyAnswer: Codable, Sendable {
    let id: String
    let key: String
    let user: String
    let scopes: [String]
    let assistant_ids: [String]?
    let expires_at: Int?
}

struct PageAnswer<Element: Decodable & Sendable>: Decodable, Sendable {
    let data: [Element]
    let last_id: String?
    let has_more: Bool
}

struct LimitsAnswer: Decodable, Sendable {
    struct Embedding: Decodable, Sendable {
        let model: String
        let cost_per_million_tokens: Double
    }

    struct Reading: Decodable, Sendable, Equatable {
        let target_tokens: Int
        let vocabulary: String?
        let ocr_languages: [String]
    }

    let max_file_size: Int
    let supported_file_types: [String]
    /// Nil from a server that does not tell.
    let embedding: Embedding?
    /// How documents are read and cut; nil from a server that does not tell.
    let reading: Reading?
}

struct DeletionAnswer: Decodable, Sendable {
    let id: String
    let deleted: Bool
}

struct SearchAnswer: Decodable, Sendable {
    struct Result: Decodable, Sendable {
        let chunk_id: String
        let file: String?
        let heading_path: [String]
        let char_start: Int?
        let char_end: Int?
        let content: String
        let score: Double
    }

    let results: [Result]
    let arms: [String]
    let degraded: String?
    let exact: Bool
    let probes: Int
    let scanned: Int
    let matched: Int
    let timings_ms: [String: Double]
}

struct ContextAnswer: Decodable, Sendable {
    struct Message: Decodable, Sendable {
        let role: String
        let content: String
    }

    struct Citation: Decodable, Sendable {
        let number: Int
        let file: String?
        let title: String?
        let heading_path: [String]
        let page: Int?
        let char_start: Int?
        let char_end: Int?
        let score: Double
    }

    struct Tokens: Decodable, Sendable {
        let total: Int
        let budget: Int
        let system: Int
        let history: Int
        let knowledge: Int
        let query: Int
    }

    struct Search: Decodable, Sendable {
        let arms: [String]
        let degraded: String?
        let exact: Bool
        let probes: Int
        let scanned: Int
        let matched: Int
        let left_out: Int
    }

    let id: String
    let persona: String
    let messages: [Message]
    let citations: [Citation]
    let tokens: Tokens
    let search: Search
    let timings_ms: [String: Double]
}
