import Foundation
import Postgres
import Testing

@Suite struct SQLTests {
    @Test func valuesAreBoundAndRenumbered() {
        let owner = "x'; DROP TABLE notes; --"
        let condition: SQL = "owner = \(owner) AND size > \(5)"
        let limit: Int? = nil
        let sql: SQL = "SELECT \(1.5) FROM notes WHERE \(condition) OR id = ANY(\([1, 2])) LIMIT \(limit)"
        #expect(sql.text == "SELECT $1 FROM notes WHERE owner = $2 AND size > $3 OR id = ANY($4) LIMIT $5")
    }

    @Test func stringLiteralsInInterpolationsAreBoundToo() {
        let sql: SQL = "SELECT \("DROP")"
        #expect(sql.text == "SELECT $1")
    }

    @Test func namesAreQuoted() {
        let sql: SQL = "SELECT \(identifier: "a\"b; --") FROM \(identifier: "s", "t")\(unescaped: " LIMIT 1")"
        #expect(sql.text == "SELECT \"a\"\"b; --\" FROM \"s\".\"t\" LIMIT 1")
    }

    @Test func piecesAreJoined() {
        let pieces: [SQL] = ["a = \(1)", "b = \("x")", "c IS NULL"]
        #expect(pieces.joined(separator: " AND ").text == "a = $1 AND b = $2 AND c IS NULL")
        #expect([SQL]().joined().text == "")
    }

    @Test func injectionStaysData() async throws {
        try await withConnection { connection in
            try await connection.executeScript("CREATE TEMP TABLE notes (body text); INSERT INTO notes VALUES ('a')")
            let attacks = [
                "'; DROP TABLE notes; --", "\\'; DROP TABLE notes; --", "$1", "' OR '1'='1", "\u{0027}||pg_sleep(9)||\u{0027}",
                "$$;DROP TABLE notes;$$",
            ]
            for attack in attacks {
                #expect(try await connection.query("SELECT body FROM notes WHERE body = \(attack)").isEmpty)
                try await connection.execute("INSERT INTO notes VALUES (\(attack))")
                let rows = try await connection.query("SELECT body AS \(identifier: attack) FROM notes WHERE body = \(attack)")
                #expect(try rows.map { try $0.decode(String.self) } == [attack])
            }
            let rows = try await connection.query("SELECT count(*) FROM notes")
            #expect(try rows.first?.decode(Int.self) == attacks.count + 1)
        }
    }

    @Test func copyOutWritesValuesAsLiteralsThatStayData() async throws {
        try await withConnection { connection in
            let id = UUID()
            let attack = "'; DROP TABLE x; -- \\' $1 文"
            let moment = Date(timeIntervalSince1970: 1_700_000_000.5)
            let nothing: String? = nil
            let rows = connection.copyOut(
                """
                SELECT \(attack), \(id), \(-5), \(true), \(0.1), \(moment), \(nothing), \(Decimal(1.25)),
                \(id) = ANY(\([id, UUID()])), 7 = ANY(\([Int64(7)])), \(RawJSON("{\"a\": \"'\\\\n\"}"))
                """)
            var count = 0
            for try await row in rows {
                count += 1
                #expect(try row.decode(at: 0, as: String.self) == attack)
                #expect(try row.decode(at: 1, as: UUID.self) == id)
                #expect(try row.decode(at: 2, as: Int.self) == -5)
                #expect(try row.decode(at: 3, as: Bool.self))
                #expect(try row.decode(at: 4, as: Double.self) == 0.1)
                #expect(try row.decode(at: 5, as: Date.self) == moment)
                #expect(try row.decode(at: 6, as: String?.self) == nil)
                #expect(try row.decode(at: 7, as: Decimal.self) == 1.25)
                #expect(try row.decode(at: 8, as: Bool.self))
                #expect(try row.decode(at: 9, as: Bool.self))
                #expect(try row.decode(at: 10, as: RawJSON.self).text == "{\"a\": \"'\\\\n\"}")
            }
            #expect(count == 1)
            await #expect(throws: PostgresError.self) { for try await _ in connection.copyOut("SELECT \(Data([1]))") {} }
            try await expectUsable(connection)
        }
    }

    @Test func textIsTextAndUntypedTextIsWhatItsPlaceWants() async throws {
        try await withConnection { connection in
            let id = UUID()
            let nothing: String? = nil
            try await connection.executeScript(
                "CREATE TYPE pg_temp.mood AS ENUM ('sad', 'happy'); CREATE TEMP TABLE m (id uuid, mood pg_temp.mood, meta jsonb)")
            try await connection.execute(
                "INSERT INTO m VALUES (\(id), \(untyped: "happy"), \("{\"k\": 1}")::jsonb), (NULL, \(untyped: nil), NULL)")
            let rows = try await connection.query(
                "SELECT id, mood, meta FROM m WHERE id = \(id) AND \(nothing) IS NULL AND mood = \(untyped: "happy")")
            let (back, mood, meta) = try #require(rows.first).decode(UUID.self, String.self, RawJSON.self)
            #expect(back == id && mood == "happy" && meta.text == "{\"k\": 1}")
            let built = try await connection.query(
                "SELECT jsonb_build_object('a', \("x")) || \(RawJSON("{}")), \("a") || \("b"), \(untyped: "2 hours")::interval > '1 hour'")
            let (object, text, isLonger) = try #require(built.first).decode(RawJSON.self, String.self, Bool.self)
            #expect(object.text == "{\"a\": \"x\"}" && text == "ab" && isLonger)
        }
    }

    @Test func nulCharactersAndTooManyParametersAreClearErrors() async throws {
        try await withConnection { connection in
            let inText = await #expect(throws: PostgresError.self) { try await connection.query("SELECT \("a\0b")") }
            #expect(inText?.sqlState == "22021")
            let inStatement = await #expect(throws: PostgresError.self) { try await connection.query("SELECT \(unescaped: "1\0; DROP")") }
            #expect(inStatement?.code == .invalidStatement)
            let many = (0..<65_536).map { SQL("\($0)") }.joined()
            let tooMany = await #expect(throws: PostgresError.self) { try await connection.query("SELECT \(many)") }
            #expect(tooMany?.code == .invalidStatement)
        }
    }

    @Test func configurationURLs() throws {
        let full = try PostgresConfiguration(
            url: "postgresql://us%40er:p%3Aw@db.example:6543/my%20db?sslmode=require&connect_timeout=3&application_name=x")
        #expect(full.user == "us@er" && full.password == "p:w" && full.host == "db.example" && full.port == 6543)
        #expect(full.database == "my db" && full.sslMode == "require" && full.connectTimeout == .seconds(3) && full.applicationName == "x")
        #expect(try PostgresConfiguration(url: "postgres://u@/d?host=/run/sockets").host == "/run/sockets")
        #expect(try PostgresConfiguration(url: "postgres://u@%2Frun%2Fsockets/d").host == "/run/sockets")
        #expect(try PostgresConfiguration(url: "postgres://u@[::1]:5433").host == "::1")
        #expect(try PostgresConfiguration(url: "postgres://u@h").database == "u")
        #expect(throws: PostgresConfigurationError.wrongScheme) { try PostgresConfiguration(url: "mysql://u@h/d") }
        #expect(throws: PostgresConfigurationError.unknownParameters(["color", "x"])) {
            try PostgresConfiguration(url: "postgres://u@h/d?color=red&x=1")
        }
        #expect(throws: PostgresConfigurationError.self) { try PostgresConfiguration(url: "postgres://u@h:0/d") }
        #expect(throws: PostgresConfigurationError.self) { try PostgresConfiguration(url: "postgres://u%zz@h/d") }
        #expect(throws: PostgresConfigurationError.self) { try PostgresConfiguration(url: "postgres://h/d") }
    }

    @Test func thePasswordIsNotShown() {
        let configuration = PostgresConfiguration(host: "h", database: "d", user: "u", password: "geheim")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] { #expect(!text.contains("geheim")) }
    }
}
