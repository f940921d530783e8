import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/conversations` and their messages.
///
/// Messages are listed in the order they were written; `?branch=ID` gives the branch that ends in one of them. When it begins before the
/// page (`has_more`), the branch that ends in the first message's parent goes on. `?archived=true` lists those that were archived.
struct ConversationRoutes: Sendable {
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        let plain = ResourceRoutes(resource: .conversation, database: database)
        group.post("conversations", use: create)
        group.get("conversations", use: plain.list)
        group.get("conversations/:id", use: plain.get)
        group.patch("conversations/:id", use: plain.update)
        group.delete("conversations/:id", use: delete)
        group.post("conversations/:id/archive", use: archive)
        group.post("conversations/:id/restore", use: restore)
        group.post("conversations/:id/messages", use: append)
        group.get("conversations/:id/messages", use: messages)
        group.get("conversations/:id/messages/:message", use: message)
        group.patch("conversations/:id/messages/:message", use: updateMessage)
        group.delete("conversations/:id/messages/:message", use: deleteMessage)
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let members = try await request.members()
        return try await IdempotentWrite(database: database).run(request, members, scope: scope) {
            try await $0.createConversation(members)
        }
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .conversation)
        let version = try request.expectedVersion()
        try await database.write(scope) { try await $0.deleteConversation(id, version: version) }
        return JSONResponse(Deletion(id: id.uuidString.lowercased(), object: "conversation.deleted"))
    }

    @Sendable
    func append(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .conversation)
        let members = try await request.members()
        let attachments = try Self.attachments(members["attachments"])
        return try await IdempotentWrite(database: database).run(request, members, scope: scope) { transaction in
            try await transaction.appendMessage(members.filter { $0.key != "attachments" }, to: id, attachments: attachments)
        }
    }

    private static func attachments(_ value: JSONValue?) throws(Problem) -> [FileID] {
        guard let value, value != .null else { return [] }
        guard case .array(let items) = value else {
            throw Problem.invalid("attachments", "attachments is \(value.typeName); it must be an array of file ids.")
        }
        var ids: [FileID] = []
        for item in items {
            guard case .string(let text) = item, let id = FileID(text) else {
                throw Problem.invalid("attachments", "attachments holds something that is no file id.")
            }
            ids.append(id)
        }
        return ids
    }

    @Sendable
    func messages(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourcePage {
        let scope = try context.scope
        try scope.require(.read)
        let id = try context.pathUUID("id", of: .conversation)
        let query = try request.resourceQuery(.message, isAscending: true)
        let leaf = try request.parameter("branch").map { text throws(Problem) in
            guard let leaf = UUID(uuidString: text) else { throw Problem.invalid("branch", "branch is \"\(text)\", which is no UUID.") }
            return leaf
        }
        let isArchived = try request.flag("archived") ?? false
        guard leaf == nil || (query.after == nil && !isArchived) else {
            throw Problem.invalid(
                "branch", "branch goes neither with after nor with archived.",
                remedy: "For what comes before a branch's page, ask for the branch that ends in the first message's parent.")
        }
        let rows = try await database.read(scope) { transaction in
            if isArchived { return try await transaction.archivedMessages(of: id, .conversation, query) }
            if let leaf {
                _ = try await transaction.get(.conversation, id)
                return try await transaction.branch(of: id, to: leaf, limit: query.limit)
            }
            return try await transaction.messages(of: id, query)
        }
        return ResourcePage(rows: rows, limit: query.limit, showsLast: leaf != nil)
    }

    @Sendable
    func message(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        let (id, message) = (try context.pathUUID("id", of: .conversation), try context.pathUUID("message", of: .message))
        return ResourceResponse(
            try await database.read(scope) { transaction in
                _ = try await transaction.get(.conversation, id)
                return try await transaction.message(message, of: id)
            })
    }

    @Sendable
    func updateMessage(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let (id, message) = (try context.pathUUID("id", of: .conversation), try context.pathUUID("message", of: .message))
        let version = try request.expectedVersion()
        let members = try await request.members()
        return ResourceResponse(
            try await database.write(scope) { transaction in
                _ = try await transaction.get(.conversation, id)
                _ = try await transaction.message(message, of: id)
                return try await transaction.update(.message, message, members, version: version)
            })
    }

    @Sendable
    func deleteMessage(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let (id, message) = (try context.pathUUID("id", of: .conversation), try context.pathUUID("message", of: .message))
        let version = try request.expectedVersion()
        try await database.write(scope) { transaction in
            _ = try await transaction.get(.conversation, id)
            try await transaction.deleteMessage(message, of: id, version: version)
        }
        return JSONResponse(Deletion(id: message.uuidString.lowercased(), object: "message.deleted"))
    }

    struct Moved: Encodable, Sendable {
        let conversations: Int
        let messages: Int
    }

    @Sendable
    func archive(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Moved> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .conversation)
        let moved = try await database.write(scope) { try await $0.archiveConversations([id]) }
        return JSONResponse(Moved(conversations: moved.conversations, messages: moved.messages))
    }

    @Sendable
    func restore(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Moved> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: .conversation)
        let moved = try await database.write(scope) { try await $0.restoreConversations([id]) }
        return JSONResponse(Moved(conversations: moved.conversations, messages: moved.messages))
    }
}
