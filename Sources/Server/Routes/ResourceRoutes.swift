import Domain
import Foundation
import Hummingbird
import Storage

/// The five routes of a resource: create, list, get, change, delete.
///
/// Lists are paged by `limit` and `after`, sorted by `sort` and `order`, narrowed by the resource's filters; `visibility=public` lists
/// everybody's public rows, by `created_at` alone. A change takes an `If-Match`; a creation an `Idempotency-Key`.
struct ResourceRoutes: Sendable {
    let resource: Resource
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.post("\(resource.collection)", use: create)
        group.get("\(resource.collection)", use: list)
        group.get("\(resource.collection)/:id", use: get)
        group.patch("\(resource.collection)/:id", use: update)
        group.delete("\(resource.collection)/:id", use: delete)
    }

    @Sendable
    func create(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let members = try await request.members()
        return try await IdempotentWrite(database: database).run(request, members, scope: scope) { try await $0.create(resource, members) }
    }

    @Sendable
    func list(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourcePage {
        let scope = try context.scope
        try scope.require(.read)
        let query = try request.resourceQuery(resource)
        return ResourcePage(rows: try await database.read(scope) { try await $0.list(resource, query) }, limit: query.limit)
    }

    @Sendable
    func get(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        let id = try context.pathUUID("id", of: resource)
        return ResourceResponse(try await database.read(scope) { try await $0.get(resource, id) })
    }

    @Sendable
    func update(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: resource)
        let version = try request.expectedVersion()
        let members = try await request.members()
        return ResourceResponse(try await database.write(scope) { try await $0.update(resource, id, members, version: version) })
    }

    @Sendable
    func delete(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Deletion> {
        let scope = try context.scope
        try scope.require(.ingest)
        let id = try context.pathUUID("id", of: resource)
        let version = try request.expectedVersion()
        try await database.write(scope) { try await $0.delete(resource, id, version: version) }
        return JSONResponse(Deletion(id: id.uuidString.lowercased(), object: "\(resource.name).deleted"))
    }
}

extension BunkoRequestContext {
    /// The id of a row in the path. Text that is no id names nothing, so it is answered like one that does not exist.
    func pathUUID(_ name: String, of resource: Resource) throws(Problem) -> UUID {
        let text = try pathText(name)
        guard let id = UUID(uuidString: text) else { throw Problem.notFound(resource.spokenName, text) }
        return id
    }
}
