import Domain
import Foundation
import Hummingbird
import Storage

/// `/v1/preferences` and `/v1/usage`: what a user set, and what was used in their name.
struct AccountDataRoutes: Sendable {
    let database: Database

    func add(to group: RouterGroup<BunkoRequestContext>) {
        group.get("preferences", use: preferences)
        group.patch("preferences", use: updatePreferences)
        group.get("usage", use: usage)
        group.get("usage/summary", use: summary)
    }

    @Sendable
    func preferences(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.read)
        return ResourceResponse(try await database.write(scope) { try await $0.preferences() })
    }

    @Sendable
    func updatePreferences(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourceResponse {
        let scope = try context.scope
        try scope.require(.ingest)
        let version = try request.expectedVersion()
        let members = try await request.members()
        return ResourceResponse(
            try await database.write(scope) { transaction in
                let standing = try await transaction.preferences()
                return try await transaction.update(.preferences, standing.id, members, version: version)
            })
    }

    @Sendable
    func usage(_ request: Request, _ context: BunkoRequestContext) async throws -> ResourcePage {
        let scope = try context.scope
        try scope.require(.read)
        let query = try request.resourceQuery(.usage)
        return ResourcePage(rows: try await database.read(scope) { try await $0.list(.usage, query) }, limit: query.limit)
    }

    /// `?by=day|assistant|api|model&from=SECONDS&to=SECONDS&assistant=NAME`; the last 30 days by day unless said otherwise.
    @Sendable
    func summary(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Summary> {
        let scope = try context.scope
        try scope.require(.read)
        let text = request.parameter("by") ?? UsageGrouping.day.rawValue
        guard let grouping = UsageGrouping(rawValue: text) else {
            let known = UsageGrouping.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalid("by", "by is \"\(text)\"; it is one of \(known).")
        }
        let now = Int(Date().timeIntervalSince1970)
        let to = try request.number("to", default: now + 1, in: 0...Self.latest)
        let from = try request.number("from", default: to - 30 * 86_400, in: 0...Self.latest)
        let sums = try await database.read(scope) { transaction in
            let assistant = try await request.parameter("assistant").asyncMap { try await transaction.assistant($0).id }
            return try await transaction.usage(
                by: grouping, from: Date(timeIntervalSince1970: Double(from)), to: Date(timeIntervalSince1970: Double(to)),
                assistant: assistant)
        }
        return JSONResponse(Summary(by: grouping.rawValue, from: from, to: to, data: sums))
    }

    /// The year 9999.
    private static let latest = 253_402_300_799

    struct Summary: Encodable, Sendable {
        let object = "usage_summary"
        let by: String
        let from: Int
        let to: Int
        let data: [UsageSum]
    }
}
