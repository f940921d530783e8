import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/archive/conversations`: what was archived, with its messages, to be read or deleted.
///
/// `POST /v1/conversations/{id}/restore` brings a conversation back. Messages that were archived while their conversation goes on are
/// listed by `GET /v1/conversations/{id}/messages?archived=true`.
struct ArchiveRoutes: Sendable {
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        let plain = ResourceRoutes(resource: .archivedConversation, database: database)
        group.get("archive/conversations", use: plain.list)
        group.get("archive/conversations/:id", use: plain.get)
        group.get("archive/conversations/:id/messages", use: messages)
        group.delete("archive/conversations/:id", use: delete)
    }

    @Sendable
    func messages(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourcePage {
        let scope = try context.scope
        try scope.require(.read)
        let id = try context.pathUUID("id", of: .archivedConversation)
        let query = try request.resourceQuery(.archivedMessage, isAscending: true)
        let rows = try await database.read(scope) { try await $0.archivedMessages(of: id, .archivedConversation, query) }
        return ResourcePage(rows: rows, limit: query.limit)
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .archivedConversation)
        let version = try request.expectedVersion()
        try await database.write(scope) { try await $0.deleteArchivedConversation(id, version: version) }
        return JSONResponse(Deletion(id: id.uuidString.lowercased(), object: "archived_conversation.deleted"))
    }
}
