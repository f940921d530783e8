import Domain
import Foundation
import Operations
import Postgres
import Storage
import TestSupport
import Testing

@Suite struct ContentionTests {
    @Test func `Making partitions fails nothing that users do at the same moment`() async throws {
        try await withUpkeep { database, upkeep in
            let conversation = try await database.converse(database.alice, daysAgo: [0])
            let user = database.alice.id
            let uploads = repeated { try await database.put("file \($0).md", "text \($0)", for: database.alice) }
            let messages = repeated { number in
                try await database.asApp(database.alice) { connection in
                    try await connection.execute(
                        """
                        INSERT INTO messages (user_id, conversation_id, role, content) VALUES (\(user), \(conversation), 'user', 'now')
                        """)
                    _ = try await connection.query("SELECT * FROM conversation_stats")
                    try await connection.execute("DELETE FROM files WHERE source_path = \("file \(number).md")")
                }
            }
            for year in 2000..<2010 { #expect(try await upkeep.ensurePartitions(from: "\(year)-01", months: 4) == 4) }
            uploads.cancel()
            messages.cancel()
            for work in [uploads, messages] {
                let count = try await work.value
                #expect(count > 0)
            }
        }
    }

    @Test func `A message that is being added while its conversation is archived is not lost`() async throws {
        try await withUpkeep { database, upkeep in
            let age = try #require(Age("6months"))
            let idle = try await database.converse(database.alice, daysAgo: [300])
            try await whileAdding(to: idle, database) {
                let report = try await upkeep.archive(messagesOlderThan: nil, inactiveFor: age, dryRun: false)
                #expect(report.conversations == 0, "it is active again")
            }
            #expect(try await database.count("messages") == 2)
            let (alice, scope) = (database.database, database.alice.scope)
            try await whileAdding(to: idle, database) {
                let moved = try await alice.write(scope) { try await $0.archiveConversations([idle]) }
                #expect(moved.conversations == 1 && moved.messages == 3)
            }
            #expect(try await database.count("messages_archive") == 3)
            #expect(try await database.count("messages") == 0)
        }
    }

    /// Runs the body while a message is added, whose transaction ends when the body waits for it.
    private func whileAdding(
        to conversation: UUID, _ database: TestDatabase, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await database.asApp(database.alice) { connection in
            try await connection.executeScript("BEGIN")
            try await connection.execute(
                """
                INSERT INTO messages (user_id, conversation_id, role, content)
                VALUES (\(database.alice.id), \(conversation), 'user', 'now')
                """)
            let archiving = Task { try await body() }
            let waiting: SQL = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            #expect(try await eventually { try await !database.administrate(waiting).isEmpty })
            try await connection.executeScript("COMMIT")
            try await archiving.value
        }
    }

    /// Does something again and again until the task is cancelled; how often it was done.
    private func repeated(_ work: @escaping @Sendable (Int) async throws -> Void) -> Task<Int, any Error> {
        Task {
            var count = 0
            while !Task.isCancelled {
                do { try await work(count) } catch is CancellationError { break }
                count += 1
            }
            return count
        }
    }
}
