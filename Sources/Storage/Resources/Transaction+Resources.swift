public import Domain
public import Foundation
import Postgres

extension Transaction {
    /// The xmin of a row this transaction has just written; a partitioned table cannot return the column itself.
    private static let writtenVersion: SQL = "pg_current_xact_id()::xid AS xmin"

    /// Adds a row of the scope's user.
    /// - Throws: `invalid_request` for members the resource does not take, `not_found` for references that lead nowhere for the caller,
    ///   `conflict` when a unique column holds the value already.
    public func create(_ resource: Resource, _ members: [String: JSONValue]) async throws -> ResourceRow {
        try await create(resource, members, fixed: [])
    }

    /// - Parameter fixed: columns that the service sets, and their values.
    func create(_ resource: Resource, _ members: [String: JSONValue], fixed: [(column: String, value: SQL)]) async throws -> ResourceRow {
        try requireUnbound(resource, members)
        let given = try resource.assignments(members, on: .create)
        let columns: [SQL] =
            ["user_id"] + (fixed.map(\.column) + given.map(\.column.column)).map { SQL(unescaped: SQL.quoted(identifier: $0)) }
        let values = ["\(try scope.userID)" as SQL] + fixed.map(\.value) + given.map(\.value)
        let references = ["true" as SQL] + given.compactMap(\.visibility)
        let rows = try await connection.query(
            """
            WITH r AS (
                INSERT INTO \(identifier: resource.table) (\(columns.joined()))
                SELECT \(values.joined()) WHERE \(references.joined(separator: " AND "))
                RETURNING \(Self.writtenVersion), *
            )
            SELECT \(resource.selection) FROM r
            """)
        guard let row = rows.first else { throw try await missingReference(given) }
        return try ResourceRow(row, of: resource)
    }

    /// The row with this id, if the scope may see it.
    public func get(_ resource: Resource, _ id: UUID) async throws -> ResourceRow {
        try await get(resource, id, within: [])
    }

    /// - Parameter within: further conditions over the row `r`.
    func get(_ resource: Resource, _ id: UUID, within: [SQL]) async throws -> ResourceRow {
        let conditions = ["r.id = \(id)" as SQL, bound(resource)] + within
        let rows = try await connection.query(
            "SELECT \(resource.selection) FROM \(identifier: resource.table) r WHERE \(conditions.joined(separator: " AND "))")
        guard let row = rows.first else { throw resource.notFound(id) }
        return try ResourceRow(row, of: resource)
    }

    /// A page of rows, one more than asked for when there are more; fewer when their bulk passes ``ResourceQuery/largestPage``, the last
    /// of them then passing it.
    public func list(_ resource: Resource, _ query: ResourceQuery) async throws -> [ResourceRow] {
        try await list(resource, query, within: [])
    }

    /// - Parameter within: further conditions over the row `r`.
    func list(_ resource: Resource, _ query: ResourceQuery, within: [SQL]) async throws -> [ResourceRow] {
        let sort = query.sort ?? resource.sorts[0]
        guard resource.sorts.contains(sort) else {
            throw Problem.invalid("sort", "sort is \"\(sort)\"; it is one of \(resource.sorts.joined(separator: ", ")).")
        }
        var conditions = [bound(resource)] + within
        switch query.visibility {
        case .own: conditions.append("r.user_id = \(try scope.userID)")
        case .public:
            guard resource.isShareable else {
                throw Problem.invalid("visibility", "\(resource.article.capitalized) \(resource.spokenName) is never public.")
            }
            guard sort == "created_at" else {
                throw Problem.invalid("sort", "sort is \"\(sort)\"; with visibility=public it is created_at.")
            }
            conditions.append("r.is_public")
        case .shared:
            conditions.append("r.user_id = \(UserID.system)")
            if let column = resource.assistantColumn, column != "id" { conditions.append("r.\(identifier: column) IS NULL") }
        }
        conditions += try resource.conditions(query.filters)
        let direction: SQL = query.isAscending ? "ASC" : "DESC"
        if let after = query.after {
            conditions.append(try await position(after, resource, sort, isAscending: query.isAscending))
        }
        let order: SQL = "r.\(identifier: sort) \(direction), r.id \(direction)"
        let page: SQL = """
            FROM \(identifier: resource.table) r WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(order) LIMIT \(query.limit + 1)
            """
        guard let bulk = resource.bulkColumn else {
            return try await connection.query("SELECT \(resource.selection) \(page)").map { try ResourceRow($0) }
        }
        // The length of a long text is read without the text.
        return try await connection.query(
            """
            SELECT \(resource.selection) FROM (
                SELECT r.xmin, r.*, coalesce(sum(octet_length(r.\(identifier: bulk))) OVER (
                    ORDER BY \(order) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
                \(page)
            ) AS r WHERE r.bytes_before <= \(ResourceQuery.largestPage) ORDER BY \(order)
            """
        ).map { try ResourceRow($0) }
    }

