import Domain
public import Foundation
public import Postgres

/// A table of the data model as the API offers it: one description from which creating, listing, reading, changing and deleting follow,
/// and with them the tests that walk every route as another user.
public struct Resource: Sendable {
    /// What one row is called in answers and messages, in snake case: `voice`.
    public let name: String
    /// What the collection is called in paths: `voices`.
    public let collection: String
    public let table: String
    public let columns: [ResourceColumn]
    /// The columns lists may be sorted by, all NOT NULL; the first is the default. Each has an index with the user and the id.
    public let sorts: [String]
    /// The column that holds an assistant's id, by which keys bound to assistants are narrowed.
    public let assistantColumn: String?
    /// Whether rows are parts of a conversation, whose assistant narrows them then.
    public let isInConversation: Bool
    /// Whether rows may be public: then everybody may read those, and only their owner writes them.
    public let isShareable: Bool
    /// Further members of the answer, each an expression over the row `r`.
    public let expansions: [(member: String, expression: SQL)]

    public init(
        _ name: String, collection: String, table: String, columns: [ResourceColumn], sorts: [String] = ["created_at"],
        assistantColumn: String? = nil, isInConversation: Bool = false, isShareable: Bool = false,
        expansions: [(member: String, expression: SQL)] = []
    ) {
        self.name = name
        self.collection = collection
        self.table = table
        self.columns = columns
        self.sorts = sorts
        self.assistantColumn = assistantColumn
        self.isInConversation = isInConversation
        self.isShareable = isShareable
        self.expansions = expansions
    }

    /// The row of an alias as the JSON of the answer. An alias of its own for each nesting keeps the rows apart.
    func json(of row: SQL) -> SQL {
        var members: [SQL] = ["'id'", "\(row).id", "'object'", "'\(unescaped: name)'"]
        for column in columns { members += ["'\(unescaped: column.member)'", column.output(of: row)] }
        for (member, expression) in expansions { members += ["'\(unescaped: member)'", expression] }
        return "jsonb_build_object(\(members.joined()))"
    }

    /// What a row of a resource is returned as.
    var selection: SQL { "r.id, r.xmin::text AS version, \(json(of: "r")) AS json" }
}

/// A row as the API answers it.
public struct ResourceRow: Sendable {
    public let id: UUID
    /// Changes with each change of the row; the entity tag.
    public let version: String
    /// The answer's JSON object.
    public let json: String

    init(_ row: PostgresRow) throws {
        id = try row.decode("id", as: UUID.self)
        version = try row.decode("version", as: String.self)
        json = try row.decode("json", as: RawJSON.self).text
    }
}

/// Which rows of a resource are listed, and from where on.
public struct ResourceQuery: Sendable {
    /// Whose rows.
    public enum Visibility: String, Sendable, CaseIterable {
        case own
        /// Everybody's public ones and those built in.
        case `public`
        /// The system user's: those built in, and knowledge shared with everybody.
        case shared
    }

    public var limit: Int
    /// The last row of the page before.
    public var after: UUID?
    /// One of the resource's sorts; nil means its default.
    public var sort: String?
    public var isAscending: Bool
    public var visibility: Visibility
    /// Members and the texts they must equal.
    public var filters: [String: String]

    public init(
        limit: Int = 100, after: UUID? = nil, sort: String? = nil, isAscending: Bool = false, visibility: Visibility = .own,
        filters: [String: String] = [:]
    ) {
        self.limit = limit
        self.after = after
        self.sort = sort
        self.isAscending = isAscending
        self.visibility = visibility
        self.filters = filters
    }
}
