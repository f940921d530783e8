import Domain
import Foundation

/// A kind of entity that lives in git as YAML documents: how it is written, and how a document is matched with what is stored.
struct DocumentKind: Sendable {
    /// What the documents say they are.
    let name: String
    /// The collection's path.
    let collection: String
    /// The members a document holds, in the order they are written.
    let members: [String]

    /// Built-in personas are documents, too: they are told by their `slug`, and administrators change them.
    static let persona = DocumentKind(
        name: "persona", collection: "templates",
        members: ["slug", "name", "description", "template_type", "parameters", "avatar_model", "is_active", "is_public", "system_prompt"])
    static let assistant = DocumentKind(
        name: "assistant", collection: "assistants",
        members: [
            "name", "description", "persona", "voice", "avatar", "default_llm_model", "settings", "skills", "is_active", "is_public",
            "custom_system_prompt",
        ])

    /// Whether a document lists skills, which the API keeps apart.
    var hasSkills: Bool { members.contains("skills") }

    /// The stored ones, by what ``identity(of:)`` says of them.
    func stored(_ client: APIClient, _ catalogue: AssistantCatalogue?) async throws -> [String: StoredDocument] {
        var found: [String: StoredDocument] = [:]
        for visibility in members.contains("slug") ? ["own", "shared"] : ["own"] {
            var query = ["limit": "1000", "sort": "name", "order": "asc", "visibility": visibility]
            while true {
                let page: PageAnswer<JSONValue> = try await client.get("/v1/\(collection)", query: query)
                for value in page.data { try add(value, catalogue, isBuiltIn: visibility == "shared", to: &found) }
                guard page.has_more, let last = page.last_id else { break }
                query["after"] = last
            }
        }
        return found
    }

    /// A stored one as it is now, with its entity tag, which no list tells.
    func read(_ listed: StoredDocument, _ client: APIClient, _ catalogue: AssistantCatalogue?) async throws -> StoredDocument {
        let (row, version) = try await client.versioned(APIClient.path(collection, listed.id), as: [String: JSONValue].self)
        return StoredDocument(id: listed.id, members: document(row, catalogue), isBuiltIn: listed.isBuiltIn, version: version)
    }

    private func add(
        _ value: JSONValue, _ catalogue: AssistantCatalogue?, isBuiltIn: Bool, to found: inout [String: StoredDocument]
    ) throws(Problem) {
        guard case .object(let row) = value, case .string(let id)? = row["id"], case .string(let name)? = row["name"] else { return }
        let document = document(row, catalogue)
        let stored = StoredDocument(id: id, members: document, isBuiltIn: isBuiltIn)
        guard found.updateValue(stored, forKey: Self.identity(of: document)) == nil else {
            throw Problem(
                .conflict, code: "name_ambiguous", "There are two entities named \"\(name)\", so a document cannot tell which is meant.",
                remedy: "Rename one of them.")
        }
    }

    /// What tells one document from another: a built-in entity's slug, marked as no name can be, or the name.
    static func identity(of document: [String: JSONValue]) -> String {
        if case .string(let slug)? = document["slug"] { return "\0\(slug)" }
        if case .string(let name)? = document["name"] { return name }
        return ""
    }

    /// The members of a stored row that belong into a document; without those that are empty.
    private func document(_ row: [String: JSONValue], _ catalogue: AssistantCatalogue?) -> [String: JSONValue] {
        var document = row.filter { members.contains($0.key) && $0.value != .null }
        if case .object(let template)? = row["template"], members.contains("persona") {
            document["persona"] = template["slug"] == .null ? template["name"] : template["slug"]
        }
        if document["settings"] == .object([:]) { document["settings"] = nil }
        if let catalogue {
            document["skills"] = catalogue.skills.document(row["skills"])
            for (member, components) in catalogue.components { document[member] = components.document(row[member]) }
        }
        return document
    }

    /// A document in the form that stored ones have.
    func resolved(_ document: [String: JSONValue], _ catalogue: AssistantCatalogue?) throws(Problem) -> [String: JSONValue] {
        guard let catalogue else { return document }
        var resolved = document
        if let skills = document["skills"] { resolved["skills"] = try catalogue.skills.resolved(skills, of: document.title) }
        for (member, components) in catalogue.components {
            if let reference = document[member] { resolved[member] = try components.resolved(reference, of: document.title) }
        }
        return resolved
    }

