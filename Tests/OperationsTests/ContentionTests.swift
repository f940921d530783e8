import Domain
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
