public import Domain
public import Foundation
import Postgres

/// Whom a model is called for.
public struct UsageOwner: Sendable {
    public var userID: UserID
    public var assistantID: AssistantID?
    /// Tells the assistant where the id does not; an assistant that is none of the user's is left out.
    public var assistantName: String?

    public init(_ userID: UserID, assistant: AssistantID? = nil) {
        self.userID = userID
        assistantID = assistant
    }

    /// - Parameter reference: the assistant's id or name, as a request gives it, whether there is one or not.
    public init(_ userID: UserID, named reference: String?) {
        self.userID = userID
        assistantID = reference.flatMap { AssistantID($0) }
        assistantName = reference
    }
}

/// One call of a model, as it is accounted for.
public struct UsageRecord: Sendable {
    /// Tells the row from others, so that it is written once however often that is tried.
    public let id = UUID()
    public let madeAt = Date()
    public var owner: UsageOwner
    public var apiName: String
    public var model: String?
    public var tokens: Int?
    /// In the installation's currency, with up to eight decimals.
    public var cost: Decimal?
    public var milliseconds: Int
    /// Why the call failed; nil when it did not.
    public var failure: String?

    public init(
        _ owner: UsageOwner, apiName: String, model: String?, tokens: Int?, cost: Decimal?, milliseconds: Int = 0, failure: String? = nil
    ) {
        self.owner = owner
        self.apiName = apiName
        self.model = model
        self.tokens = tokens
        self.cost = cost
        self.milliseconds = milliseconds
        self.failure = failure
    }

    public init(
        userID: UserID, assistantID: AssistantID?, apiName: String, model: String?, tokens: Int?, cost: Decimal?, milliseconds: Int,
        failure: String? = nil
    ) {
        self.init(
            UsageOwner(userID, assistant: assistantID), apiName: apiName, model: model, tokens: tokens, cost: cost,
            milliseconds: milliseconds, failure: failure)
    }

    /// What went wrong, short and without U+0000, which the database does not store.
    fileprivate var storableFailure: String? { failure.map { String($0.replacing("\0", with: "").unicodeScalars.prefix(2_000)) } }
    fileprivate var storableName: String? { owner.assistantName.flatMap { $0.utf8.contains(0) ? nil : $0 } }
}

/// What usage is summed up by.
public enum UsageGrouping: String, Sendable, CaseIterable {
    case day
    case assistant
    case api
    case model
}

/// The sums of one group.
public struct UsageSum: Sendable, Encodable {
    /// The day as YYYY-MM-DD, the assistant's id, the API's or the model's name; nil for rows without one.
    public let group: String?
    public let calls: Int
    public let failures: Int
    public let tokens: Int
    public let cost: String
    public let average_response_time_ms: Double?
}

extension Transaction {
    /// Writes rows of any users in one statement, each once however often it is tried; for the service's own scope.
    public func recordUsage(_ records: [UsageRecord]) async throws {
        guard !records.isEmpty else { return }
        try await connection.execute(
            """
            INSERT INTO api_usage
                (id, created_at, user_id, secretary_id, api_name, model, tokens_used, cost, response_time_ms, success, error_message)
            SELECT u.id, u.made_at, u.user_id, a.id, u.api_name, u.model, u.tokens, u.cost::numeric, u.milliseconds, u.failure IS NULL,
                u.failure
            FROM unnest(\(records.map(\.id)), \(records.map(\.madeAt)), \(records.map(\.owner.userID)),
                \(records.map(\.owner.assistantID)), \(records.map(\.storableName)), \(records.map(\.apiName)), \(records.map(\.model)),
                \(records.map { $0.tokens.map(Int32.init(clamping:)) }), \(records.map { $0.cost.map { "\($0)" } }),
                \(records.map { Int32(clamping: $0.milliseconds) }), \(records.map(\.storableFailure)))
                AS u (id, made_at, user_id, assistant_id, assistant_name, api_name, model, tokens, cost, milliseconds, failure)
            JOIN users o ON o.id = u.user_id
            LEFT JOIN LATERAL (
                SELECT s.id FROM assistants s WHERE s.user_id = u.user_id AND (s.id = u.assistant_id OR s.name = u.assistant_name)
                ORDER BY s.id = u.assistant_id DESC NULLS LAST LIMIT 1
            ) a ON true
            ON CONFLICT (user_id, created_at, id) DO NOTHING
            """)
    }

    /// The scope's usage from one moment up to another, summed up.
    public func usage(by grouping: UsageGrouping, from: Date, to: Date, assistant: AssistantID?) async throws -> [UsageSum] {
        let group: SQL =
            switch grouping {
            case .day: "to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
            case .assistant: "r.secretary_id::text"
            case .api: "r.api_name"
            case .model: "r.model"
            }
        var conditions: [SQL] = ["r.user_id = \(try scope.userID)", "r.created_at >= \(from)", "r.created_at < \(to)"]
        if let assistant { conditions.append("r.secretary_id = \(assistant)") }
        if let bound = scope.assistants { conditions.append("r.secretary_id = ANY (\(Array(bound)))") }
        return try await connection.query(
            """
            SELECT \(group) AS grouped, count(*) AS calls, count(*) FILTER (WHERE NOT r.success) AS failures,
                coalesce(sum(r.tokens_used), 0)::bigint AS tokens, coalesce(sum(r.cost), 0)::text AS cost,
                avg(r.response_time_ms)::float8 AS average
            FROM api_usage r WHERE \(conditions.joined(separator: " AND ")) GROUP BY 1 ORDER BY 1 DESC NULLS LAST LIMIT 1000
            """
        ).map { row in
            UsageSum(
                group: try row.decode("grouped", as: String?.self), calls: try row.decode("calls", as: Int.self),
                failures: try row.decode("failures", as: Int.self), tokens: try row.decode("tokens", as: Int.self),
                cost: try row.decode("cost", as: String.self), average_response_time_ms: try row.decode("average", as: Double?.self))
        }
    }
}
