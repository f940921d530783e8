import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

/// Lists and pages read what they show and little more, by an index: on tables with many rows of many users, as `bunko_app`.
@Suite struct ListPlanTests {
    /// One list of the product: the first page or one from the middle.
    private struct Page: Sendable, CustomStringConvertible {
        let resource: Resource
        var sort: String?
        var filters: [String: String] = [:]
        var visibility: ResourceQuery.Visibility = .own
        var description: String {
            "\(resource.collection) \(visibility) by \(sort ?? resource.sorts[0]) \(filters.keys.sorted().joined(separator: ","))"
        }
    }

    private static let limit = 20
    private static let rowsOfAlice = 2_000
    private static let others = 40

    @Test func `Every list and every page of it is read by its index`() async throws {
        try await withTestDatabase { db in
            try await fill(db)
            let assistant = db.alice.assistant.id.description
            var pages: [Page] = [Resource.voice, .avatar, .skill, .template, .assistant].flatMap { resource in
                [Page(resource: resource), Page(resource: resource, visibility: .public)]
            }
            pages += [
                Page(resource: .conversation), Page(resource: .conversation, filters: ["assistant_id": assistant]),
                Page(resource: .conversation, sort: "created_at"),
                Page(resource: .conversation, sort: "created_at", filters: ["status": "active"]), Page(resource: .archivedConversation),
                Page(resource: .usage), Page(resource: .usage, filters: ["assistant_id": assistant]),
                Page(resource: .knowledge, filters: ["assistant_id": assistant]), Page(resource: .knowledge, visibility: .shared),
            ]
            var checked = 0
            for page in pages {
                let middle = try await anchor(page, of: page.visibility == .shared ? .system : db.alice.id, db)
                for after in [nil, middle] {
                    for isAscending in [false, true] {
                        let query = ResourceQuery(
                            limit: Self.limit, after: after, sort: page.sort, isAscending: isAscending, visibility: page.visibility,
                            filters: page.filters)
                        let plans = try await db.plans(as: db.alice) { transaction in
                            let rows = try await transaction.list(page.resource, query)
                            #expect(rows.count == Self.limit + 1, "\(page)")
                        }
                        try expectIndex(plans, page.resource.table, "\(page) after \(after != nil) ascending \(isAscending)")
                        checked += 1
                    }
                }
            }
            print("list plans: \(checked) pages checked")
        }
    }

