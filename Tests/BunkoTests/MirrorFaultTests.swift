import Foundation
import Glibc
import Testing

extension BinaryTests {
    /// What happens to the index when processes die while rows are written. `BUNKO_SOAK=50` asks for as many rounds of each.
    @Suite("Faults of the mirror", .serialized)
    struct MirrorFaultTests {
        static let rounds = ProcessInfo.processInfo.environment["BUNKO_SOAK"].flatMap { Int($0) } ?? 2

        /// Rows of two users that come, change, move and go, in small and large transactions, some rolled back.
        /// The ferries, which tests write and look for, stay where they are.
        private static let churn = """
            CREATE TABLE tombs (id uuid, at timestamptz);
            CREATE FUNCTION any_vector() RETURNS vector LANGUAGE sql VOLATILE AS
                $$SELECT array_agg(random() - 0.5)::vector FROM generate_series(1, 1536)$$;
            CREATE PROCEDURE churn(steps integer) LANGUAGE plpgsql AS $$
            DECLARE
                mine record;
                dice double precision;
            BEGIN
                FOR step IN 1..steps LOOP
                    SELECT user_id, id INTO mine FROM assistants ORDER BY random() LIMIT 1;
                    dice := random();
                    IF dice < 0.6 THEN
                        INSERT INTO knowledge_base (user_id, secretary_id, content, embedding, tags)
                        SELECT mine.user_id, mine.id, 'step ' || step, any_vector(), ARRAY['t' || n]
                        FROM generate_series(1, CASE WHEN dice < 0.02 THEN 200 ELSE 1 + step % 4 END) n;
                    ELSIF dice < 0.7 THEN
                        UPDATE knowledge_base SET embedding = any_vector()
                        WHERE id IN (SELECT id FROM knowledge_base ORDER BY random() LIMIT 2);
                    ELSIF dice < 0.75 THEN
                        UPDATE knowledge_base SET tags = tags || ARRAY['u' || step]
                        WHERE id IN (SELECT id FROM knowledge_base ORDER BY random() LIMIT 2);
                    ELSIF dice < 0.8 THEN
                        UPDATE knowledge_base k SET secretary_id = mine.id
                        WHERE k.user_id = mine.user_id
                            AND id IN (SELECT id FROM knowledge_base WHERE content NOT LIKE '%ferry%' ORDER BY random() LIMIT 2);
                    ELSE
                        WITH gone AS (
                            DELETE FROM knowledge_base WHERE id IN (
                                SELECT id FROM knowledge_base WHERE content NOT LIKE '%ferry%' ORDER BY random() LIMIT 3) RETURNING id)
                        INSERT INTO tombs SELECT id, clock_timestamp() FROM gone;
                    END IF;
                    IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
                END LOOP;
            END $$;
            """

        func prepare(_ service: TestService) async throws {
            for name in ["one", "two"] { _ = try await service.makeAssistant(name) }
            let user = try await service.post(
                "/v1/users", #"{"username":"other","email":"other@example.org","password":"a long password"}"#)
            try #require(user.status == 201, "\(user.text)")
            try await service.sql(
                "INSERT INTO assistants (user_id, name) SELECT id, 'theirs' FROM users WHERE username = 'other'")
            try await service.sql(Self.churn)
        }

        /// Compares index and table once all changes have been followed, of which there may be very many.
        func verification(_ service: TestService) async throws -> [String: Any] {
            let answer = try await service.send(.POST, "/v1/index/verify", .json("{}"), timeout: .minutes(20))
            try #require(answer.status == 200, "\(answer.text)")
            return try #require(try answer.object()["index"] as? [String: Any])
        }

        /// - Parameter isQuiet: whether nobody writes meanwhile, so that the numbers of rows are of one moment.
        func isSame(_ service: TestService, isQuiet: Bool = true) async throws -> Bool {
            let index = try await verification(service)
            let differing = try #require(index["differing"] as? [String: Int])
            return differing.isEmpty && (!isQuiet || index["table_rows"] as? Int == index["index_rows"] as? Int)
        }

        /// A server whose index follows rightly, or one whose index loses one change in ten.
        static func environment(isBroken: Bool) -> [String: String] {
            ["BUNKO_INDEX_SNAPSHOT_INTERVAL": "1"].merging(isBroken ? ["BUNKO_FAULT_LOST_CHANGES": "10"] : [:]) { $1 }
        }

        /// Searches, and tells of every hit that was deleted a second before it was asked for, or is another's.
        /// - Parameter owner: the server with the private database, when this one has none.
        /// - Returns: the number of hits.
        @discardableResult
        func search(_ service: TestService, of owner: TestService? = nil) async throws -> Int {
            let database = owner ?? service
            let since = try #require(try await database.sql("SELECT clock_timestamp() - interval '1 second'").first)
            let answer = try await service.post("/v1/search", #"{"assistant":"one","query":"step","k":50}"#)
            try #require(answer.status == 200, "\(answer.text)")
            let ids = try answer.list("results").compactMap { $0["chunk_id"] as? String }
            guard !ids.isEmpty else { return 0 }
            let list = ids.map { "'\($0)'" }.joined(separator: ",")
            let wrong = try await database.sql(
                """
                SELECT 'deleted ' || id FROM tombs WHERE id IN (\(list)) AND at < '\(since)'
                UNION ALL SELECT 'foreign ' || k.id FROM knowledge_base k JOIN users u ON u.id = k.user_id
                WHERE k.id IN (\(list)) AND u.username = 'other'
                """)
            #expect(wrong == [])
            return ids.count
        }

        @Test("Killed at any moment while rows are written, the server comes back with the index the table has", arguments: [false, true])
        func killedServer(isBroken: Bool) async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            let environment = Self.environment(isBroken: isBroken)
            var service = try await TestService.start(data: data, environment: environment)
            try await prepare(service)
            for round in 1...(isBroken ? 1 : Self.rounds) {
                let writing = try service.startSQL("CALL churn(300)")
                for _ in 0..<Int.random(in: 1...6) {
                    try await search(service)
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...300)))
                }
                service.process.send(SIGKILL)
                #expect(try await service.process.exitCode(within: .seconds(30)) == -SIGKILL)
                service = try await TestService.start(data: data, environment: environment)
                try await search(service)
                if !isBroken { #expect(try await isSame(service, isQuiet: false)) }
                // The old server's PostgreSQL may have gone with it, and the writer's session with that.
                _ = try await writing.exitCode(within: .seconds(120))
                try await service.sql("CALL churn(100)")
                #expect(try await isSame(service) != isBroken)
                #expect(try await search(service) > 0)
                if round % 10 == 0 { try await service.sql("TRUNCATE knowledge_base, tombs") }
            }
            #expect(try await service.stop() == 0)
        }

