import Foundation
import Postgres
import Testing

/// Every type goes to the server and comes back unchanged, and the server sees the value it is meant to see.
@Suite struct CodecTests {
    private func roundTrip<T: PostgresCodable & Equatable>(_ values: [T], as type: String) async throws {
        try await withConnection { connection in
            for value in values {
                let rows = try await connection.query("SELECT \(value)::\(unescaped: type), NULL::\(unescaped: type)")
                let (back, null) = try #require(rows.first).decode(T.self, T?.self)
                #expect(back == value)
                #expect(null == nil)
            }
            let arrays: [[T]] = [values, []]
            for array in arrays {
                let rows = try await connection.query("SELECT \(array)::\(unescaped: type)[]")
                #expect(try rows.first?.decode([T].self) == array)
            }
            let withNull: [T?] = values.map { $0 } + [nil]
            let rows = try await connection.query("SELECT \(withNull)::\(unescaped: type)[]")
            #expect(try rows.first?.decode([T?].self) == withNull)
        }
    }

    @Test func booleans() async throws { try await roundTrip([true, false], as: "boolean") }
    @Test func smallIntegers() async throws { try await roundTrip([Int16.min, -1, 0, 1, .max], as: "smallint") }
    @Test func integers() async throws { try await roundTrip([Int32.min, -1, 0, 1, .max], as: "integer") }
    @Test func bigIntegers() async throws { try await roundTrip([Int64.min, -1, 0, 1, .max], as: "bigint") }
    @Test func swiftIntegers() async throws { try await roundTrip([Int.min, -1, 0, 1, .max], as: "bigint") }

    @Test func floats() async throws {
        try await roundTrip([Float.leastNonzeroMagnitude, -.greatestFiniteMagnitude, -0.0, .infinity, -.infinity, 0.1], as: "real")
    }

    @Test func doubles() async throws {
        try await roundTrip(
            [Double.leastNonzeroMagnitude, -.greatestFiniteMagnitude, -0.0, .infinity, -.infinity, 0.1], as: "double precision")
    }

    @Test func notANumberStaysOne() async throws {
        try await withConnection { connection in
            let rows = try await connection.query("SELECT \(Double.nan), \(Float.nan)")
            let (double, float) = try #require(rows.first).decode(Double.self, Float.self)
            #expect(double.isNaN && float.isNaN)
        }
    }

    @Test func texts() async throws {
        try await roundTrip(
            ["", "plain", "文庫 книга 📚", "'; DROP TABLE x; --", "\\", "{\"a\",NULL}", "e\u{301}", String(repeating: "長", count: 100_000)],
            as: "text")
    }

    @Test func uuids() async throws {
        let zero = try #require(UUID(uuidString: "00000000-0000-0000-0000-000000000000"))
        try await roundTrip([zero, UUID(), UUID()], as: "uuid")
    }

