import Domain
import Testing

@testable import Cache

@Suite struct RedisAddressTests {
    @Test func `Every part of an address is read`() throws {
        let full = try RedisAddress(url: "redis://ada:p%40ss%3Aw%2Frd@cache.example.org:6380/3")
        #expect(full.place == .host("cache.example.org", port: 6_380))
        #expect(full.user == "ada" && full.password == "p@ss:w/rd" && full.database == 3)
        let short = try RedisAddress(url: "redis://localhost")
        #expect(short.place == .host("localhost", port: 6_379) && short.user == nil && short.password == nil && short.database == 0)
        let password = try RedisAddress(url: "redis://:secret@[::1]:7000/")
        #expect(password.place == .host("::1", port: 7_000) && password.user == nil && password.password == "secret")
        #expect(try RedisAddress(url: "redis://[fe80::1]").place == .host("fe80::1", port: 6_379))
        let socket = try RedisAddress(url: "unix://:secret@/run/redis/a%20b.sock?db=2")
        #expect(socket.place == .socket("/run/redis/a b.sock") && socket.password == "secret" && socket.database == 2)
        #expect(try RedisAddress(url: "unix:///run/redis.sock").place == .socket("/run/redis.sock"))
    }

    @Test(arguments: [
        ("localhost:6379", "scheme"), ("http://localhost", "http://"), ("rediss://localhost", "TLS"), ("redis://", "host"),
        ("redis://:6379", "host"), ("redis://host:0", "port"), ("redis://host:65536", "port"), ("redis://host:six", "port"),
        ("redis://host:", "port"), ("redis://host/x", "database"), ("redis://host/-1", "database"), ("redis://host/0/1", "database"),
        ("redis://host/4294967296", "database"), ("redis://ada@host", "password"), ("redis://ada:@host", "password"),
        ("redis://a:%zz@host", "percent"), ("redis://a:%00@host", "percent"), ("redis://host?db=1", "?"), ("redis://[::1", "bracket"),
        ("redis://[::1]x", "IPv6"), ("unix://", "path"), ("unix:///", "path"), ("unix://host/run/redis.sock", "host"),
        ("unix:///run/redis.sock?timeout=1", "db"), ("unix:///run/redis.sock?db=x", "database"),
        ("unix:///\(String(repeating: "a", count: 107))", "108 bytes"),
    ])
    func `What is wrong with an address is named`(url: String, word: String) {
        let problem = #expect(throws: Problem.self) { try RedisAddress(url: url) }
        #expect(problem?.kind == .configuration && problem?.parameter == "REDIS_URL")
        #expect(problem?.detail.contains(word) == true, "\(problem?.detail ?? "")")
        #expect(problem?.remedy != nil)
    }

    @Test func `No text about an address has its password or its user`() throws {
        let address = try RedisAddress(url: "redis://ada:hunter2@[::1]:7000/2")
        var dumped = ""
        dump(address, to: &dumped)
        for text in ["\(address)", String(reflecting: address), dumped] {
            #expect(text.contains("redis://[::1]:7000/2") && !text.contains("hunter2") && !text.contains("ada"), "\(text)")
        }
        #expect("\(try RedisAddress(url: "unix://:hunter2@/run/r.sock?db=4"))" == "unix:///run/r.sock?db=4")
        let problem = #expect(throws: Problem.self) { try RedisAddress(url: "redis://ada:hunter2@host:port") }
        #expect(problem.map { "\($0)".contains("hunter2") } == false)
    }
}

@Suite struct PausesTests {
    @Test func `Pauses double up to the longest, and begin again after a connection that held`() {
        var pauses = Pauses(.milliseconds(100)...Duration.seconds(1))
        let first = (0..<6).map { _ in pauses.next(after: .milliseconds(20)) }
        #expect(first == [100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
        #expect(pauses.next(after: .seconds(1)) == .seconds(1), "one that held no longer than the longest pause")
        #expect(pauses.next(after: .seconds(2)) == .milliseconds(100))
        #expect(pauses.next(after: .zero) == .milliseconds(200))
    }
}