    /// Changes members of a row of the scope's user.
    /// - Parameter version: what the row must be at; nil takes it as it stands.
    /// - Throws: as ``create(_:_:)``; `precondition_failed` when the row has changed since `version`.
    public func update(_ resource: Resource, _ id: UUID, _ members: [String: JSONValue], version: String?) async throws -> ResourceRow {
        try await update(resource, id, members, version: version, fixed: [])
    }

    func update(
        _ resource: Resource, _ id: UUID, _ members: [String: JSONValue], version: String?, fixed: [(column: String, value: SQL)]
    ) async throws -> ResourceRow {
        try requireUnbound(resource, members)
        let given = try resource.assignments(members, on: .update)
        let (user, expected) = (try scope.userID, version.map(Self.rowVersion))
        let changes = (fixed + given.map { ($0.column.column, $0.value) }).map { column, value -> SQL in
            "\(identifier: column) = \(value)"
        }
        guard !changes.isEmpty else { return try await owned(resource, id, version: version) }
        let references = ["true" as SQL] + given.compactMap(\.visibility)
        let rows = try await connection.query(
            """
            WITH r AS (
                UPDATE \(identifier: resource.table) AS r SET \(changes.joined())
                WHERE r.user_id = \(user) AND r.id = \(id) AND \(bound(resource))
                    AND (\(expected)::text IS NULL OR r.xmin::text = \(expected))
                    AND \(references.joined(separator: " AND "))
                RETURNING \(Self.writtenVersion), r.*
            )
            SELECT \(resource.selection) FROM r
            """)
        if let row = rows.first { return try ResourceRow(row, of: resource) }
        _ = try await owned(resource, id, version: version)
        throw try await missingReference(given)
    }

    /// Deletes a row of the scope's user.
    public func delete(_ resource: Resource, _ id: UUID, version: String?) async throws {
        try requireUnbound(resource)
        let expected = version.map(Self.rowVersion)
        let deleted = try await connection.execute(
            """
            DELETE FROM \(identifier: resource.table) AS r WHERE r.user_id = \(try scope.userID) AND r.id = \(id) AND \(bound(resource))
                AND (\(expected)::text IS NULL OR r.xmin::text = \(expected))
            """)
        if deleted == 0 {
            _ = try await owned(resource, id, version: version)
            throw resource.notFound(id)
        }
    }

    /// Whether the scope's user has a row of this id.
    public func owns(_ resource: Resource, _ id: UUID) async throws -> Bool {
        let rows = try await connection.query(
            "SELECT FROM \(identifier: resource.table) r WHERE r.user_id = \(try scope.userID) AND r.id = \(id) AND \(bound(resource))")
        return !rows.isEmpty
    }

    /// The row, which must be the scope's user's own and at this version.
    private func owned(_ resource: Resource, _ id: UUID, version: String?) async throws -> ResourceRow {
        let rows = try await connection.query(
            """
            SELECT \(resource.selection) FROM \(identifier: resource.table) r
            WHERE r.user_id = \(try scope.userID) AND r.id = \(id) AND \(bound(resource))
            """)
        guard let row = try rows.first.map({ try ResourceRow($0, of: resource) }) else { throw resource.notFound(id) }
        guard version == nil || version.map(Self.rowVersion) == Self.rowVersion(row.version) else {
            throw Problem.versionChanged(resource.spokenName)
        }
        return row
    }

    /// What an entity tag says of the row itself, without what its expansions showed.
    private static func rowVersion(_ version: String) -> String { String(version.prefix { $0 != "." }) }

    /// The condition that puts rows behind the last one of the page before. Its key is read first and bound, so that the index serves.
    private func position(_ after: UUID, _ resource: Resource, _ sort: String, isAscending: Bool) async throws -> SQL {
        // As text and back, because the type depends on the column.
        let key = try await connection.query(
            "SELECT r.\(identifier: sort)::text AS key FROM \(identifier: resource.table) r WHERE r.id = \(after) AND \(bound(resource))")
        guard let value = try key.first?.decode("key", as: String.self) else {
            throw Self.noAnchor(after.uuidString.lowercased())
        }
        let comparison: SQL = isAscending ? ">" : "<"
        return "(r.\(identifier: sort), r.id) \(comparison) (\(untyped: value), \(after))"
    }

    /// Keys bound to assistants see and make rows of those alone.
    private func bound(_ resource: Resource) -> SQL {
        guard let assistants = scope.assistants else { return "true" }
        if !resource.conversationTables.isEmpty {
            let held = resource.conversationTables.map { table -> SQL in
                """
                EXISTS (SELECT FROM \(identifier: table) c
                    WHERE c.user_id = r.user_id AND c.id = r.conversation_id AND c.assistant_id = ANY (\(Array(assistants))))
                """
            }
            return "(\(held.joined(separator: " OR ")))"
        }
        guard let column = resource.assistantColumn else { return "true" }
        return "r.\(identifier: column) = ANY (\(Array(assistants)))"
    }

