import RowFilters
import Testing

struct AttributeCodingTests {
    @Test func whatIsDecodedIsWhatWasEncoded() throws {
        var writer = AttributeWriter()
        let rows = (0..<3_000).map { row in
            var attributes = RowAttributes()
            if row % 3 == 0 { attributes.keywords = ["tags": ["tag\(row % 7)", "all"], "type": ["é"]] }
            if row % 4 == 0 { attributes.numbers = ["year": Double(row)] }
            return attributes
        }
        writer.append(rows.indices.map { Slot($0) }, rows)
        var live = Bitmap(allUnder: rows.count)
        for slot in stride(from: 0, to: rows.count, by: 5) { live.remove(Slot(slot)) }
        var bytes: [UInt8] = []
        writer.encode(live) { bytes.append(contentsOf: $0) }
        let decoded = try bytes.withUnsafeBytes { try AttributeWriter(decoding: $0, of: live) }
        let filters: [RowFilter] = [
            .compare(.equal, key: "tags", value: .text("tag3")), .compare(.notEqual, key: "tags", value: .text("all")),
            .compare(.equal, key: "type", value: .text("e\u{301}")), .compare(.less, key: "year", value: .number(1_000)),
            .oneOf(key: "tags", values: [.text("tag1"), .text("tag6")], negated: true),
        ]
        for filter in filters {
            let expected = live.intersection(filter.rows(of: live, writer.table))
            #expect(live.intersection(filter.rows(of: live, decoded.table)) == expected && (expected.count > 0 || filter == filters[2]))
        }
        var nothing = 0
        AttributeWriter().encode(live) { nothing += $0.count }
        #expect(nothing == 0)
        let empty = try AttributeWriter(decoding: UnsafeRawBufferPointer(start: nil, count: 0), of: live)
        #expect(empty.table == nil)
    }

    /// Attributes by hand: numbers that lead astray, one by one.
    @Test func hostileAttributes() throws {
        var live = Bitmap()
        for slot in [0, 3, 70] as [Slot] { live.insert(slot) }
        func text(_ text: String) -> [UInt8] { number(UInt32(text.utf8.count)) + Array(text.utf8) }
        func number(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        func double(_ value: Double) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        func error(_ parts: [[UInt8]]) -> String? {
            let bytes = parts.flatMap { $0 }
            do {
                let writer = try bytes.withUnsafeBytes { try AttributeWriter(decoding: $0, of: live) }
                #expect(writer.codes(at: 3).count == 1 && writer.codes(at: 0).isEmpty)
                #expect(writer.table?.withContent { $0.numbers(at: 70).map(\.value) } == [2.5])
                return nil
            } catch {
                return "\(error)"
            }
        }
        let keys = [number(2), text("a"), text("b")], terms = [number(1), number(0), text("word")]
        let first = [number(3), number(1), number(0), number(0)], second = [number(70), number(0), number(1), number(1), double(2.5)]
        let good = keys + terms + [number(2)] + first + second
        #expect(error(good) == nil)
        for count in 1..<good.count { #expect(error(Array(good.prefix(count)))?.contains("end early") == true) }
        func complaint(_ parts: [[UInt8]], _ reason: String) { #expect(error(parts)?.contains(reason) == true, "\(reason)") }
        complaint(good + [[0]], "1 bytes follow")
        complaint([number(UInt32.max)] + good.dropFirst(), "keys do not ascend")
        complaint([number(3), text("a"), text("b")], "end early")
        complaint([number(2), text("b"), text("a")] + good.dropFirst(3), "keys do not ascend")
        complaint([number(2), text("a"), text("a")] + good.dropFirst(3), "keys do not ascend")
        complaint([number(1), number(2) + [0xC3, 0x28]] + good.dropFirst(3), "not UTF-8")
        complaint([number(1), number(UInt32.max)], "end early")
        complaint(keys + [number(1), number(2), text("word")] + good.dropFirst(6), "a key has number 2")
        complaint(keys + terms + [number(UInt32.max)] + first + second, "end early")
        complaint(keys + terms + [number(2)] + second + first, "row 3 has attributes")
        complaint(keys + terms + [number(2)] + first + first, "row 3 has attributes")
        complaint(keys + terms + [number(1), number(1), number(0), number(0)], "row 1 has attributes")
        complaint(keys + terms + [number(1), number(UInt32.max), number(0), number(0)], "has attributes")
        complaint(keys + terms + [number(1), number(3), number(UInt32.max), number(0), number(0)], "end early")
        complaint(keys + terms + [number(1), number(3), number(1), number(0), number(1)], "a keyword has number 1")
        complaint(keys + terms + [number(1), number(3), number(0), number(1), number(2), double(1.0)], "a key has number 2")
        complaint(keys + terms + [number(1), number(3), number(0), number(1), number(0), double(Double.nan)], "NaN")
        let twice = [number(3), number(0), number(2), number(0), double(1.0), number(0), double(1.0)]
        complaint(keys + terms + [number(1)] + twice, "numbers do not ascend")
    }
}
