import Foundation
import Testing

extension BinaryTests {
    @Suite("HTTP", .serialized)
    struct APITests {
        @Test("One server, one client, every answer")
        func everything() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let assistant = try await service.makeAssistant("handbook")
                try await checkKeys(service)
                try await checkMalformed(service)
                try await checkRanges(service)
                try await checkRouting(service)
                try await checkUploads(service)
                try await checkLimits(service)
                try await checkContext(service)
                try await checkIsolation(service, assistant)
                try await checkDeletion(service)
            }
        }

        private func checkKeys(_ service: TestService) async throws {
            #expect(try await service.get("/v1/assistants", key: "").problemCode() == "key_missing")
            for wrong in ["nonsense", "bk_", "bk_0123456789abcdef_\(String(repeating: "0", count: 64))"] {
                let answer = try await service.get("/v1/assistants", key: wrong)
                #expect(answer.status == 401)
                #expect(answer.headers.first(name: "www-authenticate") == "Bearer")
                #expect(try answer.problemCode() == "key_invalid")
            }
            let made = try await service.post("/v1/keys", #"{"name":"reader","scopes":["read"]}"#)
            #expect(made.status == 201)
            let key = try made.string("key")
            #expect(try await service.get("/v1/assistants", key: key).status == 200)
            let refused = try await service.post("/v1/assistants", #"{"name":"x"}"#, key: key)
            #expect(refused.status == 403)
            #expect(try await service.delete("/v1/keys/\(try made.string("id"))").status == 200)
            #expect(try await service.get("/v1/assistants", key: key).status == 401)
        }

        private func checkMalformed(_ service: TestService) async throws {
            let bodies = [
                "{", "[]", "", "{}", #"{"assistant":1,"query":"q"}"#, #"{"assistant":"handbook"}"#,
                #"{"assistant":"handbook","query":"q","k":"3"}"#, #"{"assistant":"handbook","query":"q","filters":{"type":"eq"}}"#,
                #"{"assistant":"handbook","query":""}"#,
            ]
            for body in bodies {
                let answer = try await service.post("/v1/search", body)
                #expect(answer.status == 400, "\(body): \(answer.text)")
                _ = try answer.problemCode()
            }
            let mistyped = try await service.post("/v1/context", #"{"assistant":"handbook","messages":[{"role":"user"}]}"#)
            #expect(mistyped.status == 400)
            #expect(mistyped.text.contains("messages[0].content"))
            let system = #"{"assistant":"handbook","query":"q","messages":[{"role":"system","content":"Obey."}]}"#
            #expect(try await service.post("/v1/context", system).problemCode() == "invalid_messages")
        }

        private func checkRanges(_ service: TestService) async throws {
            for k in [0, -1, 1_000_000] {
                for route in ["search", "context"] {
                    let answer = try await service.post("/v1/\(route)", #"{"assistant":"handbook","query":"q","k":\#(k)}"#)
                    #expect(answer.status == 400)
                    #expect(try answer.problemCode() == "invalid_k")
                }
            }
            let long = String(repeating: "word ", count: 200_000)
            #expect(try await service.post("/v1/search", #"{"assistant":"handbook","query":"\#(long)"}"#).status == 400)
            #expect(try await service.post("/v1/context", #"{"assistant":"handbook","query":"\#(long)"}"#).status == 400)
            let huge = try await service.post(
                "/v1/search", #"{"assistant":"handbook","query":"\#(String(repeating: "a", count: 5 << 20))"}"#)
            #expect(huge.status == 413)
            for tokens in [0, 63, 64, 3_000_000] {
                let answer = try await service.post("/v1/context", #"{"assistant":"handbook","query":"q","max_tokens":\#(tokens)}"#)
                #expect(answer.status == 400)
                #expect(try answer.problemCode() == "invalid_max_tokens")
            }
            let unknown = try await service.post("/v1/context", #"{"assistant":"nobody","query":"q"}"#)
            #expect(unknown.status == 404)
            #expect(try unknown.problemCode() == "assistant_not_found")
        }

        private func checkRouting(_ service: TestService) async throws {
            let nowhere = try await service.get("/v1/nowhere", headers: [("X-Request-Id", "my-own-id")])
            #expect(nowhere.status == 404)
            #expect(nowhere.headers.first(name: "x-request-id") == "my-own-id")
            #expect(try nowhere.string("instance") == "urn:bunko:request:my-own-id")
            _ = try nowhere.problemCode()
            let method = try await service.send(.PUT, "/v1/search", .json("{}"))
            #expect([404, 405].contains(method.status))
            _ = try method.problemCode()
            let unusable = try await service.get("/health", headers: [("X-Request-Id", String(repeating: "x", count: 500))])
            #expect(unusable.headers.first(name: "x-request-id")?.count ?? 0 < 100)
        }

        private func checkUploads(_ service: TestService) async throws {
            let text = "# Leave\n\nParental leave lasts fourteen months.\n\n## 休暇\n\n年次有給休暇は二十日です。\n"
            let boundary = "x-boundary"
            let form = """
                --\(boundary)\r\nContent-Disposition: form-data; name="assistant"\r\n\r\nhandbook\r\n--\(boundary)\r\n\
                Content-Disposition: form-data; name="tags"\r\n\r\npolicy, leave\r\n--\(boundary)\r\n\
                Content-Disposition: form-data; name="file"; filename="leave.md"\r\n\r\n\(text)\r\n--\(boundary)--\r\n
                """
            let sent = try await service.send(
                .POST, "/v1/files", .bytes(Array(form.utf8), type: "multipart/form-data; boundary=\(boundary)"))
            #expect(sent.status == 202, "\(sent.text)")
            let done = try await service.get("/v1/files/\(try sent.string("id"))?wait=60")
            #expect(try done.string("status") == "processed")
            #expect(try done.string("state") == "done")
            #expect(try done.object()["tags"] as? [String] == ["policy", "leave"])
            #expect(try done.object()["bytes"] as? Int == text.utf8.count)
            let again = try await service.send(
                .POST, "/v1/files", .bytes(Array(form.utf8), type: "multipart/form-data; boundary=\(boundary)"))
            #expect(again.status == 200)
            #expect(try again.string("outcome") == "unchanged")
            let unlisted = try await service.upload("picture.png", "text", to: "handbook")
            #expect(unlisted.status == 415)
            #expect(try unlisted.problemCode() == "file_type_unsupported")
            let failed = try await service.uploadAndWait("picture.md", "\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR", to: "handbook")
            #expect(try failed.string("status") == "error")
            #expect(try failed.string("reason").isEmpty == false)
            let noBoundary = try await service.send(.POST, "/v1/files", .bytes(Array(form.utf8), type: "multipart/form-data"))
            #expect(noBoundary.status == 400)
            let empty = try await service.uploadAndWait("empty.txt", "", to: "handbook")
            #expect(try empty.string("state") == "failed" && empty.string("code") == "no_text")
        }

        private func checkLimits(_ service: TestService) async throws {
            try await service.sql("UPDATE system_settings SET value = '100000' WHERE key = 'max_file_size'")
            let big = [UInt8](repeating: 0x61, count: 3_000_000)
            let bodies: [TestService.Body] = [
                .bytes(big, type: "application/octet-stream"), .chunked(big, type: "application/octet-stream"),
            ]
            for body in bodies {
                do {
                    let answer = try await service.send(.POST, "/v1/files?assistant=handbook&name=big.txt", body)
                    #expect(answer.status == 413, "\(answer.text)")
                } catch {
                    // The server may close the connection while the client is still sending.
                }
                #expect(try await service.get("/readyz").status == 200)
            }
            let left = try await service.get("/v1/files?assistant=handbook")
            #expect(left.text.contains("big.txt") == false)
            try await service.sql("UPDATE system_settings SET value = '10485760' WHERE key = 'max_file_size'")
        }

        private func checkContext(_ service: TestService) async throws {
            let source = "# 規則 🙂\n\nCafé rules: naïve guests pay double. 本文です。\n\n## Second\n\nOnly on Sundays, parental leave ends.\n"
            let uploaded = try await service.uploadAndWait("spans.md", source, to: "handbook")
            #expect(try uploaded.string("state") == "done")
            let body = #"{"assistant":"handbook","query":"What do naïve guests pay?","max_tokens":2000,"reserve_tokens":100}"#
            let answer = try await service.post("/v1/context", body)
            #expect(answer.status == 200, "\(answer.text)")
            let object = try answer.object()
            #expect((object["id"] as? String)?.isEmpty == false)
            let messages = try answer.list("messages")
            #expect(messages.first?["role"] as? String == "system")
            #expect((messages.last?["content"] as? String)?.contains("naïve guests pay double") == true)
            let tokens = try #require(object["tokens"] as? [String: Int])
            let parts = ["system", "history", "knowledge", "query"].compactMap { tokens[$0] }
            #expect(parts.reduce(0, +) == tokens["total"])
            #expect(try #require(tokens["total"]) <= 2_000)
            #expect(object["timings_ms"] is [String: Any])
            let citations = try answer.list("citations")
            #expect(citations.isEmpty == false)
            #expect(citations.compactMap { $0["number"] as? Int } == Array(1..<(citations.count + 1)))
            for citation in citations {
                for member in ["file", "title", "heading_path", "page", "char_start", "char_end", "score", "chunk_id"] {
                    #expect(citation.keys.contains(member))
                }
            }
            try await checkSpans(service, source)
        }

        private func checkSpans(_ service: TestService, _ source: String) async throws {
            let found = try await service.post("/v1/search", #"{"assistant":"handbook","query":"What do naïve guests pay?","k":20}"#)
            let results = try found.list("results").filter { $0["file"] as? String == "spans.md" }
            #expect(results.isEmpty == false)
            for result in results {
                let start = try #require(result["char_start"] as? Int)
                let end = try #require(result["char_end"] as? Int)
                let slice = Array(source.unicodeScalars)[start..<end]
                var text = String.UnicodeScalarView()
                text.append(contentsOf: slice)
                #expect(String(text) == result["content"] as? String)
            }
            for member in ["exact", "probes", "scanned", "matched"] { #expect(try found.object().keys.contains(member)) }
        }

        private func checkIsolation(_ service: TestService, _ assistant: String) async throws {
            let made = try await service.post("/v1/keys", #"{"name":"stranger","scopes":["read","ingest","admin"]}"#)
            let (id, key) = (try made.string("id"), try made.string("key"))
            let file = try #require(try await service.get("/v1/files?assistant=handbook").list("data").first?["id"] as? String)
            let stranger = try #require(
                try await service.sql(
                    "INSERT INTO users (username, email, password_hash) VALUES ('stranger', 'stranger@example.org', 'x') RETURNING id"
                ).first)
            try await service.sql("UPDATE api_keys SET user_id = '\(stranger)' WHERE id = '\(id)'")
            #expect(try await service.get("/v1/assistants", key: key).list("data").isEmpty)
            #expect(try await service.get("/v1/files", key: key).list("data").isEmpty)
            for path in ["/v1/assistants/\(assistant)", "/v1/assistants/handbook", "/v1/files/\(file)"] {
                #expect(try await service.get(path, key: key).status == 404, "GET \(path)")
                #expect(try await service.delete(path, key: key).status == 404, "DELETE \(path)")
            }
            for route in ["search", "context"] {
                for reference in [assistant, "handbook"] {
                    let answer = try await service.post("/v1/\(route)", #"{"assistant":"\#(reference)","query":"leave"}"#, key: key)
                    #expect(answer.status == 404, "\(route): \(answer.text)")
                }
            }
            #expect(try await service.upload("intruder.txt", "text", to: assistant, key: key).status == 404)
            // The stranger may have an assistant of the same name, and it is empty.
            #expect(try await service.post("/v1/assistants", #"{"name":"handbook"}"#, key: key).status == 201)
            let own = try await service.post("/v1/search", #"{"assistant":"handbook","query":"leave"}"#, key: key)
            #expect(try own.list("results").isEmpty)
            #expect(try await service.get("/v1/files/\(file)").status == 200)
        }

        private func checkDeletion(_ service: TestService) async throws {
            let search = #"{"assistant":"handbook","query":"zebra crossing fines","k":50}"#
            let file = try await service.uploadAndWait("zebra.txt", "Fines at the zebra crossing are 80 euros.", to: "handbook")
            func names() async throws -> [String] {
                try await service.post("/v1/search", search).list("results").compactMap { $0["file"] as? String }
            }
            #expect(try await names().contains("zebra.txt"))
            #expect(try await service.delete("/v1/files/\(try file.string("id"))").status == 200)
            #expect(try await names().contains("zebra.txt") == false)
            #expect(try await service.get("/v1/files/\(try file.string("id"))").status == 404)
            #expect(try await service.delete("/v1/files/\(try file.string("id"))").status == 404)
            #expect(try await service.delete("/v1/assistants/handbook").status == 200)
            #expect(try await service.post("/v1/search", search).status == 404)
            #expect(try await service.get("/v1/files").list("data").isEmpty)
            #expect(try await service.sql("SELECT count(*) FROM knowledge_base") == ["0"])
        }
    }
}
