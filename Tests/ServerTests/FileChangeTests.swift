import Foundation
import TestSupport
import Testing

/// Name, tags and metadata of a file change without its bytes, and its passages follow.
@Suite struct FileChangeTests {
    @Test func `A file is changed at its version, and searches see it at once`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            let upload = try await api.send(
                .post, "/v1/files?assistant=\(assistant)&name=ferry.md&tags=old", "# Ferry\n\nThe ferry leaves at nine.\n")
            let id = try upload.string("id")
            let done = try await api.send(.get, "/v1/files/\(id)?wait=30")
            #expect(try done.string("state") == "done")
            let version = try #require(done.version)
            #expect(try await api.send(.get, "/v1/files/\(id)", headers: ["If-None-Match": version]).status == 304)
            let change = #"{"filename":"boat.md","tags":["harbour","new"],"metadata":{"level":3}}"#
            let changed = try await api.send(.patch, "/v1/files/\(id)", change, headers: ["If-Match": version])
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.version != version)
            let read = try await api.send(.get, "/v1/files/\(id)")
            #expect(read.version == changed.version && read.text == changed.text)
            #expect(try read.string("filename") == "boat.md" && read.object()["tags"] as? [String] == ["harbour", "new"])
            let metadata = try #require(try read.object()["metadata"] as? [String: Any])
            #expect(metadata["level"] as? Int == 3 && metadata["title"] as? String == "Ferry")
            for stale in [
                try await api.send(.patch, "/v1/files/\(id)", #"{"tags":[]}"#, headers: ["If-Match": version]),
                try await api.send(.delete, "/v1/files/\(id)", headers: ["If-Match": version]),
            ] {
                #expect(stale.status == 412 && stale.code == "version_changed")
            }
            func found(_ filter: String) async throws -> [[String: Any]] {
                let body = #"{"assistant":"\#(assistant)","query":"ferry","filters":\#(filter)}"#
                return try #require(try await api.send(.post, "/v1/search", body).object()["results"] as? [[String: Any]])
            }
            let result = try #require(try await found(#"{"type":"eq","key":"tags","value":"harbour"}"#).first)
            #expect(result["file"] as? String == "boat.md" && result["title"] as? String == "Ferry")
            #expect(try await found(#"{"type":"eq","key":"metadata.level","value":3}"#).isEmpty == false)
            #expect(try await found(#"{"type":"eq","key":"tags","value":"old"}"#).isEmpty)
            #expect(try await found(#"{"type":"eq","key":"file","value":"boat.md"}"#).isEmpty == false)

            // Another reading of the file keeps what was noted of it.
            let again = try await api.send(
                .post, "/v1/files?assistant=\(assistant)&name=ferry.md&tags=third", "# Boats\n\nThe ferry leaves at ten.\n")
            #expect(try again.string("outcome") == "replaced")
            let reread = try await api.send(.get, "/v1/files/\(id)?wait=30")
            let kept = try #require(try reread.object()["metadata"] as? [String: Any])
            #expect(kept["level"] as? Int == 3 && kept["title"] as? String == "Boats")
            #expect(try await found(#"{"type":"eq","key":"metadata.level","value":3}"#).isEmpty == false)
            #expect(try await found(#"{"type":"eq","key":"tags","value":"third"}"#).isEmpty == false)
            #expect(try await api.send(.delete, "/v1/files/\(id)", headers: ["If-Match": reread.version ?? ""]).status == 200)
        }
    }

    @Test func `Changes a file does not take are refused and nothing is changed`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            let id = try await api.send(.post, "/v1/files?assistant=\(assistant)&name=a.txt&tags=t", "text").string("id")
            let before = try await api.send(.get, "/v1/files/\(id)?wait=30")
            for (body, code) in [
                (#"{"filename":""}"#, "invalid_filename"), (#"{"filename":null}"#, "invalid_filename"),
                (#"{"filename":"a\u0000"}"#, "invalid_filename"), (#"{"tags":"x"}"#, "member_mistyped"),
                (#"{"tags":null}"#, "invalid_tags"),
                (#"{"metadata":[]}"#, "member_mistyped"), (#"{"state":"done"}"#, "member_unknown"),
                (#"{"assistant_id":"\#(assistant)"}"#, "invalid_assistant_id"), ("[]", "body_mistyped"),
            ] {
                let reply = try await api.send(.patch, "/v1/files/\(id)", body)
                #expect(reply.status == 400 && reply.code == code, "\(body): \(reply.text)")
            }
            #expect(try await api.send(.get, "/v1/files/\(id)").text == before.text)
            let key = #"{"name":"b","assistants":["\#(try await api.make("/v1/assistants", #"{"name":"other"}"#))"]}"#
            let bound = try await api.send(.post, "/v1/keys", key).string("key")
            #expect(try await api.send(.patch, "/v1/files/\(id)", #"{"tags":[]}"#, as: bound).status == 404)
            #expect(try await api.send(.delete, "/v1/files/\(id)", as: bound).status == 404)
        }
    }
}