    @Test func `Pages of messages, appending and usage by day are read by their index`() async throws {
        try await withTestDatabase { db in
            try await fill(db)
            let conversation = try #require(
                try await db.administrate(
                    "SELECT conversation_id FROM messages WHERE user_id = \(db.alice.id) GROUP BY 1 HAVING count(*) > 100 LIMIT 1"
                ).first?.decode(UUID.self))
            let middle = try #require(
                try await db.administrate(
                    "SELECT id FROM messages WHERE conversation_id = \(conversation) ORDER BY created_at OFFSET 50 LIMIT 1"
                ).first?.decode(UUID.self))
            for after in [nil, middle] {
                let plans = try await db.plans(as: db.alice) { transaction in
                    let query = ResourceQuery(limit: Self.limit, after: after, isAscending: true)
                    let rows = try await transaction.messages(of: conversation, query)
                    #expect(rows.count == Self.limit + 1)
                }
                let pages = plans.filter { $0.statement.contains("ORDER BY") }
                #expect(!pages.isEmpty)
                for scan in pages.flatMap(\.scans) where scan.table.hasPrefix("messages") {
                    #expect((scan.index != nil || scan.rowsRead == 0) && scan.rowsRead <= 2 * Self.limit, "\(scan)")
                }
            }
            let archived = try await db.plans(as: db.alice) { transaction in
                let query = ResourceQuery(limit: Self.limit, isAscending: true)
                let rows = try await transaction.archivedMessages(of: conversation, .conversation, query)
                #expect(rows.count == Self.limit + 1)
            }
            try expectIndex(archived, "messages_archive", "archived messages")
            let branch = try await db.plans(as: db.alice) { transaction in
                let rows = try await transaction.branch(of: conversation, to: middle, limit: 100)
                #expect(rows.count == 1)
            }
            for scan in branch.flatMap(\.scans) where scan.table.hasPrefix("messages") {
                #expect((scan.index != nil || scan.rowsRead == 0) && scan.rowsRead <= 200, "\(scan)")
            }
            let sums = try await db.plans(as: db.alice) { transaction in
                let now = Date()
                let week = try await transaction.usage(by: .day, from: now.addingTimeInterval(-7 * 86_400), to: now, assistant: nil)
                #expect(week.count > 1)
            }
            try expectIndex(sums, "api_usage", "usage by day", atMost: Self.rowsOfAlice)
        }
    }

    @Test func `Every page of users is read by an index`() async throws {
        try await withTestDatabase { db in
            try await db.administrate(
                """
                INSERT INTO users (username, email, password_hash, created_at)
                SELECT 'u' || i, 'e' || i || '@example.com', '!', now() - i * interval '7 minutes' FROM generate_series(1, 5000) AS i
                """)
            try await db.administrate("ANALYZE users")
            let middle = try #require(
                try await db.administrate("SELECT id FROM users WHERE username = 'u2500'").first?.decode(UserID.self))
            for sort in AccountQuery.Sort.allCases {
                for after in [nil, middle] {
                    for isAscending in [false, true] {
                        var query = AccountQuery(limit: Self.limit, after: after)
                        query.sort = sort
                        query.isAscending = isAscending
                        let asked = query
                        let plans = try await db.plans(in: db.system) { transaction in
                            let rows = try await transaction.accounts(asked)
                            #expect(rows.count == Self.limit + 1)
                        }
                        try expectIndex(plans, "users", "users by \(sort) after \(after != nil) ascending \(isAscending)")
                    }
                }
            }
        }
    }

    private func expectIndex(_ plans: [QueryPlan], _ table: String, _ what: String, atMost: Int = 3 * limit) throws {
        let scans = plans.flatMap(\.scans).filter { $0.table == table }
        #expect(!scans.isEmpty, "\(what)")
        for scan in scans { #expect((scan.index != nil || scan.rowsRead == 0) && scan.rowsRead <= atMost, "\(what): \(scan)") }
    }

    /// A row in the middle, from which a page begins.
    private func anchor(_ page: Page, of user: UserID, _ db: TestDatabase) async throws -> UUID {
        // In the list's own order: by another one the row may lie at the list's end, with no full page after it.
        let rows = try await db.administrate(
            """
            SELECT id FROM \(identifier: page.resource.table) WHERE user_id = \(user)
            ORDER BY \(identifier: page.sort ?? page.resource.sorts[0]), id OFFSET \(Int32(Self.rowsOfAlice / 2)) LIMIT 1
            """)
        return try #require(try rows.first?.decode(UUID.self), "\(page.resource.table) has too few rows")
    }

    /// Many rows for Alice and some for each of many others, in every table that is listed; then fresh statistics.
    private func fill(_ db: TestDatabase) async throws {
        let (alice, assistant, rows) = (db.alice.id, db.alice.assistant.id, Int32(Self.rowsOfAlice))
        try await db.administrate(
            """
            INSERT INTO users (username, email, password_hash)
            SELECT 'other' || i, 'other' || i || '@example.com', '!' FROM generate_series(1, \(Int32(Self.others))) AS i
            """)
        // Everybody's rows: Alice has many, each of the others a tenth.
        let owners: SQL = """
            (SELECT id AS user_id, CASE WHEN id = \(alice) THEN \(rows) ELSE \(rows) / 10 END AS n FROM users
             WHERE id = \(alice) OR username LIKE 'other%') AS o
            """
        let times: SQL = "now() - i * interval '7 minutes'"
        for (table, columns, values) in [
            ("voices", "name", "'v' || i"), ("avatars", "name", "'a' || i"), ("personality_templates", "name", "'t' || i"),
            ("assistants", "name", "'s' || i"),
            ("skill_definitions", "skill_code, name, description, skill_type, configuration", "'c' || i, 'n' || i, 'd', 't', '{}'::jsonb"),
        ] as [(String, SQL, SQL)] {
            try await db.administrate(
                """
                INSERT INTO \(identifier: table) (user_id, is_public, created_at, \(columns))
                SELECT o.user_id, i % 2 = 0, \(times), \(values) FROM \(owners), generate_series(1, o.n) AS i
                """)
        }
        try await db.administrate(
            """
            INSERT INTO conversations (user_id, assistant_id, created_at, updated_at, started_at, status)
            SELECT a.user_id, a.id, \(times), \(times), \(times), CASE WHEN i % 3 = 0 THEN 'ended' ELSE 'active' END FROM (
                SELECT DISTINCT ON (s.user_id) s.user_id, s.id, o.n FROM assistants s JOIN \(owners) ON o.user_id = s.user_id
                ORDER BY s.user_id, (s.id = \(assistant)) DESC
            ) AS a, generate_series(1, a.n) AS i
            """)
        try await db.administrate(
            """
            INSERT INTO messages (user_id, conversation_id, role, content, created_at)
            SELECT c.user_id, c.id, 'user', 'm' || i, now() - i * interval '5 hours'
            FROM (SELECT user_id, id, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC, id) AS place FROM conversations) AS c,
                generate_series(1, CASE WHEN c.place = 1 THEN 300 ELSE 4 END) AS i
            """)
        try await db.administrate(
            """
            INSERT INTO conversations_archive
                (id, user_id, status, voice_enabled, message_count, started_at, ended_at, created_at, updated_at)
            SELECT gen_random_uuid(), o.user_id, 'ended', false, 0, \(times), \(times), \(times), \(times)
            FROM \(owners), generate_series(1, o.n) AS i
            """)
        try await db.administrate(
            """
            INSERT INTO messages_archive (id, user_id, conversation_id, role, content, content_type, created_at)
            SELECT gen_random_uuid(), user_id, conversation_id, role, content, content_type, created_at - interval '1 year' FROM messages
            """)
        try await db.administrate(
            """
            INSERT INTO api_usage (user_id, secretary_id, api_name, tokens_used, created_at)
            SELECT a.user_id, a.id, 'chat', i, \(times) FROM (
                SELECT DISTINCT ON (s.user_id) s.user_id, s.id, o.n FROM assistants s JOIN \(owners) ON o.user_id = s.user_id
                ORDER BY s.user_id, (s.id = \(assistant)) DESC
            ) AS a, generate_series(1, a.n) AS i
            """)
        try await db.administrate(
            """
            INSERT INTO knowledge_base (user_id, secretary_id, content, created_at)
            SELECT a.user_id, a.id, 'p' || i, \(times) FROM (
                SELECT DISTINCT ON (s.user_id) s.user_id, s.id, o.n FROM assistants s JOIN \(owners) ON o.user_id = s.user_id
                ORDER BY s.user_id, (s.id = \(assistant)) DESC
            ) AS a, generate_series(1, a.n) AS i
            """)
        try await db.administrate(
            """
            INSERT INTO knowledge_base (user_id, content, created_at)
            SELECT \(UserID.system), 'shared ' || i, \(times) FROM generate_series(1, \(rows)) AS i
            """)
        try await db.administrate("ANALYZE")
    }
}
