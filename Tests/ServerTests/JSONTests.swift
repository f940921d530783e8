import Domain
import Foundation
import NIOCore
import Testing

@testable import Server

@Suite("JSON in and out")
struct JSONTests {
    private struct Inner: Decodable {
        let number: Int
    }

    private struct Sample: Decodable {
        let name: String
        let inner: Inner?
        let list: [Inner]?
        let id: FileID?
    }

    private func problem(_ text: String) -> Problem? {
        #expect(throws: Problem.self) { try JSON.decode(Sample.self, from: ByteBuffer(string: text)) }
    }

    @Test("A good body is read, unknown members and all")
    func good() throws {
        let sample = try JSON.decode(Sample.self, from: ByteBuffer(string: #"{"name":"é","list":[{"number":1}],"more":[null]}"#))
        #expect(sample.name == "é")
        #expect(sample.list?.first?.number == 1)
    }

    @Test(
        "An error names the member by its path",
        arguments: [
            (#"{}"#, "member_missing", "name"),
            (#"{"name":1}"#, "member_mistyped", "name"),
            (#"{"name":null}"#, "member_mistyped", "name"),
            (#"{"name":"a","inner":{}}"#, "member_missing", "inner.number"),
            (#"{"name":"a","inner":{"number":"1"}}"#, "member_mistyped", "inner.number"),
            (#"{"name":"a","list":[{"number":1},{"number":true}]}"#, "member_mistyped", "list[1].number"),
            (#"{"name":"a","list":[{"number":1},{}]}"#, "member_missing", "list[1].number"),
            (#"{"name":"a","id":"no-uuid"}"#, "member_invalid", "id"),
        ])
    func paths(body: String, code: String, path: String) {
        let problem = problem(body)
        #expect(problem?.kind == .invalidRequest)
        #expect(problem?.code == code)
        #expect(problem?.parameter == path)
        #expect(problem?.detail.contains("\"\(path)\"") == true)
    }

    @Test(
        "What is no JSON is told as such", arguments: ["{", "nonsense", "{\"name\":\"a\"} trailing", "{\"name\": \"\u{1}\"}", "\u{feff}"])
    func malformed(body: String) {
        #expect(problem(body)?.code == "body_malformed")
    }

    // The decoder tells neither where such a number stands nor which it is.
    @Test("A number that is no whole one is the caller's fault", arguments: ["1.5", "1e300"])
    func numbers(number: String) {
        let problem = problem(#"{"name":"a","inner":{"number":\#(number)}}"#)
        #expect(problem?.kind == .invalidRequest)
        #expect(problem?.remedy?.contains("whole numbers") == true, "\(String(describing: problem))")
    }

    @Test("A top level of another type says so, and names no empty member")
    func topLevel() {
        let problem = problem("[]")
        #expect(problem?.kind == .invalidRequest)
        #expect(problem?.detail.contains("\"\"") == false)
    }

    @Test("No body, and bytes that are no UTF-8")
    func bytes() {
        #expect(problem("")?.code == "body_missing")
        let broken = #expect(throws: Problem.self) {
            try JSON.decode(Sample.self, from: ByteBuffer(bytes: Array("{\"name\":\"".utf8) + [0xff, 0xfe] + Array("\"}".utf8)))
        }
        #expect(broken?.kind == .invalidRequest)
    }

    @Test("Deep nesting is refused and does not crash")
    func depth() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(problem("{\"name\":\"a\",\"more\":\(deep)}")?.kind == .invalidRequest)
    }
}
