import Domain
import Foundation
import Hummingbird
import Ingestion
import Storage

/// `/v1/knowledge`: the passages of an assistant; a text (`content`) or a document of the web (`url`) is added to them without a file.
///
/// With `"shared": true` instead of an assistant, administrators add what every assistant may search whose settings allow it;
/// `visibility=shared` lists it for everybody.
struct KnowledgeRoutes: Sendable {
    let database: Database
    let writer: KnowledgeWriter
    let shared: SharedRows

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("knowledge", use: create)
        group.get("knowledge", use: list)
        group.get("knowledge/:id", use: ResourceRoutes(resource: .knowledge, database: database).get)
        group.patch("knowledge/:id", use: update)
        group.delete("knowledge/:id", use: delete)
    }

    /// Whose knowledge a request adds to.
    private enum Target {
        case assistant(String)
        case shared

        init(_ members: [String: JSONValue]) throws(Problem) {
            switch (members["assistant"] ?? .null, members["shared"] ?? .null) {
            case (.string(let reference), .null), (.string(let reference), .boolean(false)): self = .assistant(reference)
            case (.null, .boolean(true)): self = .shared
            case (.string, .boolean(true)):
                throw Problem.invalid("shared", "Shared knowledge belongs to no assistant.", remedy: "Leave assistant out, or shared.")
            case (.null, .null), (.null, .boolean(false)):
                throw Problem(
                    .invalidRequest, code: "member_missing", "The member \"assistant\" is missing.",
                    remedy: "Name the assistant, or its id.", parameter: "assistant")
            case (.null, let shared):
                throw Problem(
                    .invalidRequest, code: "member_mistyped", "shared is \(shared.typeName); it must be true or false.", parameter: "shared"
                )
            case (let assistant, _):
                throw Problem(
                    .invalidRequest, code: "member_mistyped", "assistant is \(assistant.typeName); it must be a name or an id.",
                    parameter: "assistant")
            }
        }

        /// What the request names; nil for shared knowledge.
        var reference: String? {
            if case .assistant(let reference) = self { reference } else { nil }
        }

        func resolve(in transaction: Transaction) async throws -> AssistantID? {
            switch self {
            case .assistant(let reference): try await transaction.assistant(reference).id
            case .shared: nil
            }
        }
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let caller = try context.scope
        try caller.require(.ingest)
        let members = try await request.members()
        let target = try Target(members)
        let owner = if case .shared = target { try await shared.administration.sharedScope(for: caller) } else { caller }
        let content = members.filter { !["assistant", "shared"].contains($0.key) }
        let payer = UsageOwner(try caller.userID, named: target.reference)
        let write = IdempotentWrite(database: database)
        if let kept = try await write.kept(request, members, scope: caller) { return kept }
        // Nothing is fetched or embedded for an assistant that is not the caller's.
        _ = try await database.read(owner) { try await target.resolve(in: $0) }
        guard members["url"] == nil else {
            let page = try await writer.preparePage(content, scope: owner, for: payer)
            return try await write.answer(request, members, scope: caller, owner: owner) { transaction in
                let assistant = try await target.resolve(in: transaction)
                return ResourceResponse(try await writer.add(page, to: assistant, in: transaction), status: .created)
            }
        }
        let prepared = try await writer.prepare(content, isNew: true, for: payer)
        return try await write.run(request, members, scope: caller, owner: owner) { transaction in
            try await writer.add(content, prepared, to: try await target.resolve(in: transaction), in: transaction)
        }
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourcePage {
        let scope = try context.scope
        try scope.require(.read)
        var query = try request.resourceQuery(.knowledge)
        let reference = request.parameter("assistant")
        guard reference != nil || query.visibility == .shared else {
            throw Problem.invalid(
                "assistant", "The list names no assistant.", remedy: "Add ?assistant=NAME, or ?visibility=shared for what all share.")
        }
        let rows = try await database.read(scope) { transaction in
            if let reference { query.filters["assistant_id"] = try await transaction.assistant(reference).id.description }
            return try await transaction.list(.knowledge, query)
        }
        return ResourcePage(rows: rows, limit: query.limit)
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let caller = try context.scope
        let id = try context.pathUUID("id", of: .knowledge)
        let version = try request.expectedVersion()
        let members = try await request.members()
        return try await shared.write(caller) { scope in
            ResourceResponse(try await writer.update(id, members, version: version, scope: scope, for: try caller.userID))
        }
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .knowledge)
        let version = try request.expectedVersion()
        try await shared.write(scope) { scope in
            try await database.write(scope) { try await $0.deletePassage(id, version: version) }
        }
        return JSONResponse(Deletion(id: id.uuidString.lowercased(), object: "knowledge.deleted"))
    }
}
