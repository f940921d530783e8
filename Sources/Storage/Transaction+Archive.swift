import Domain
import Foundation
import Postgres

/// How old something must be, in months and days of the calendar.
public struct Age: Sendable, Hashable, CustomStringConvertible {
    public let months: Int
    public let days: Int

    /// Nil for negative parts and for no age at all, which would take everything.
    public init?(months: Int = 0, days: Int = 0) {
        guard (0...1_200).contains(months), (0...36_500).contains(days), months + days > 0 else { return nil }
        self.months = months
        self.days = days
    }

    /// Reads `6months`, `90 days`, `2w`, `1year`; nil for anything else.
    public init?(_ text: String) {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(number), count <= 36_500 else { return nil }
        switch text.dropFirst(number.count).trimmingCharacters(in: .whitespaces).lowercased() {
        case "d", "day", "days": self.init(days: count)
        case "w", "week", "weeks": self.init(days: count * 7)
        case "month", "months": self.init(months: count)
        case "y", "year", "years": self.init(months: count * 12)
        default: return nil
        }
    }

    public var description: String {
        [(months, "months"), (days, "days")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }

    var interval: SQL { "make_interval(months => \(months)::integer, days => \(days)::integer)" }
}

/// How much moved, or would move.
public struct MovedCounts: Sendable, Equatable {
    public let conversations: Int
    public let messages: Int

    public init(conversations: Int, messages: Int) {
        self.conversations = conversations
        self.messages = messages
    }
}

extension Transaction {
    /// Moves messages older than the age into the archive; returns how many.
    public func archiveMessages(olderThan age: Age) async throws -> Int {
        Int(try await connection.query("SELECT archive_old_messages(\(age.interval))").first?.decode(Int32.self) ?? 0)
    }

    /// Moves conversations without a message for so long into the archive, with all their messages.
    public func archiveConversations(inactiveFor age: Age) async throws -> MovedCounts {
        try await moved("SELECT conversations, messages FROM archive_inactive_conversations(\(age.interval))")
    }

    /// What archiving by these ages, messages first, would move.
    public func countArchivable(
        messagesOlderThan messageAge: Age?, inactiveFor inactivity: Age?
    ) async throws -> (messages: Int, conversations: MovedCounts) {
        var old = 0
        if let messageAge {
            old =
                try await connection.query("SELECT count(*) FROM messages m WHERE \(Self.isArchivable(messageAge))")
                .first?.decode(Int.self) ?? 0
        }
        guard let inactivity else { return (old, MovedCounts(conversations: 0, messages: 0)) }
        let staying: SQL = messageAge.map { "NOT (\(Self.isArchivable($0)))" } ?? "true"
        let counts = try await moved(
            """
            WITH inactive AS (
                SELECT user_id, id FROM conversations c WHERE c.updated_at < now() - \(inactivity.interval)
                    AND (c.restored_at IS NULL OR c.restored_at < now() - \(inactivity.interval)))
            SELECT (SELECT count(*) FROM inactive) AS conversations,
                (SELECT count(*) FROM messages m JOIN inactive i ON i.user_id = m.user_id AND i.id = m.conversation_id
                 WHERE \(staying)) AS messages
            """)
        return (old, counts)
    }

    /// The condition of `archive_old_messages()`.
    private static func isArchivable(_ age: Age) -> SQL {
        """
        m.created_at < now() - \(age.interval) AND NOT EXISTS (
            SELECT FROM conversations c
            WHERE c.user_id = m.user_id AND c.id = m.conversation_id AND c.restored_at >= now() - \(age.interval))
        """
    }

    private func moved(_ statement: SQL) async throws -> MovedCounts {
        guard let row = try await connection.query(statement).first else { return MovedCounts(conversations: 0, messages: 0) }
        return MovedCounts(
            conversations: try row.decode("conversations", as: Int.self), messages: try row.decode("messages", as: Int.self))
    }
}
