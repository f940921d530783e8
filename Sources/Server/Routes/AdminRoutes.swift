import Accounts
import Domain
import Foundation
import Hummingbird
import Operations
import Retrieval
import Storage

/// `/v1/admin/…`: figures, partitions and the archive of the whole installation. For administrators.
struct AdminRoutes: Sendable {
    let upkeep: Upkeep
    let mirror: KnowledgeMirror?
    let retriever: Retriever
    let caches: CacheSources
    let administration: UserAdministration

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.get("admin/stats", use: statistics)
        group.get("admin/partitions", use: partitions)
        group.post("admin/partitions", use: ensurePartitions)
        group.post("admin/archive", use: archive)
        group.post("admin/archive/restore", use: restore)
    }

    /// The database's figures with those of the index and of the caches as more members.
    struct StatisticsBody: Encodable, Sendable {
        let database: DatabaseStatistics
        let index: IndexRoutes.State
        let caches: CacheFigures

        private enum CodingKeys: CodingKey { case index, caches }

        func encode(to encoder: any Encoder) throws {
            try database.encode(to: encoder)
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(index, forKey: .index)
            try members.encode(caches, forKey: .caches)
        }
    }

    struct PartitionsRequest: Decodable {
        let months: Int
        let from: String?
    }

    struct PartitionsBody: Encodable, Sendable {
        let made: Int
        let data: [MessagePartition]
    }

    struct ArchiveRequest: Decodable {
        let messages_older_than: String?
        let inactive: String?
        let dry_run: Bool?
    }

    struct RestoreRequest: Decodable {
        let ids: [String]
    }

    struct RestoreBody: Encodable, Sendable {
        let conversations: Int
        let messages: Int
    }

    @Sendable
    func statistics(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<StatisticsBody> {
        try await administration.requireAdministrator(try context.scope)
        let database = try await upkeep.statistics()
        return JSONResponse(
            StatisticsBody(
                database: database, index: IndexRoutes.State(mirror, replicas: try await upkeep.replicas()),
                caches: CacheFigures(caches, retriever.questionStatistics, database)))
    }

    @Sendable
    func partitions(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<PartitionsBody> {
        try await administration.requireAdministrator(try context.scope)
        return JSONResponse(PartitionsBody(made: 0, data: try await upkeep.partitions()))
    }

    @Sendable
    func ensurePartitions(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<PartitionsBody> {
        try await administration.requireAdministrator(try context.scope)
        let body = try await request.json(PartitionsRequest.self)
        let made = try await upkeep.ensurePartitions(from: body.from, months: body.months)
        return JSONResponse(PartitionsBody(made: made, data: try await upkeep.partitions()))
    }

    @Sendable
    func archive(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<ArchiveReport> {
        try await administration.requireAdministrator(try context.scope)
        let body = try await request.json(ArchiveRequest.self)
        let messages = try Self.age(body.messages_older_than, "messages_older_than")
        let inactive = try Self.age(body.inactive, "inactive")
        guard messages != nil || inactive != nil else {
            throw Problem.invalid(
                "messages_older_than", "Neither messages_older_than nor inactive is given.",
                remedy: "Give one or both, such as \"6months\".")
        }
        return JSONResponse(try await upkeep.archive(messagesOlderThan: messages, inactiveFor: inactive, dryRun: body.dry_run ?? false))
    }

    @Sendable
    func restore(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<RestoreBody> {
        try await administration.requireAdministrator(try context.scope)
        let body = try await request.json(RestoreRequest.self)
        guard (1...1_000).contains(body.ids.count) else {
            throw Problem.invalid("ids", "ids holds \(body.ids.count) ids; it must hold between 1 and 1000.")
        }
        let ids = try body.ids.map { text throws(Problem) in
            guard let id = UUID(uuidString: text) else { throw Problem.notFound("archived conversation", text) }
            return id
        }
        let moved = try await upkeep.restore(ids)
        return JSONResponse(RestoreBody(conversations: moved.conversations, messages: moved.messages))
    }

    private static func age(_ text: String?, _ member: String) throws(Problem) -> Age? {
        guard let text else { return nil }
        guard let age = Age(text) else {
            throw Problem.invalid(member, "\(member) is \"\(text)\"; its form is a number and a unit: 90days, 6months, 1year.")
        }
        return age
    }
}
