public import Domain
public import Foundation
public import Storage

/// What archiving moved, or would move.
public struct ArchiveReport: Sendable, Codable, Equatable {
    public let dry_run: Bool
    /// Old messages of conversations that stay.
    public let messages: Int
    /// Inactive conversations.
    public let conversations: Int
    /// The messages that went with them.
    public let messages_of_conversations: Int
}

/// The work an administrator may ask the service for: archive, partitions, figures. The service's own schedule does the same.
public struct Upkeep: Sendable {
    let database: Database
    let scope: Scope
    let outboxLimit: Duration

    /// - Parameters:
    ///   - scope: of the service itself, since this reaches all users' rows.
    ///   - outboxLimit: how long the index's outbox keeps what a replica has not seen.
    public init(database: Database, scope: Scope, outboxLimit: Duration = .seconds(86_400)) {
        self.database = database
        self.scope = scope
        self.outboxLimit = outboxLimit
    }

    /// Moves messages, then conversations, of these ages into the archive, in one transaction; nil leaves that kind alone.
    public func archive(messagesOlderThan messageAge: Age?, inactiveFor inactivity: Age?, dryRun: Bool) async throws -> ArchiveReport {
        if dryRun {
            let counts = try await database.read(scope) {
                try await $0.countArchivable(messagesOlderThan: messageAge, inactiveFor: inactivity)
            }
            return ArchiveReport(
                dry_run: true, messages: counts.messages, conversations: counts.conversations.conversations,
                messages_of_conversations: counts.conversations.messages)
        }
        return try await database.write(scope) { transaction in
            var messages = 0
            if let messageAge { messages = try await transaction.archiveMessages(olderThan: messageAge) }
            var moved = MovedCounts(conversations: 0, messages: 0)
            if let inactivity { moved = try await transaction.archiveConversations(inactiveFor: inactivity) }
            return ArchiveReport(
                dry_run: false, messages: messages, conversations: moved.conversations, messages_of_conversations: moved.messages)
        }
    }

    /// Brings conversations, or their archived messages, back.
    /// - Throws: `not_found` when none of the ids names anything in the archive.
    public func restore(_ ids: [UUID]) async throws -> MovedCounts {
        let (conversations, messages) = try await database.write(scope) { try await $0.restoreConversations(ids) }
        let moved = MovedCounts(conversations: conversations, messages: messages)
        guard moved.conversations + moved.messages > 0 else {
            throw Problem.notFound("archived conversation", ids.map { $0.uuidString.lowercased() }.joined(separator: ", "))
        }
        return moved
    }

    /// The copies of the index that follow the database.
    public func replicas() async throws -> [ReplicaState] {
        try await database.read(scope) { try await $0.replicas() }
    }

    /// The partitions of messages.
    public func partitions() async throws -> [MessagePartition] {
        try await database.read(scope) { try await $0.messagePartitions() }
    }

    /// Makes the partitions of so many months from one on; how many were new.
    /// - Parameter month: as `YYYY-MM`; nil for this month.
    public func ensurePartitions(from month: String?, months: Int) async throws -> Int {
        guard (1...240).contains(months) else {
            throw Problem.invalid("months", "months is \(months); it must be between 1 and 240.")
        }
        if let month, !Self.isMonth(month) {
            throw Problem.invalid("from", "from is \"\(month)\"; its form is YYYY-MM, such as 2026-01.")
        }
        return try await database.write(scope) { try await $0.ensureMessagePartitions(from: month.map { "\($0)-01" }, months: months) }
    }

    /// How the database stands.
    public func statistics() async throws -> DatabaseStatistics {
        try await database.statistics(scope)
    }

    private static func isMonth(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 4, parts[1].count == 2, text.allSatisfy({ $0 == "-" || ("0"..."9").contains($0) }) else {
            return false
        }
        return (1_970...9_999).contains(Int(parts[0]) ?? 0) && (1...12).contains(Int(parts[1]) ?? 0)
    }
}
