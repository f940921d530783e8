import Domain
import Foundation

/// The skills an assistant may have, by what documents call them: the code of one's own skill, else of the only public one with that
/// code, else the id.
struct SkillCatalogue: Sendable {
    private struct Skill: Decodable, Sendable {
        let id: String
        let skill_code: String
    }

    private var ids: [String: String] = [:]
    private var codes: [String: String] = [:]

    init(_ client: APIClient) async throws {
        var (own, shared): ([Skill], [Skill]) = ([], [])
        try await client.eachPage("/v1/skills", of: Skill.self) { own += $1 }
        try await client.eachPage("/v1/skills", of: Skill.self, query: ["visibility": "public"]) { shared += $1 }
        for skill in own + shared { ids[skill.id] = skill.id }
        let sharedByCode = Dictionary(grouping: shared, by: \.skill_code).filter { Set($0.value.map(\.id)).count == 1 }
        for skill in sharedByCode.values.compactMap(\.first) + own { ids[skill.skill_code] = skill.id }
        for skill in own + shared where ids[skill.skill_code] == skill.id { codes[skill.id] = skill.skill_code }
    }

    /// The id of a skill by its code or id.
    func id(of name: String) -> String? { ids[name] }

    /// An assistant's skills as the API tells them, in the form of documents.
    func document(_ skills: JSONValue?) -> JSONValue {
        guard case .array(let items)? = skills else { return .array([]) }
        let links = items.compactMap { item -> SkillLink? in
            guard case .object(let row) = item, case .string(let id)? = row["id"] else { return nil }
            return SkillLink(skill: codes[id] ?? id, row)
        }
        return .array(links.sorted().map(\.json))
    }

    /// A document's skills with each named as the catalogue names it.
    /// - Throws: `not_found` for a skill that is not there, `invalid_request` for one that stands there twice or has another form.
    func resolved(_ skills: JSONValue, of title: String) throws(Problem) -> JSONValue {
        guard case .array(let items) = skills else { throw SkillLink.malformed(title) }
        var links: [SkillLink] = []
        for item in items {
            var link = try SkillLink(item, of: title)
            guard let id = ids[link.skill] else {
                throw Problem.notFound("skill", link.skill, remedy: "Make it first, with POST /v1/skills.")
            }
            link.skill = codes[id] ?? id
            guard !links.contains(where: { $0.skill == link.skill }) else {
                throw Problem(
                    .invalidRequest, code: "document_skills", "The assistant \"\(title)\" has the skill \"\(link.skill)\" twice.",
                    parameter: "-f")
            }
            links.append(link)
        }
        return .array(links.sorted().map(\.json))
    }
}

/// One skill of an assistant in a document. What is as usual is left out.
struct SkillLink: Comparable, Sendable {
    var skill: String
    let priority: Int
    let isEnabled: Bool
    let customSettings: JSONValue?

    private static let usualPriority = 1

    /// - Parameter row: members as the API and documents both call them.
    init(skill: String, _ row: [String: JSONValue]) {
        self.skill = skill
        priority = if case .integer(let number)? = row["priority"] { number } else { Self.usualPriority }
        isEnabled = row["is_enabled"] != .boolean(false)
        customSettings = row["custom_settings"].flatMap { $0 == .null ? nil : $0 }
    }

    /// Reads an entry: a code or id alone, or with members.
    init(_ value: JSONValue, of title: String) throws(Problem) {
        switch value {
        case .string(let skill): self.init(skill: skill, [:])
        case .object(let members):
            guard case .string(let skill)? = members["skill"], Self.isWellFormed(members) else { throw Self.malformed(title) }
            self.init(skill: skill, members)
        default: throw Self.malformed(title)
        }
    }

    private static func isWellFormed(_ members: [String: JSONValue]) -> Bool {
        members.allSatisfy { name, value in
            switch (name, value) {
            case ("skill", .string), ("priority", .integer), ("is_enabled", .boolean), ("custom_settings", .object),
                ("custom_settings", .null):
                true
            default: false
            }
        }
    }

    static func malformed(_ title: String) -> Problem {
        Problem(
            .invalidRequest, code: "document_skills",
            "The skills of the assistant \"\(title)\" are a list of codes, or of mappings with skill, priority, is_enabled and custom_settings.",
            remedy: "Write each as \"- skill: CODE\" with what else it needs.", parameter: "-f")
    }

    static func < (one: SkillLink, other: SkillLink) -> Bool { (one.priority, one.skill) < (other.priority, other.skill) }

    var json: JSONValue {
        var members: [String: JSONValue] = ["skill": .string(skill)]
        if priority != Self.usualPriority { members["priority"] = .integer(priority) }
        if !isEnabled { members["is_enabled"] = .boolean(false) }
        members["custom_settings"] = customSettings
        return .object(members)
    }

    /// What the API is sent.
    var body: [String: JSONValue] {
        ["priority": .integer(priority), "is_enabled": .boolean(isEnabled), "custom_settings": customSettings ?? .null]
    }
}