    /// Checks that a document is of this kind and holds nothing else.
    func check(_ value: JSONValue, _ file: String) throws(Problem) -> [String: JSONValue] {
        guard case .object(var document) = value else {
            throw Problem(.invalidRequest, code: "document_form", "\(file) holds a document that is no mapping.", parameter: "-f")
        }
        if let kind = document.removeValue(forKey: "kind"), kind != .string(name) {
            throw Problem.documentKind(file, name)
        }
        if let slug = document["slug"], slug.typeName != JSONValue.string("").typeName {
            throw Problem(.invalidRequest, code: "document_slug", "\(file) holds a \(name) whose slug is no text.", parameter: "-f")
        }
        guard case .string(let title)? = document["name"], !title.isEmpty else {
            throw Problem(.invalidRequest, code: "document_name", "\(file) holds a \(name) without a name.", parameter: "-f")
        }
        for member in document.keys.sorted() where !members.contains(member) {
            throw Problem(
                .invalidRequest, code: "document_member", "The \(name) \"\(title)\" in \(file) has an unknown member \"\(member)\".",
                remedy: "Its members are \(members.joined(separator: ", ")).", parameter: "-f")
        }
        return document
    }

    /// A document's members in the order they are written, its kind first; without empty lists.
    func ordered(_ document: [String: JSONValue]) -> [(String, JSONValue)] {
        let filled = document.filter { $0.value != .array([]) }
        return [("kind", .string(name))] + members.compactMap { member in filled[member].map { (member, $0) } }
    }
}

extension Problem {
    static func documentKind(_ file: String, _ expected: String) -> Problem {
        Problem(
            .invalidRequest, code: "document_kind", "\(file) holds a document of another kind than \(expected).",
            remedy: "Apply it with the command of its kind.", parameter: "-f")
    }
}

/// An entity as it is stored.
struct StoredDocument: Sendable {
    let id: String
    let members: [String: JSONValue]
    /// Whether it is the installation's and not the caller's.
    let isBuiltIn: Bool
    /// The entity tag; nil for one that a list told.
    var version: String?
}

/// What applying a document will do.
struct DocumentChange: Sendable {
    let title: String
    /// The stored entity's id; nil when it will be created.
    let id: String?
    /// The entity tag of what it is compared with.
    let version: String?
    /// The members that will be set.
    let members: [String: JSONValue]
    /// What changes, line by line.
    let lines: [String]
    private let skillsBefore: JSONValue

    /// - Parameter stored: what stands under the document's name.
    init(_ document: [String: JSONValue], kind: DocumentKind, stored: StoredDocument?) {
        title = document.title
        id = stored?.id
        version = stored?.version
        skillsBefore = stored?.members["skills"] ?? .array([])
        let changed = document.filter { stored?.members[$0.key] ?? .null != $0.value }
        members = changed
        lines = kind.members.flatMap { member -> [String] in
            guard let new = changed[member] else { return [] }
            return Self.difference(member, stored?.members[member] ?? .null, new)
        }
    }

    /// The skills an assistant gets or has in another way, and those it loses.
    var skills: (set: [SkillLink], removed: [SkillLink]) {
        get throws(Problem) {
            guard let wanted = members["skills"] else { return ([], []) }
            let (before, after) = (try links(skillsBefore), try links(wanted))
            return (
                after.filter { !before.contains($0) }, before.filter { old in !after.contains { $0.skill == old.skill } }
            )
        }
    }

    private func links(_ value: JSONValue) throws(Problem) -> [SkillLink] {
        guard case .array(let items) = value else { return [] }
        return try items.map { item throws(Problem) in try SkillLink(item, of: title) }
    }

    private static func difference(_ member: String, _ old: JSONValue, _ new: JSONValue) -> [String] {
        let (before, after) = (lines(old), lines(new))
        guard before.count > 1 || after.count > 1 else {
            return ["  \(member): \(before.first.map { "\($0) → " } ?? "")\(after.first ?? "")"]
        }
        var shown = ["  \(member):"]
        for change in after.difference(from: before) {
            switch change {
            case .remove(_, let line, _): shown.append("    - \(line)")
            case .insert(_, let line, _): shown.append("    + \(line)")
            }
        }
        return shown
    }

    private static func lines(_ value: JSONValue) -> [String] {
        switch value {
        case .null: return []
        case .array(let values): return values.flatMap(lines)
        case .string(let text): return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        default:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(value)).map { [String(decoding: $0, as: UTF8.self)] } ?? []
        }
    }
}
