import Domain
import Foundation
import HTTPTypes
import TestSupport
import Testing

/// The index as its users see it: what they wrote is found with the token they were given, and administrators see how it stands.
@Suite struct IndexAPITests {
    private static let position = "Bunko-Position"

    private func position(_ reply: Reply) throws -> String {
        let name = try #require(HTTPField.Name(Self.position))
        return try #require(reply.headers[name], "no \(Self.position): \(reply.status) \(reply.text)")
    }

    @Test func `What was written is found by a search that brings the token, and no longer when it was deleted`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            for number in 0..<10 {
                let body = #"{"assistant":"\#(assistant)","content":"The ferry number \#(number) leaves at noon."}"#
                let written = try await api.send(.post, "/v1/knowledge", body)
                #expect(written.status == 201, "\(written.text)")
                let query = #"{"assistant":"\#(assistant)","query":"ferry number \#(number)","k":100}"#
                for path in ["/v1/search", "/v1/context"] {
                    let found = try await api.send(.post, path, query, headers: [Self.position: try position(written)])
                    #expect(found.text.contains("The ferry number \(number) leaves"), "\(found.text)")
                    #expect(found.text.contains(#""backend":"memory""#))
                }
                let id = try written.string("id")
                let deleted = try await api.send(.delete, "/v1/knowledge/\(id)")
                let gone = try await api.send(.post, "/v1/search", query, headers: [Self.position: try position(deleted)])
                #expect(!gone.text.contains(id))
            }
            let refused = try await api.send(
                .post, "/v1/search", #"{"assistant":"\#(assistant)","query":"x"}"#, headers: [Self.position: "tomorrow"])
            #expect(refused.status == 400 && refused.code == "invalid_bunko_position")
        }
    }

    @Test func `A file that is done tells which write made it so`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            func upload(_ name: String, _ text: String) async throws -> Reply {
                let taken = try await api.send(
                    .post, "/v1/files?assistant=\(assistant)&name=\(name)", text, headers: ["Content-Type": "application/octet-stream"])
                #expect(taken.status == 202, "\(taken.text)")
                return try await api.send(.get, "/v1/files/\(try taken.string("id"))?wait=60")
            }
            let read = try await upload("a.txt", "The lighthouse is closed.")
            let token = try await api.db.administrate("SELECT done_xid::text FROM files").first?.decode(String.self)
            #expect(try position(read) == token)
            let found = try await api.send(
                .post, "/v1/search", #"{"assistant":"\#(assistant)","query":"lighthouse"}"#, headers: [Self.position: try position(read)])
            #expect(found.text.contains("lighthouse is closed"))
            let without = try await upload("b.txt", "   ")
            #expect(try without.string("state") == "failed")
            #expect(without.headers[try #require(HTTPField.Name(Self.position))] == nil)
        }
    }

    @Test func `A creation that is repeated brings the token of the first`() async throws {
        try await LiveAPI.with { api in
            let body = #"{"assistant":"\#(api.db.alice.assistant.id)","content":"The ferry leaves."}"#
            let first = try await api.send(.post, "/v1/knowledge", body, headers: ["Idempotency-Key": "ferry"])
            try await api.make("/v1/knowledge", #"{"assistant":"\#(api.db.alice.assistant.id)","content":"Another."}"#)
            let again = try await api.send(.post, "/v1/knowledge", body, headers: ["Idempotency-Key": "ferry"])
            #expect(again.text == first.text)
            let positions = (try position(first), try position(again))
            #expect(positions.0 == positions.1)
        }
    }

    @Test func `A passage that was deleted is not missed from its file`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let assistant = api.db.alice.assistant.id
            let taken = try await api.send(
                .post, "/v1/files?assistant=\(assistant)&name=a.txt", "The lighthouse is closed.",
                headers: ["Content-Type": "application/octet-stream"])
            let file = "/v1/files/\(try taken.string("id"))"
            _ = try await api.send(.get, file + "?wait=60")
            let passage = try #require(try await api.db.administrate("SELECT id FROM knowledge_base").first?.decode(UUID.self))
            func mismatched() async throws -> Int {
                let report = try await api.send(.post, "/v1/index/verify", "{}").object()
                return try #require((report["files"] as? [String: Any])?["mismatches"] as? [Any]).count
            }
            let refused = try await api.send(.delete, "/v1/knowledge/\(passage)", headers: ["If-Match": "\"1\""])
            let kept = try await api.send(.get, file).number("chunks")
            #expect(refused.status == 412 && kept == 1)
            let deleted = try await api.send(.delete, "/v1/knowledge/\(passage)")
            let left = try await api.send(.get, file).number("chunks")
            #expect(deleted.status == 200 && left == 0)
            #expect(try await mismatched() == 0)
            try await api.db.administrate("UPDATE files SET chunk_count = 1")
            #expect(try await mismatched() == 1)
        }
    }

    @Test func `A server whose index loads anew goes on answering`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            #expect(try await eventually { try await api.send(.get, "/readyz").status == 200 })
            for number in 0..<5 {
                try await api.db.administrate("TRUNCATE knowledge_base")
                let written = try await api.send(.post, "/v1/knowledge", #"{"assistant":"\#(assistant)","content":"Ferry \#(number)."}"#)
                let query = #"{"assistant":"\#(assistant)","query":"ferry \#(number)"}"#
                for _ in 0..<5 {
                    let ready = try await api.send(.get, "/readyz")
                    #expect(ready.status == 200, "\(ready.text)")
                    let found = try await api.send(.post, "/v1/search", query, headers: [Self.position: try position(written)])
                    #expect(found.text.contains("Ferry \(number).") && !found.text.contains("Ferry \(number - 1)."), "\(found.text)")
                }
            }
        }
    }

    @Test func `Administrators see the index and compare it with the table`() async throws {
        try await LiveAPI.with { api in
            #expect(try await api.send(.get, "/v1/index").status == 403)
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let assistant = api.db.alice.assistant.id
            try await api.make("/v1/knowledge", #"{"assistant":"\#(assistant)","content":"One line."}"#)
            #expect(try await eventually { try await api.send(.get, "/v1/index").number("rows") == 1 })
            let state = try await api.send(.get, "/v1/index").object()
            #expect(
                state["backend"] as? String == "memory" && state["state"] as? String == "following"
                    && state["origin"] as? String == "database")
            #expect((state["replicas"] as? [Any])?.count == 1)
            for body in ["{}", #"{"assistant":"\#(assistant)"}"#] {
                let report = try await api.send(.post, "/v1/index/verify", body).object()
                let index = try #require(report["index"] as? [String: Any])
                #expect((index["differing"] as? [String: Any])?.isEmpty == true && index["table_rows"] as? Int == 1)
                #expect((report["files"] is NSNull) == (body != "{}"))
            }
            #expect(try await api.send(.post, "/v1/index/verify", #"{"assistant":"nobody's"}"#).status == 404)
        }
    }
}
