import Domain
import Foundation
import Hummingbird
import Ingestion
import Storage

/// `/v1/knowledge`: the passages of an assistant; a text (`content`) or a document of the web (`url`) is added to them without a file.
struct KnowledgeRoutes: Sendable {
    let database: Database
    let writer: KnowledgeWriter

    func add(to group: RouterGroup<BunkoRequestContext>) {
        let plain = ResourceRoutes(resource: .knowledge, database: database)
        group.post("knowledge", use: create)
        group.get("knowledge", use: list)
        group.get("knowledge/:id", use: plain.get)
        group.patch("knowledge/:id", use: update)
        group.delete("knowledge/:id", use: plain.delete)
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let members = try await request.members()
        guard case .string(let reference) = members["assistant"] ?? .null else {
            throw Problem(
                .invalidRequest, code: "member_missing", "The member \"assistant\" is missing.", remedy: "Name the assistant, or its id.",
                parameter: "assistant")
        }
        guard members["url"] == nil else { return try await createFromPage(request, members, reference, scope) }
        let prepared = try await writer.prepare(members, isNew: true)
        return try await IdempotentWrite(database: database).run(request, members, scope: scope) { transaction in
            let assistant = try await transaction.assistant(reference)
            return try await writer.add(members.filter { $0.key != "assistant" }, prepared, to: assistant.id, in: transaction)
        }
    }

    private func createFromPage(
        _ request: Request, _ members: [String: JSONValue], _ reference: String, _ scope: Scope
    ) async throws -> ResourceResponse {
        let write = IdempotentWrite(database: database)
        if let kept = try await write.kept(request, members, scope: scope) { return kept }
        // Nothing is fetched for an assistant that is not the caller's.
        _ = try await database.read(scope) { try await $0.assistant(reference) }
        let page = try await writer.preparePage(members.filter { $0.key != "assistant" }, scope: scope)
        return try await write.answer(request, members, scope: scope) { transaction in
            let assistant = try await transaction.assistant(reference)
            return ResourceResponse(created: try await writer.add(page, to: assistant.id, in: transaction))
        }
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourcePage {
        let scope = try context.scope
        try scope.require(.read)
        guard let reference = request.parameter("assistant") else {
            throw Problem.invalid("assistant", "The list names no assistant.", remedy: "Add ?assistant=NAME.")
        }
        var query = try request.resourceQuery(.knowledge)
        let rows = try await database.read(scope) { transaction in
            query.filters["assistant_id"] = try await transaction.assistant(reference).id.description
            return try await transaction.list(.knowledge, query)
        }
        return ResourcePage(rows: rows, limit: query.limit)
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        let id = try context.pathUUID("id", of: .knowledge)
        let version = try request.expectedVersion()
        return ResourceResponse(try await writer.update(id, try await request.members(), version: version, scope: scope))
    }
}