    @Test func dates() async throws {
        let dates = [
            Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 1_900_000_000.123456), Date(timeIntervalSince1970: -62_000_000_000),
            Date(timeIntervalSinceReferenceDate: .infinity), Date(timeIntervalSinceReferenceDate: -.infinity),
        ]
        try await roundTrip(dates, as: "timestamptz")
        try await withConnection { connection in
            let rows = try await connection.query(
                "SELECT to_char(\(dates[1]) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), date '2001-01-02', timestamp '2001-01-01 00:00:01', extract(epoch FROM \(dates[0]))::float8"
            )
            let (text, day, local, epoch) = try #require(rows.first).decode(String.self, Date.self, Date.self, Double.self)
            #expect(text == "2030-03-17 17:46:40.123456")
            #expect(day == Date(timeIntervalSinceReferenceDate: 86_400))
            #expect(local == Date(timeIntervalSinceReferenceDate: 1))
            #expect(epoch == 0)
        }
    }

    @Test func datesBeyondTheServersRangeAreRefused() async throws {
        try await withConnection { connection in
            for interval in [1e300, 1e18, Double.nan] {
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.query("SELECT \(Date(timeIntervalSinceReferenceDate: interval))")
                }
                #expect(error?.sqlState == "22008")
            }
        }
    }

    @Test func bytes() async throws {
        let all = (0...255).map { UInt8($0) }
        try await roundTrip([Data(), Data(all)], as: "bytea")
        try await withConnection { connection in
            let rows = try await connection.query("SELECT \(all), length(\(all)), \([UInt8]())")
            let (back, length, empty) = try #require(rows.first).decode([UInt8].self, Int.self, [UInt8].self)
            #expect(back == all)
            #expect(length == 256)
            #expect(empty.isEmpty)
        }
    }

    @Test func decimals() async throws {
        let texts = [
            "0", "1", "-1", "10000", "9999", "0.00000001", "123456.78901234", "-99999999.99999999", "100000000000000000000", "0.0001",
            "12345678901234567890.123456789",
        ]
        try await roundTrip(texts.compactMap { Decimal(string: $0) }, as: "numeric")
        try await withConnection { connection in
            for text in texts {
                let decimal = try #require(Decimal(string: text))
                let rows = try await connection.query(
                    "SELECT \(decimal) = \(text)::numeric, \(decimal)::text, (\(text)::numeric)::float8, \(text)::numeric")
                let (isEqual, back, server, double) = try #require(rows.first).decode(Bool.self, String.self, Double.self, Double.self)
                #expect(isEqual, "\(text) became \(back)")
                #expect(server == double)
            }
            let rows = try await connection.query("SELECT sum(x), avg(x), 'NaN'::numeric, 1.5 FROM generate_series(1::bigint, 4) x")
            let row = try #require(rows.first)
            #expect(try row.decode("sum", as: Int.self) == 10)
            #expect(try row.decode("avg", as: Double.self) == 2.5)
            #expect(try row.decode(at: 2, as: Decimal.self).isNaN)
            #expect(throws: PostgresDecodingError.self) { try row.decode(at: 3, as: Int.self) }
        }
    }

    struct Settings: Codable, Equatable {
        var name: String
        var sizes: [Double]
        var since: Date?
    }

    @Test func json() async throws {
        let settings = Settings(name: "文庫 \"quoted\"", sizes: [0.5, 1e10], since: Date(timeIntervalSince1970: 1_000_000))
        try await roundTrip([JSONB(settings), JSONB(Settings(name: "", sizes: []))], as: "jsonb")
        try await roundTrip([RawJSON("{\"a\": [1, null, \"x\"]}"), RawJSON("null")], as: "jsonb")
        try await withConnection { connection in
            let rows = try await connection.query(
                "SELECT \(JSONB(settings)) ->> 'name', '{\"b\": 1}'::json, '[1]'::jsonb, \("{\"c\":2}")::jsonb -> 'c'")
            let (name, plain, text, cast) = try #require(rows.first).decode(String.self, RawJSON.self, String.self, Int?.self.asJSON)
            #expect(name == settings.name)
            #expect(plain == RawJSON("{\"b\": 1}"))
            #expect(text == "[1]")
            #expect(cast.value == 2)
        }
    }

    @Test func jsonThatCannotBeEncodedIsAnErrorNotACrash() async throws {
        try await withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT \(JSONB(Settings(name: "x", sizes: [.infinity])))")
            }
            #expect(error?.code == .encoding)
        }
    }

    @Test func vectors() async throws {
        let long = PostgresVector((0..<1536).map { Float($0) * -0.37 })
        try await roundTrip(
            [PostgresVector([1]), PostgresVector([-.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0]), long], as: "vector")
        try await withConnection { connection in
            try await connection.execute("CREATE TEMP TABLE v (id int, e vector(3))")
            try await connection.execute("INSERT INTO v VALUES (1, \(PostgresVector([1, 2, 3]))), (2, NULL)")
            let rows = try await connection.query("SELECT e, e::text, e <-> \(PostgresVector([1, 2, 4])) FROM v ORDER BY id")
            let (vector, text, distance) = try #require(rows.first).decode(PostgresVector.self, String.self, Double.self)
            #expect(vector == PostgresVector([1, 2, 3]))
            #expect(text == "[1,2,3]")
            #expect(distance == 1)
            #expect(try rows.last?.decode(at: 0, as: PostgresVector?.self) == nil)
            let wrong = await #expect(throws: PostgresError.self) {
                try await connection.execute("INSERT INTO v VALUES (3, \(PostgresVector([1])))")
            }
            #expect(wrong?.sqlState == "22000")
        }
    }

    enum Status: String, PostgresCodable, CaseIterable { case queued, done }
    enum Level: Int16, PostgresCodable, CaseIterable { case low = 1, high = 2 }

    @Test func enumerations() async throws {
        try await roundTrip(Status.allCases, as: "text")
        try await roundTrip(Level.allCases, as: "smallint")
        try await withConnection { connection in
            let rows = try await connection.query("SELECT 'unheard-of'")
            let error = #expect(throws: PostgresDecodingError.self) { try rows.first?.decode(Status.self) }
            #expect(error?.description.contains("Status") == true)
        }
    }

    @Test func wrongTypesAndNullsNameTheColumn() async throws {
        try await withConnection { connection in
            let row = try #require(try await connection.query("SELECT NULL::text AS title, 7 AS size, now() AS moment, 300 AS big").first)
            #expect(throws: PostgresDecodingError.inColumn("'title'", .unexpectedNull(wanted: "String"))) {
                try row.decode("title", as: String.self)
            }
            #expect(throws: PostgresDecodingError.inColumn("'size'", .typeMismatch(column: .int4, wanted: "String"))) {
                try row.decode("size", as: String.self)
            }
            #expect(throws: PostgresDecodingError.self) { try row.decode("moment", as: Int.self) }
            #expect(throws: PostgresDecodingError.self) { try row.decode("big", as: UInt8.self) }
            #expect(throws: PostgresDecodingError.noSuchColumn("none", available: ["title", "size", "moment", "big"])) {
                try row.decode("none", as: Int.self)
            }
            #expect(throws: PostgresDecodingError.columnCount(found: 4, wanted: 2)) { try row.decode(String?.self, Int.self) }
        }
    }

    @Test func damagedArraysAreRefused() {
        for bytes: [UInt8] in [
            [], [0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 127, 255, 255, 255, 0, 0, 0, 1], [UInt8](repeating: 255, count: 24),
        ] {
            bytes.withUnsafeBytes { raw in
                #expect(throws: PostgresDecodingError.self) { try [String](from: PostgresCell(bytes: raw, type: .unspecified)) }
                #expect(throws: PostgresDecodingError.self) { try PostgresVector(from: PostgresCell(bytes: raw, type: .unspecified)) }
            }
        }
    }
}

extension Optional where Wrapped == Int {
    fileprivate static var asJSON: JSONB<Int>.Type { JSONB<Int>.self }
}
