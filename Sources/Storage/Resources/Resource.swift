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
    /// The columns lists may be sorted by, all NOT NULL. The first is the default and has an index with the user and the id; by the others
    /// all rows of the user are sorted where they have none. Public rows have an index of `created_at` alone and take no other.
    public let sorts: [String]
    /// The column that holds an assistant's id, by which keys bound to assistants are narrowed.
    public let assistantColumn: String?
    /// The tables that may hold the conversation a row is part of, whose assistant narrows it then; none for other rows.
    public let conversationTables: [String]
    /// Whether rows may be public: then everybody may read those, and only their owner writes them.
    public let isShareable: Bool
    /// The column whose texts make rows long: pages are bounded by its bytes, too.
    public let bulkColumn: String?
    /// Further members of the answer, each an expression over the row `r`.
    public let expansions: [(member: String, expression: SQL)]

    public init(
        _ name: String, collection: String, table: String, columns: [ResourceColumn], sorts: [String] = ["created_at"],
        assistantColumn: String? = nil, conversationTables: [String] = [], isShareable: Bool = false, bulkColumn: String? = nil,
        expansions: [(member: String, expression: SQL)] = []
    ) {
        self.name = name
        self.collection = collection
        self.table = table
        self.columns = columns
        self.sorts = sorts
        self.assistantColumn = assistantColumn
        self.conversationTables = conversationTables
        self.isShareable = isShareable
        self.bulkColumn = bulkColumn
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
    /// Changes with each change of the row, and that of a single row with what its expansions show; the entity tag.
    public private(set) var version: String
    /// The answer's JSON object.
    public let json: String

    /// A row of a list.
    init(_ row: PostgresRow) throws {
        id = try row.decode("id", as: UUID.self)
        version = try row.decode("version", as: String.self)
        json = try row.decode("json", as: RawJSON.self).text
    }

    /// A single row. With expansions its version is the row's own, a dot, and the first digits of the answer's SHA-256.
    init(_ row: PostgresRow, of resource: Resource) throws {
        try self.init(row)
        guard !resource.expansions.isEmpty else { return }
        version += ".\(ContentStore.digest(of: Array(json.utf8)).description.prefix(12))"
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

    /// The bytes of a page's rows, of their bulk column when they are read and of their JSON when they are shown. No row's column holds as
    /// much, so of a page that is cut while it is read there is always one row more than it shows.
    public static let largestPage = 8 << 20

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
