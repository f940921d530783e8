import Domain
import Foundation
import Ingestion
import TestSupport
import Testing

/// Knowledge that is added by its address, from a real HTTP server.
@Suite struct PageTests {
    private static let here = PageFetcher(allowsPrivateAddresses: true, timeLimit: .seconds(2))

    @Test func `A document is fetched, cut, found, and replaced when it is added again`() async throws {
        try await WebServer.with { site in
            try await LiveAPI.with(fetcher: Self.here) { api in
                let name = api.db.alice.assistant.name
                let body = #"{"assistant":"\#(name)","url":"\#(site.address)/notes#top","tags":["harbour"],"metadata":{"level":2}}"#
                let added = try await api.send(.post, "/v1/knowledge", body)
                #expect(added.status == 201, "\(added.text)")
                #expect(try added.string("title") == "Ferry" && added.string("source_url") == "\(site.address)/notes")
                let count = try added.number("chunks")
                let query = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                let rows = try #require(
                    try await api.send(.get, "/v1/knowledge?assistant=\(query)").object()["data"] as? [[String: Any]])
                #expect(rows.count == count)
                let row = try #require(rows.last)
                #expect(row["source_url"] as? String == "\(site.address)/notes" && row["source_type"] as? String == "md")
                #expect(row["tags"] as? [String] == ["harbour"] && row["char_start"] as? Int != nil)
                #expect((row["metadata"] as? [String: Any])?["level"] as? Int == 2)
                let found = try await eventually {
                    try await api.send(
                        .post, "/v1/search", #"{"assistant":"\#(name)","query":"when does the ferry leave?"}"#
                    ).text.contains("The ferry leaves at nine.")
                }
                #expect(found)
                #expect(try await api.send(.post, "/v1/knowledge", body.replacing("harbour", with: "port")).status == 201)
                let again = try await api.send(.get, "/v1/knowledge?assistant=\(query)")
                #expect(try again.ids().count == count && !again.text.contains("harbour"))
                for (path, text) in [("plain.md", "Markdown as sources"), ("untold.txt", "nobody told"), ("moved", "on board")] {
                    let reply = try await api.send(.post, "/v1/knowledge", #"{"assistant":"\#(name)","url":"\#(site.address)/\#(path)"}"#)
                    #expect(reply.status == 201, "\(reply.text)")
                    #expect(try await api.send(.get, "/v1/knowledge?assistant=\(query)").text.contains(text), "\(path)")
                }
            }
        }
    }

    @Test func `A repeated request is answered as before, though its page has gone`() async throws {
        try await LiveAPI.with(fetcher: Self.here) { api in
            let assistant = api.db.alice.assistant.id
            let (body, first) = try await WebServer.with { site in
                let body = #"{"assistant":"\#(assistant)","url":"\#(site.address)/notes"}"#
                return (body, try await api.send(.post, "/v1/knowledge", body, headers: ["Idempotency-Key": "page"]))
            }
            #expect(first.status == 201, "\(first.text)")
            let again = try await api.send(.post, "/v1/knowledge", body, headers: ["Idempotency-Key": "page"])
            #expect(again.status == 201 && again.text == first.text)
            let without = try await api.send(.post, "/v1/knowledge", body)
            #expect(without.status == 422 && without.code == "url_unreachable", "\(without.text)")
        }
    }

    @Test func `What cannot be had or read is told, and nothing is stored`() async throws {
        try await WebServer.with { site in
            try await LiveAPI.with(fetcher: Self.here) { api in
                try await api.db.administrate("UPDATE system_settings SET value = '1000' WHERE key = 'max_file_size'")
                let assistant = api.db.alice.assistant.id
                for (path, status, code) in [
                    ("/gone", 422, "url_status"), ("/loop", 422, "url_redirects"), ("/elsewhere", 422, "url_redirect"),
                    ("/silent", 422, "url_timed_out"), ("/slow", 422, "url_timed_out"), ("/large", 413, "url_too_large"),
                    ("/endless", 413, "url_too_large"), ("/binary", 415, "binary_content"), ("/empty", 422, "no_text"),
                ] {
                    let reply = try await api.send(
                        .post, "/v1/knowledge", #"{"assistant":"\#(assistant)","url":"\#(site.address)\#(path)"}"#)
                    #expect(reply.status == status && reply.code == code, "\(path): \(reply.text)")
                }
                for (members, code) in [
                    (#""url":"ftp://example.com/a""#, "invalid_url"), (#""url":"http://u:p@example.com/a""#, "invalid_url"),
                    (#""url":"notes.md""#, "invalid_url"), (#""url":"http:///a""#, "invalid_url"), (#""url":7"#, "member_mistyped"),
                    (#""url":"http://exa mple.com""#, "invalid_url"), (#""url":"\#(site.address)/notes","content":"x""#, "invalid_content"),
                    (#""url":"\#(site.address)/notes","tags":"x""#, "member_mistyped"),
                ] {
                    let reply = try await api.send(.post, "/v1/knowledge", #"{"assistant":"\#(assistant)",\#(members)}"#)
                    #expect(reply.status == 400 && reply.code == code, "\(members): \(reply.text)")
                }
                let foreign = try await api.send(
                    .post, "/v1/knowledge", #"{"assistant":"\#(assistant)","url":"\#(site.address)/silent"}"#, as: api.bob)
                #expect(foreign.status == 404 && foreign.code == "assistant_not_found", "refused before anything is fetched")
                #expect(try await api.db.administrate("SELECT FROM knowledge_base").isEmpty)
            }
        }
    }

    @Test func `Addresses that are not of the public internet are refused unless the configuration allows them`() async throws {
        try await WebServer.with { site in
            try await LiveAPI.with { api in
                let port = try #require(site.address.split(separator: ":").last)
                for host in [
                    "127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254",
                ] {
                    let reply = try await api.send(
                        .post, "/v1/knowledge",
                        #"{"assistant":"\#(api.db.alice.assistant.id)","url":"http://\#(host):\#(port)/notes"}"#)
                    #expect(reply.status == 400 && reply.code == "url_refused", "\(host): \(reply.text)")
                }
            }
        }
    }
}
