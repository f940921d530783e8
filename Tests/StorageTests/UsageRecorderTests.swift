import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

/// What models were called for is written beside the requests, bounded, and all of it.
@Suite struct UsageRecorderTests {
    private func recorder(_ db: TestDatabase, capacity: Int = 10_000, interval: Duration = .milliseconds(20)) -> UsageRecorder {
        UsageRecorder(
            database: db.database, scope: db.system, capacity: capacity, batchSize: 100, interval: interval, logger: .silent)
    }

    private func call(_ owner: UsageOwner, tokens: Int = 7) -> UsageRecord {
        UsageRecord(owner, apiName: "embeddings", model: "m", tokens: tokens, cost: Decimal(string: "0.00000001"))
    }

    private func count(_ db: TestDatabase) async throws -> Int {
        try await db.administrate("SELECT FROM api_usage").count
    }

    @Test func `Calls are written with their assistant, their cost and why they failed`() async throws {
        try await withTestDatabase { db in
            let usage = recorder(db)
            let running = Task { try await usage.run() }
            defer { running.cancel() }
            let (alice, assistant) = (db.alice.id, db.alice.assistant)
            #expect(try await usage.measure(call(UsageOwner(alice, assistant: assistant.id))) { _ in 5 } == 5)
            for reference in [assistant.name, assistant.id.description, db.bob.assistant.id.description, "nobody", nil] {
                usage.record(call(UsageOwner(alice, named: reference)))
            }
            let error = await failure(TestFailure.self) {
                try await usage.measure(call(UsageOwner(alice))) { _ in throw TestFailure("the model\0 is silent") }
            }
            #expect(error != nil, "the failure goes on to the caller")
            #expect(try await eventually { usage.pending == 0 })
            let rows = try await db.administrate(
                """
                SELECT concat_ws(' ', tokens_used, cost, success, error_message, secretary_id = \(assistant.id)) FROM api_usage
                WHERE user_id = \(alice) AND api_name = 'embeddings' AND response_time_ms >= 0 AND created_at > now() - interval '1 minute'
                ORDER BY 1
                """
            ).map { try $0.decode(String.self) }
            let (known, unknown) = ("7 0.00000001 t t", "7 0.00000001 t")
            #expect(rows == [unknown, unknown, unknown, known, known, known, "f the model is silent"])
        }
    }

    @Test func `A row that is written twice is there once`() async throws {
        try await withTestDatabase { db in
            let calls = (0..<3).map { _ in call(UsageOwner(db.alice.id)) }
            for _ in 0..<2 { try await db.database.write(db.system) { try await $0.recordUsage(calls) } }
            #expect(try await count(db) == 3)
        }
    }

    @Test func `Shutdown loses nothing`() async throws {
        try await withTestDatabase { db in
            let usage = recorder(db, interval: .seconds(600))
            for _ in 0..<1_234 { usage.record(call(UsageOwner(db.alice.id))) }
            let running = Task { try await usage.run() }
            running.cancel()
            try await running.value
            #expect(try await count(db) == 1_234)
            #expect(usage.pending == 0 && usage.dropped == 0)
        }
    }

    @Test func `A full batch is written before the interval is over`() async throws {
        try await withTestDatabase { db in
            let usage = recorder(db, interval: .seconds(600))
            let running = Task { try await usage.run() }
            defer { running.cancel() }
            let isWritten = try await eventually {
                for _ in 0..<100 { usage.record(call(UsageOwner(db.alice.id))) }
                return try await count(db) >= 100
            }
            #expect(isWritten)
        }
    }

    @Test func `What goes beyond the capacity is dropped and counted, and nobody waits`() async throws {
        try await withTestDatabase { db in
            let usage = recorder(db, capacity: 10)
            let start = ContinuousClock.now
            for _ in 0..<100_000 { usage.record(call(UsageOwner(db.alice.id))) }
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(usage.pending == 10 && usage.dropped == 99_990)
            let running = Task { try await usage.run() }
            defer { running.cancel() }
            let isEmpty = try await eventually { usage.pending == 0 }
            let written = try await count(db)
            #expect(isEmpty && written == 10)
        }
    }

    @Test func `Rows wait for a database that refuses them, and for users that have gone nobody waits`() async throws {
        try await withTestDatabase { db in
            try await db.administrate("REVOKE INSERT ON api_usage FROM bunko_worker")
            let usage = recorder(db)
            let running = Task { try await usage.run() }
            defer { running.cancel() }
            for owner in [db.alice.id, UserID(), db.bob.id] { usage.record(call(UsageOwner(owner))) }
            try await Task.sleep(for: .milliseconds(300))
            #expect(usage.pending == 3)
            try await db.administrate("GRANT INSERT ON api_usage TO bunko_worker")
            let isEmpty = try await eventually { usage.pending == 0 }
            let written = try await count(db)
            #expect(isEmpty && written == 2)
        }
    }
}
