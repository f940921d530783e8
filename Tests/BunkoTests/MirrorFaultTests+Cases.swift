import Foundation
import TestSupport
import Testing
import VectorIndex

extension BinaryTests.MirrorFaultTests {
    /// What goes wrong around a server that lives on.
    enum Fault: String, CaseIterable {
        case lateCommit = "a transaction that commits long after later ones"
        case openElsewhere = "a transaction left open in another database"
        case manyRows = "very many rows in one transaction"
        case rollbackStorm = "a storm of transactions that are rolled back"
        case lostListener = "the connection of the notifications is cut, again and again"
        case clockJumps = "clocks that jump by years"
    }

    @Test("Whatever happens while rows are written, index and table are the same afterwards", arguments: [false, true])
    func faults(isBroken: Bool) async throws {
        let folder = try TemporaryFolder()
        let clock = try await ShiftedClock(in: folder)
        let environment = Self.environment(isBroken: isBroken).merging(clock.environment) { $1 }
        try await TestService.with(data: folder.path("data"), environment: environment) { service in
            try await prepare(service)
            for fault in Fault.allCases {
                for _ in 1...(isBroken ? 1 : max(1, Self.rounds / 10)) {
                    try await bring(fault, to: service, clock, isBroken: isBroken)
                    try await service.sql("CALL churn(60)")
                    #expect(try await isSame(service) != isBroken, "\(fault.rawValue)")
                    #expect(try await search(service) > 0)
                    if isBroken { try await repair(service) }
                }
            }
        }
    }

