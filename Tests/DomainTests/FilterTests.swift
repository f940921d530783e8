import Domain
import Foundation
import Testing

@Suite struct FilterTests {
    private func filter(_ json: String) throws -> Filter {
        try JSONDecoder().decode(Filter.self, from: Data(json.utf8))
    }

    /// What the decoder says is wrong.
    private func fault(_ json: String) -> String? {
        do {
            _ = try filter(json)
            return nil
        } catch DecodingError.dataCorrupted(let context) {
            return context.debugDescription
        } catch {
            return "\(error)"
        }
    }

    @Test func `Each comparison and key has its wire name`() throws {
        let names: [(String, Filter.Comparison)] = [
            ("eq", .equal), ("ne", .notEqual), ("gt", .greater), ("gte", .greaterOrEqual), ("lt", .less), ("lte", .lessOrEqual),
        ]
        for (name, comparison) in names {
            #expect(
                try filter(#"{"type":"\#(name)","key":"metadata.year","value":2024}"#)
                    == .compare(comparison, key: .metadata("year"), value: .number(2024)))
        }
        #expect(Filter.Key("tags") == .tags)
        #expect(Filter.Key("source_type") == .sourceType)
        #expect(Filter.Key("file") == .file)
        #expect(Filter.Key("created_at") == .createdAt)
        #expect(Filter.Key("metadata.a.b") == .metadata("a.b"))
    }

    @Test func `Groups nest, and lists may be negated`() throws {
        let json = """
            {"type":"and","filters":[
                {"type":"or","filters":[{"type":"eq","key":"tags","value":"a"},{"type":"nin","key":"file","value":["x","y"]}]},
                {"type":"in","key":"metadata.done","value":[true,1,"1"]}]}
            """
        #expect(
            try filter(json)
                == .all([
                    .any([
                        .compare(.equal, key: .tags, value: .string("a")),
                        .oneOf(key: .file, values: [.string("x"), .string("y")], negated: true),
                    ]),
                    .oneOf(key: .metadata("done"), values: [.boolean(true), .number(1), .string("1")], negated: false),
                ]))
    }

    @Test func `Errors say what is wrong and what is allowed`() {
        #expect(fault(#"{"type":"like","key":"tags","value":"a"}"#)?.contains("\"like\" is no filter type; allowed are eq") == true)
        #expect(fault(#"{"type":"eq","key":"owner","value":"a"}"#)?.contains("\"owner\" is no filter key; allowed are tags") == true)
        #expect(fault(#"{"type":"eq","key":"metadata.","value":"a"}"#)?.contains("is no filter key") == true)
        #expect(fault(#"{"type":"eq","key":"tags","value":null}"#) != nil)
        #expect(fault(#"{"type":"eq","key":"tags","value":{}}"#)?.contains("a string, a number or a boolean") == true)
        #expect(fault(#"{"type":"and","filters":[]}"#)?.contains("must not be empty") == true)
        #expect(fault(#"{"type":"or"}"#) != nil)
        #expect(fault(#"{"key":"tags","value":"a"}"#) != nil)
    }

    private func nested(_ depth: Int) -> String {
        let leaf = #"{"type":"eq","key":"tags","value":"a"}"#
        return (0..<depth).reduce(leaf) { inner, _ in #"{"type":"and","filters":[\#(inner)]}"# }
    }

    @Test func `Nesting is bounded`() throws {
        for depth in 0...Filter.maximumDepth { _ = try filter(nested(depth)) }
        for depth in [Filter.maximumDepth + 2, 30, 200] {
            #expect(fault(nested(depth))?.contains("deeper than \(Filter.maximumDepth) levels") == true, "depth \(depth)")
        }
    }

    @Test func `Nesting is counted from the filter and not from what it stands in`() throws {
        struct Request: Decodable {
            struct Options: Decodable { let filters: Filter }
            let options: Options
        }
        let json = #"{"options":{"filters":\#(nested(Filter.maximumDepth - 1))}}"#
        #expect(throws: Never.self) { try JSONDecoder().decode(Request.self, from: Data(json.utf8)) }
    }

    @Test func `Conditions are counted with groups and the members of lists`() {
        let leaf = Filter.compare(.equal, key: .tags, value: .string("a"))
        let list = Filter.oneOf(key: .tags, values: [.string("a"), .string("b")], negated: false)
        #expect(leaf.conditionCount == 1)
        #expect(list.conditionCount == 2)
        #expect(Filter.all([leaf, .any([leaf, list])]).conditionCount == 6, "a group counts one")
    }
}