    /// Throws when the scope is bound to assistants and what it wants to write belongs to none of them.
    /// - Parameter members: what is written; who adds a part of a conversation has looked that up under the scope.
    func requireUnbound(_ resource: Resource, _ members: [String: JSONValue] = [:]) throws {
        guard let assistants = scope.assistants, resource.conversationTables.isEmpty else { return }
        if let column = resource.columns.first(where: { $0.column == resource.assistantColumn }) {
            guard let value = members[column.member] else { return }
            if case .string(let text) = value, let id = AssistantID(text), assistants.contains(id) { return }
            throw column.notFound("\(value)")
        }
        guard resource.assistantColumn == "id" else {
            throw Problem(
                .forbidden, code: "key_bound", "This key is bound to some assistants and changes nothing beyond them.",
                remedy: "Use a key that is not bound.")
        }
    }

    /// Which of the references leads nowhere.
    private func missingReference(_ given: [ResourceAssignment]) async throws -> Problem {
        for assignment in given {
            guard let condition = assignment.visibility else { continue }
            let there = try await connection.query("SELECT \(condition) AS there")
            if try there.first?.decode("there", as: Bool.self) == false { return assignment.column.notFound(assignment.text) }
        }
        return Problem(.conflict, code: "reference_changed", "Something this refers to changed meanwhile.", remedy: "Try again.")
    }
}

/// A column and what is put into it.
struct ResourceAssignment {
    let column: ResourceColumn
    let value: SQL
    let visibility: SQL?
    /// The value in messages.
    let text: String
}

extension Resource {
    enum Occasion {
        case create
        case update
    }

    /// What the members of a request put into which columns.
    /// - Throws: `invalid_request` for an unknown or missing member, one that may not be set, or a value it does not take.
    func assignments(_ members: [String: JSONValue], on occasion: Occasion) throws -> [ResourceAssignment] {
        let known = Dictionary(uniqueKeysWithValues: columns.map { ($0.member, $0) })
        for member in members.keys.sorted() {
            guard let column = known[member] else {
                throw Problem(
                    .invalidRequest, code: "member_unknown",
                    "\(article.capitalized) \(spokenName) has no member \"\(member.prefix(100))\".",
                    remedy: "Its members are \(columns.filter { $0.access != .never }.map(\.member).joined(separator: ", ")).",
                    parameter: String(member.prefix(100)))
            }
            guard column.access == .always || (column.access == .onCreate && occasion == .create) else {
                throw Problem.invalid(
                    member, column.access == .never ? "\(member) is set by the service." : "\(member) cannot be changed later.")
            }
        }
        if occasion == .create, let missing = columns.first(where: { $0.isRequired && (members[$0.member] ?? .null) == .null }) {
            throw Problem(
                .invalidRequest, code: "member_missing", "The member \"\(missing.member)\" is missing.",
                remedy: "Add it to the JSON object.", parameter: missing.member)
        }
        return try columns.compactMap { column in
            guard let value = members[column.member] else { return nil }
            return ResourceAssignment(
                column: column, value: try column.bind(value), visibility: try column.visibility(of: value), text: value.plainText)
        }
    }

    /// The conditions of a list's filters.
    func conditions(_ filters: [String: String]) throws -> [SQL] {
        try filters.sorted { $0.key < $1.key }.map { member, text in
            guard let column = columns.first(where: { $0.member == member && $0.isFilter }) else {
                let offered = columns.filter(\.isFilter).map(\.member).joined(separator: ", ")
                throw Problem(
                    .invalidRequest, code: "filter_unknown", "A list of \(collection) cannot be narrowed by \"\(member.prefix(100))\".",
                    remedy: offered.isEmpty ? nil : "It can be by \(offered).", parameter: String(member.prefix(100)))
            }
            if case .tags = column.kind { return "\(text) = ANY (r.\(identifier: column.column))" }
            return "r.\(identifier: column.column) = \(try column.bind(try column.filterValue(text)))"
        }
    }

    var article: String { "aeiou".contains(name.first ?? " ") ? "an" : "a" }

    /// Its name in messages.
    public var spokenName: String { name.replacing("_", with: " ") }

    /// The same words whether a row is somebody else's or nobody's.
    public func notFound(_ id: UUID) -> Problem { Problem.notFound(spokenName, id.uuidString.lowercased()) }
}

extension JSONValue {
    fileprivate var plainText: String {
        if case .string(let text) = self { return text }
        return "\(self)"
    }
}
