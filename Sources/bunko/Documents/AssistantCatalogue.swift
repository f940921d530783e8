import Domain

/// What the documents of assistants refer to by names.
struct AssistantCatalogue: Sendable {
    let skills: SkillCatalogue
    /// By the member of a document that names one of them.
    let components: [String: NameCatalogue]

    init(_ client: APIClient) async throws {
        skills = try await SkillCatalogue(client)
        components = [
            "voice": try await NameCatalogue("voice", collection: "voices", client),
            "avatar": try await NameCatalogue("avatar", collection: "avatars", client),
        ]
    }
}

/// The voices or avatars an assistant may have, by what documents call them: the name of one's own, else of the only one with that name
/// that is public or built in, else the id.
struct NameCatalogue: Sendable {
    private struct Entry: Decodable, Sendable {
        let id: String
        let name: String
    }

    private let kind: String
    private let collection: String
    private var ids: [String: String] = [:]
    private var names: [String: String] = [:]

    init(_ kind: String, collection: String, _ client: APIClient) async throws {
        (self.kind, self.collection) = (kind, collection)
        var (own, others): ([Entry], [String: Entry]) = ([], [:])
        try await client.eachPage("/v1/\(collection)", of: Entry.self) { own += $1 }
        for visibility in ["public", "shared"] {
            try await client.eachPage("/v1/\(collection)", of: Entry.self, query: ["visibility": visibility]) { _, page in
                for entry in page { others[entry.id] = entry }
            }
        }
        for entry in own { others[entry.id] = nil }
        add(Array(others.values))
        add(own)
    }

    /// Names that two have tell neither.
    private mutating func add(_ entries: [Entry]) {
        for (name, named) in Dictionary(grouping: entries, by: \.name) {
            for entry in named { ids[entry.id] = entry.id }
            if let former = ids.removeValue(forKey: name) { names[former] = nil }
            guard named.count == 1 else { continue }
            ids[name] = named[0].id
            names[named[0].id] = name
        }
    }

    /// A component of a stored assistant as documents name it.
    func document(_ component: JSONValue?) -> JSONValue? {
        guard case .object(let row)? = component, case .string(let id)? = row["id"] else { return nil }
        return .string(names[id] ?? id)
    }

    /// A document's reference named as the catalogue names it.
    /// - Throws: `not_found` for one that is not there.
    func resolved(_ reference: JSONValue, of title: String) throws(Problem) -> JSONValue {
        guard reference != .null else { return .null }
        let id = try id(of: reference, of: title)
        return .string(names[id] ?? id)
    }

    /// The id behind a document's reference.
    func id(of reference: JSONValue, of title: String) throws(Problem) -> String {
        guard case .string(let name) = reference else {
            throw Problem(
                .invalidRequest, code: "document_\(kind)", "The \(kind) of the assistant \"\(title)\" is no name and no id.",
                parameter: "-f")
        }
        guard let id = ids[name] else {
            throw Problem.notFound(kind, name, remedy: "Make it first, with POST /v1/\(collection); where two have the name, write the id.")
        }
        return id
    }
}
