import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

extension BinaryTests {
    /// Servers that share the vectors of questions through a real Redis, and go on without it.
    @Suite struct RedisTests {
        private static let facts = "# Ferry\n\nThe ferry leaves at nine.\n"

        private func fill(_ service: TestService) async throws {
            _ = try await service.makeAssistant("harbour")
            let done = try await service.uploadAndWait("a.md", Self.facts, to: "harbour")
            #expect(try done.string("state") == "done", "\(done.text)")
        }

        private func search(_ question: String, in service: TestService) async throws -> Answer {
            try await service.post("/v1/search", #"{"assistant":"harbour","query":"\#(question)"}"#)
        }

        private func caches(of service: TestService) async throws -> Caches {
            struct Body: Decodable { let caches: Caches }
            return try JSONDecoder().decode(Body.self, from: Data(try await service.get("/v1/admin/stats").bytes)).caches
        }

        private struct Caches: Decodable {
            struct Questions: Decodable {
                let remembered: Int
                let memory_hits: Int
                let redis_hits: Int
                let damaged: Int
                let misses: Int
            }
            struct Passages: Decodable {
                let estimated_entries: Int
                let bytes: Int
                let hits: Int
                let misses: Int
            }
            struct Redis: Decodable {
                let state: String
                let address: String?
                let problem: String?
                let failures: Int
                let skipped: Int
                let outages: Int
            }
            let questions: Questions
            let passages: Passages
            let redis: Redis
        }

        @Test("A second server, and the next start, find what the first has embedded; db stats and doctor tell of it")
        func sharing() async throws {
            let redis = try await RedisServer.start(["requirepass", "s3cret"])
            let folder = try TemporaryFolder()
            let environment = ["REDIS_URL": "unix://:s3cret@\(redis.socket)", "BUNKO_REDIS_TTL": "1000"]
            let questions = (1...20).map { "when does ferry number \($0) leave?" }
            try await TestService.with(data: folder.path("data"), environment: environment) { first in
                try await fill(first)
                try await eventually("Redis") { try await caches(of: first).redis.state == "connected" }
                for question in questions + questions { #expect(try await search(question, in: first).status == 200) }
                let figures = try await caches(of: first)
                #expect(figures.questions.misses == 20 && figures.questions.memory_hits == 20 && figures.questions.redis_hits == 0)
                let second = ["DATABASE_URL": try first.databaseURL].merging(environment) { $1 }
                try await TestService.with(data: folder.path("second"), environment: second) { second in
                    try await eventually("Redis") { try await caches(of: second).redis.state == "connected" }
                    for question in questions { #expect(try await search(" \(question) ", in: second).text.contains("leaves at nine")) }
                    let figures = try await caches(of: second)
                    #expect(figures.questions.redis_hits == 20 && figures.questions.misses == 0 && figures.questions.remembered == 20)
                    print("second server: \(figures.questions)")
                }
            }
            try await TestService.with(data: folder.path("data"), environment: environment) { again in
                try await eventually("Redis") { try await caches(of: again).redis.state == "connected" }
                #expect(try await search(questions[0], in: again).status == 200)
                let figures = try await caches(of: again)
                #expect(figures.questions.redis_hits == 1 && figures.questions.misses == 0, "\(figures)")
                #expect(!again.process.errors.contains("s3cret"), "the password stands in no log")

                let keys = try await self.redis(redis, ["--scan", "--pattern", "bunko:question:*"]).split(separator: "\n")
                #expect(keys.count == 20)
                let left = try await self.redis(redis, ["TTL", String(try #require(keys.first))])
                #expect((1...1_000).contains(Int(left.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0), "\(left)")

                let told = try await BunkoProcess.run(["db", "stats", "--data", again.data], environment: environment)
                #expect(told.output.contains("in Redis 1, not found 0") && told.output.contains("Redis: connected"), "\(told.output)")
                let doctor = try await BunkoProcess.run(["doctor", "--data", again.data], environment: environment)
                #expect(doctor.output.contains("ok       Redis") && doctor.output.contains("answers within"), "\(doctor.output)")
                #expect(!doctor.output.contains("s3cret"))
            }
        }

        /// What redis-cli prints.
        private func redis(_ server: RedisServer, _ command: [String]) async throws -> String {
            let running = try BunkoProcess.Running(
                URL(filePath: "/usr/bin/redis-cli"), ["-s", server.socket, "-a", "s3cret", "--no-auth-warning"] + command)
            let code = try await running.exitCode(within: .seconds(30))
            #expect(code == 0, "\(running.errors)")
            return running.output
        }

        @Test("Redis is killed while searches run: every one is answered, and it is used again once it is back")
        func killed() async throws {
            let redis = try await RedisServer.start()
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data"), environment: ["REDIS_URL": "unix://\(redis.socket)"]) { service in
                try await fill(service)
                try await eventually("Redis") { try await caches(of: service).redis.state == "connected" }
                let run = Run()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for asker in 0..<8 {
                        group.addTask {
                            var number = 0
                            while !run.isOver {
                                number += 1
                                let begin = ContinuousClock.now
                                let answer = try await search("does ferry \(number) of line \(asker) leave at nine?", in: service)
                                run.note(answer, ContinuousClock.now - begin)
                            }
                        }
                    }
                    for _ in 0..<3 {
                        try await run.more(100)
                        redis.kill()
                        try await run.more(100)
                        try await redis.launch()
                        try await eventually("Redis", within: .seconds(30)) { try await caches(of: service).redis.state == "connected" }
                    }
                    try await run.more(100)
                    run.end()
                    try await group.waitForAll()
                }
                let figures = try await caches(of: service)
                #expect(run.refusals.isEmpty, "\(run.refusals.prefix(3))")
                #expect(run.count >= 700 && figures.redis.outages == 3 && figures.redis.skipped > 0, "\(figures)")
                #expect(run.slowest < .seconds(5), "the wait for Redis is 50 ms at most, once for each outage")
                let told = service.process.errors.split(separator: "\n").count { $0.contains("Redis does not answer") }
                #expect(told == 3, "once for each outage: \(service.process.errors.suffix(2_000))")
                print("killed 3 times: \(run.count) searches, all 200, slowest \(run.slowest); \(figures.redis)")

                redis.kill()
                let doctor = try await BunkoProcess.run(
                    ["doctor", "--data", folder.path("data")], environment: ["REDIS_URL": "unix://\(redis.socket)"])
                #expect(doctor.code == 0 && doctor.output.contains("warning  Redis"), "\(doctor.output)")
            }
        }

        @Test("What Redis holds under a question's key but is not its vector is a miss, and replaced")
        func damaged() async throws {
            let redis = try await RedisServer.start(["requirepass", "s3cret"])
            let folder = try TemporaryFolder()
            let environment = ["REDIS_URL": "unix://:s3cret@\(redis.socket)"]
            try await TestService.with(data: folder.path("data"), environment: environment) { service in
                try await fill(service)
                try await eventually("Redis") { try await caches(of: service).redis.state == "connected" }
                #expect(try await search("when?", in: service).status == 200)
                let key = try await self.redis(redis, ["--scan"]).trimmingCharacters(in: .whitespacesAndNewlines)
                _ = try await self.redis(redis, ["SET", key, "nonsense"])
            }
            try await TestService.with(data: folder.path("data"), environment: environment) { service in
                try await eventually("Redis") { try await caches(of: service).redis.state == "connected" }
                #expect(try await search("when?", in: service).status == 200)
                let figures = try await caches(of: service)
                #expect(figures.questions.damaged == 1 && figures.questions.misses == 1, "\(figures)")
                let key = try await self.redis(redis, ["--scan"]).trimmingCharacters(in: .whitespacesAndNewlines)
                try await eventually("the new value") {
                    let length = try await self.redis(redis, ["STRLEN", key])
                    return Int(length.trimmingCharacters(in: .newlines)) ?? 0 > 6_000
                }
            }
        }

        @Test("A Redis that is not there delays no start and no search")
        func absent() async throws {
            let folder = try TemporaryFolder()
            let environment = ["REDIS_URL": "redis://127.0.0.1:1"]
            try await TestService.with(data: folder.path("data"), environment: environment) { service in
                try await fill(service)
                for _ in 0..<2 { #expect(try await search("when?", in: service).text.contains("leaves at nine")) }
                let figures = try await caches(of: service)
                #expect(figures.redis.state == "unavailable" && figures.redis.problem?.contains("refused") == true)
                #expect(figures.questions.misses == 1 && figures.questions.memory_hits == 1 && figures.redis.outages == 1)
            }
        }

        @Test("Without REDIS_URL the memory serves alone; what cannot be obeyed ends the start, and is named")
        func settings() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data"), environment: ["REDIS_URL": ""]) { service in
                try await fill(service)
                for _ in 0..<2 { #expect(try await search("when?", in: service).status == 200) }
                let figures = try await caches(of: service)
                #expect(figures.redis.state == "not_configured" && figures.redis.address == nil)
                #expect(figures.questions.misses == 1 && figures.questions.memory_hits == 1)
            }
            let cases = [
                (["REDIS_URL": "rediss://:hunter2@cache"], "TLS"), (["REDIS_URL": "cache:6379"], "scheme"),
                (["BUNKO_REDIS_URL": "redis://:hunter2@cache:port"], "port"), (["BUNKO_REDIS_TTL": "0"], "redis.ttl"),
            ]
            for (environment, word) in cases {
                let ended = try await BunkoProcess.run(["serve", "--port", "0", "--data", folder.path("none")], environment: environment)
                #expect(ended.code == 2 && ended.errors.contains(word) && !ended.errors.contains("hunter2"), "\(ended.errors)")
            }
        }

        /// What searches were answered while Redis came and went.
        private final class Run: Sendable {
            private struct State {
                var count = 0
                var refusals: [String] = []
                var slowest = Duration.zero
                var isOver = false
            }
            private let state = Mutex(State())

            var count: Int { state.withLock { $0.count } }
            var refusals: [String] { state.withLock { $0.refusals } }
            var slowest: Duration { state.withLock { $0.slowest } }
            var isOver: Bool { state.withLock { $0.isOver } }

            func note(_ answer: Answer, _ time: Duration) {
                state.withLock { state in
                    state.count += 1
                    state.slowest = max(state.slowest, time)
                    if answer.status != 200 || !answer.text.contains("leaves at nine") || answer.text.contains("degraded\":\"") {
                        state.refusals.append("\(answer.status) \(answer.text)")
                    }
                }
            }

            func end() { state.withLock { $0.isOver = true } }

            func more(_ number: Int) async throws {
                let wanted = count + number
                try await eventually("\(number) more searches") { self.count >= wanted }
            }
        }
    }
}