    private func repair(_ service: TestService) async throws {
        let answer = try await service.send(.POST, "/v1/index/verify", .json(#"{"repair":true}"#))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try await isSame(service))
    }

    private func bring(_ fault: Fault, to service: TestService, _ clock: ShiftedClock, isBroken: Bool) async throws {
        switch fault {
        case .lateCommit:
            // The late one ends when this session's lock does. Both outlast what happens in between: the sleep is ended by the test, not by time.
            let lock = try service.startSQL("BEGIN; SELECT pg_advisory_xact_lock(7007); SELECT pg_sleep(600)")
            try await eventually("the lock") {
                try await service.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7007") == ["1"]
            }
            let late = try service.startSQL("BEGIN; \(Self.insertion(of: 50)); SELECT pg_advisory_xact_lock(7007); COMMIT")
            try await eventually("a transaction that waits") {
                try await service.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7007 AND NOT granted") == ["1"]
            }
            try await service.sql("CALL churn(50)")
            // Everything that came later has been followed before it commits.
            #expect(try await verification(service)["table_rows"] != nil)
            #expect(late.isRunning)
            try await service.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7007 AND granted")
            #expect(try await late.exitCode(within: .seconds(60)) == 0, "\(late.errors)")
            _ = try await lock.exitCode(within: .seconds(60))
        case .openElsewhere:
            // Ended by the test, not by time.
            let open = try service.startSQL("BEGIN; SELECT pg_current_xact_id(); SELECT 'it waits', pg_sleep(600)", database: "postgres")
            try await eventually("a transaction that waits") { try await isWaiting(service) }
            try await service.sql("CALL churn(50)")
            let content = "The ferry \(UUID()) leaves."
            let answer = try await service.post("/v1/knowledge", #"{"assistant":"one","content":"\#(content)"}"#)
            let token = try #require(answer.headers.first(name: "Bunko-Position"))
            let found = try await service.send(
                .POST, "/v1/search", .json(#"{"assistant":"one","query":"\#(content)","k":200}"#), headers: [("Bunko-Position", token)])
            // A broken follower may lose this very change.
            let ferries = try found.list("results").count { $0["content"] as? String == content }
            let backend = try found.string("backend")
            #expect(backend == "memory" && (ferries == 1 || isBroken))
            #expect(try await isWaiting(service))
            try await service.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres' AND query LIKE '%it waits%'")
            _ = try await open.exitCode(within: .seconds(60))
        case .manyRows:
            let rows = Self.rounds > 2 ? 100_000 : 600
            let insertion = try service.startSQL(Self.insertion(of: rows))
            #expect(try await insertion.exitCode(within: .seconds(1_200)) == 0, "\(insertion.errors)")
            let deletion = try service.startSQL("DELETE FROM knowledge_base WHERE content LIKE 'of many %' AND content NOT LIKE '%7'")
            #expect(try await deletion.exitCode(within: .seconds(600)) == 0, "\(deletion.errors)")
        case .rollbackStorm:
            try await service.sql(
                """
                DO $$ BEGIN
                    FOR step IN 1..600 LOOP
                        \(Self.insertion(of: 2));
                        UPDATE knowledge_base SET tags = ARRAY['storm'] WHERE id IN (SELECT id FROM knowledge_base LIMIT 2);
                        DELETE FROM knowledge_base WHERE id IN (SELECT id FROM knowledge_base LIMIT 1);
                        IF step % 20 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
                    END LOOP;
                END $$
                """)
        case .lostListener:
            let writing = try service.startSQL("CALL churn(300)")
            var cut = 0
            for _ in 1...10 {
                cut += try await service.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()"
                ).count
                // Cuts that come apart: a listener that has just been cut is not there yet to be cut again.
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(cut > 0)
            _ = try await writing.exitCode(within: .seconds(120))
        case .clockJumps:
            let years: Int64 = 10 * 366 * 86_400
            for jump in [years, -years, 0] {
                try clock.set(jump)
                // The database's own clock: to it, what it has written is as much older, or in the future.
                try await service.sql("UPDATE knowledge_changes SET changed_at = changed_at - interval '\(jump) seconds'")
                try await service.sql("UPDATE mirror_replicas SET seen_at = seen_at - interval '\(jump) seconds'")
                try await service.sql("CALL churn(50)")
                #expect(try await search(service) > 0)
            }
        }
        try await eventually("an index that follows") { try await service.get("/v1/index").string("state") == "following" }
    }

    private func isWaiting(_ service: TestService) async throws -> Bool {
        try await service.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%it waits%' AND wait_event = 'PgSleep'") == ["1"]
    }

    /// Rows of the assistant "one", with few different vectors: making one takes longer than storing it.
    private static func insertion(of rows: Int) -> String {
        let vectors = min(rows, 50)
        return """
            INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
            SELECT a.user_id, a.id, 'of many ' || n, v.vector FROM assistants a,
                (SELECT any_vector() AS vector, k FROM generate_series(0, \(vectors - 1)) k) v, generate_series(1, \(rows)) n
            WHERE a.name = 'one' AND n % \(vectors) = v.k
            """
    }

    @Test("Two servers on one database, one of them killed again and again, have the index the table has", arguments: [false, true])
    func twoServers(isBroken: Bool) async throws {
        let folder = try TemporaryFolder()
        try await TestService.with(data: folder.path("data")) { first in
            try await prepare(first)
            let environment = Self.environment(isBroken: isBroken).merging(["DATABASE_URL": try first.databaseURL]) { $1 }
            for _ in 1...(isBroken ? 1 : Self.rounds) {
                let second = try await TestService.start(data: folder.path("second"), environment: environment)
                let writing = try first.startSQL("CALL churn(150)")
                // What one of them takes the other finds, with the position of its answer.
                for (writer, reader) in [(first, second), (second, first)] {
                    let word = "ferry \(UUID())"
                    let written = try await writer.post("/v1/knowledge", #"{"assistant":"one","content":"The \#(word) leaves."}"#)
                    let token = try #require(written.headers.first(name: "Bunko-Position"), "\(written.text)")
                    let found = try await reader.send(
                        .POST, "/v1/search", .json(#"{"assistant":"one","query":"\#(word)","k":1000}"#),
                        headers: [("Bunko-Position", token)])
                    #expect(found.text.contains(word) || isBroken && reader === second, "\(found.text.prefix(300))")
                }
                _ = try await writing.exitCode(within: .seconds(120))
                #expect(try await isSame(first))
                #expect(try await isSame(second) != isBroken)
                #expect(try await search(second, of: first) > 0)
                second.process.send(SIGKILL)
                _ = try await second.process.exitCode(within: .seconds(30))
                try await first.sql("CALL churn(50)")
            }
            let replicas = try await first.get("/v1/index").list("replicas")
            #expect(replicas.count == 2)
        }
    }

    enum Damage: String, CaseIterable {
        case truncated, flipped
        case vector = "flipped where vectors are"
        case otherModel = "from another model"
        case future = "from the future"
        case fullDisk = "written to a full disk"
    }

    @Test("A snapshot that is damaged, another's or ahead of the database is not used", arguments: [false, true])
    func damagedSnapshot(isBroken: Bool) async throws {
        let folder = try TemporaryFolder()
        let data = folder.path("data")
        try await TestService.with(data: data) { service in
            try await prepare(service)
            try await service.sql("CALL churn(100)")
        }
        for damage in isBroken ? [Damage.flipped] : Damage.allCases where damage != .fullDisk || SmallDisk.isPossible {
            let disk = try damage == .fullDisk ? SmallDisk(at: data + "/index", kibibytes: 256) : nil
            defer { disk?.unmount() }
            try await spoil(data, damage, folder)
            try await TestService.with(data: data, environment: Self.environment(isBroken: isBroken)) { service in
                // Vectors are verified once the index follows.
                try await eventually("rows read anew: \(damage.rawValue)") {
                    let index = try await service.get("/v1/index")
                    return try index.string("origin") == "database" && index.string("state") == "following"
                }
                try await service.sql("CALL churn(60)")
                #expect(try await isSame(service) != isBroken, "\(damage.rawValue)")
                #expect(try await search(service) > 0)
            }
        }
    }

    private func spoil(_ data: String, _ damage: Damage, _ folder: TemporaryFolder) async throws {
        let index = data + "/index"
        func change(_ part: String, _ body: (inout Data) -> Void) throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: index)
            let file = URL(filePath: index + "/" + (try #require(names.first { $0.contains(part) }, "\(names)")))
            var bytes = try Data(contentsOf: file)
            body(&bytes)
            try bytes.write(to: file)
        }
        switch damage {
        case .truncated: try change("data") { $0.removeLast($0.count / 2) }
        case .flipped: try change("manifest") { $0[$0.count * 2 / 3] ^= 16 }
        case .vector: try change("data") { $0[$0.count / 2] ^= 16 }
        case .otherModel:
            let label = try IndexSnapshot(at: URL(filePath: index)).label
            try PartitionedIndex(configuration: IndexConfiguration(dimensions: 3072)).writeSnapshot(to: URL(filePath: index), label: label)
        case .future:
            let past = folder.path("past")
            // With its owner, which is not this account.
            let copy = try BunkoProcess.Running(URL(filePath: "/usr/bin/env"), ["cp", "-a", data + "/postgres", past])
            #expect(try await copy.exitCode(within: .seconds(60)) == 0, "\(copy.errors)")
            _ = try await TestService.with(data: data) { try await $0.sql("CALL churn(100)") }
            try FileManager.default.removeItem(atPath: data + "/postgres")
            try FileManager.default.moveItem(atPath: past, toPath: data + "/postgres")
        case .fullDisk: break
        }
    }
}