        @Test("PostgreSQL killed, its sessions ended: the index goes on where it was, and ends the same", arguments: [false, true])
        func killedDatabase(isBroken: Bool) async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data"), environment: Self.environment(isBroken: isBroken)) { service in
                try await prepare(service)
                for round in 1...(isBroken ? 1 : Self.rounds) {
                    let writing = try service.startSQL("CALL churn(300)")
                    try await Task.sleep(for: .milliseconds(Int.random(in: 100...1500)))
                    if round % 2 == 0 {
                        kill(try #require(service.postmaster).pid, SIGKILL)
                    } else {
                        try await service.sql(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bunko_worker' AND datname = 'bunko'")
                    }
                    _ = try await writing.exitCode(within: .seconds(120))
                    try await eventually("an index that follows again") {
                        try await service.send(.POST, "/v1/index/verify", .json("{}")).status == 200
                    }
                    try await service.sql("CALL churn(100)")
                    #expect(try await isSame(service) != isBroken)
                    #expect(try await search(service) > 0)
                    if round % 10 == 0 { try await service.sql("TRUNCATE knowledge_base, tombs") }
                }
            }
        }

        @Test("A server that was away for longer than the outbox keeps rows reads them all, and is the same")
        func awayTooLong() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            let environment = ["BUNKO_INDEX_OUTBOX_LIMIT": "1"]
            try await TestService.with(data: data, environment: environment) { service in
                try await prepare(service)
                try await service.sql("CALL churn(50)")
                // Its snapshot has seen all: what was not would soon be too old.
                #expect(try await isSame(service))
            }
            let killed = try await TestService.start(data: data, environment: environment)
            let first = try await killed.get("/v1/index").object()
            #expect(first["origin"] as? String == "snapshot")
            #expect(try await isSame(killed))
            try await killed.sql("CALL churn(50)")
            // Now the outbox forgets what a server with an older snapshot would need.
            try await eventually("the outbox to be emptied") {
                try await killed.sql("SELECT count(*) FROM knowledge_changes") == ["0"]
            }
            killed.process.send(SIGKILL)
            _ = try await killed.process.exitCode(within: .seconds(30))
            try await TestService.with(data: data, environment: environment) { service in
                let second = try await service.get("/v1/index").object()
                #expect(second["origin"] as? String == "database")
                #expect(try await isSame(service))
            }
        }

        @Test("A change that is lost is found out, named and put right")
        func lostChange() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data"), environment: ["BUNKO_FAULT_LOST_CHANGES": "13"]) { service in
                try await prepare(service)
                try await service.sql(
                    """
                    DO $$ BEGIN
                        FOR n IN 1..20 LOOP
                            INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
                            SELECT user_id, id, 'row', any_vector() FROM assistants WHERE name = 'one';
                            COMMIT;
                        END LOOP;
                    END $$
                    """)
                let index = try await verification(service)
                #expect(index["differing"] as? [String: Int] == ["missing": 1], "\(index)")
                let repaired = try await BunkoProcess.run(["verify", "--repair", "--json", "--data", service.data])
                #expect(repaired.code == 1, "\(repaired.errors)")
                let outcome = try await BunkoProcess.run(["verify", "--data", service.data])
                #expect(
                    outcome.code == 0 && outcome.output.contains("Index and table are the same."), "\(outcome.output) \(outcome.errors)")
            }
        }
    }
}
