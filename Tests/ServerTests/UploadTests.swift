import Foundation
import HummingbirdTesting
import Storage
import TestSupport
import Testing

/// Uploads in one request, on a real socket: streamed, within limits, all or nothing.
@Suite struct UploadTests {
    private static let form = "multipart/form-data; boundary=b"

    /// A form of parts: name, file name, content.
    private func form(_ parts: [(String, String?, String)], end: String = "--b--\r\n") -> String {
        parts.map { name, file, content in
            "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\(file.map { "; filename=\"\($0)\"" } ?? "")\r\n\r\n\(content)\r\n"
        }.joined() + end
    }

    private func post(_ api: LiveAPI, _ body: String) async throws -> Reply {
        try await api.send(.post, "/v1/files", body, headers: ["Content-Type": Self.form])
    }

    private func limit(_ api: LiveAPI, to bytes: Int) async throws {
        try await api.db.administrate("UPDATE system_settings SET value = to_jsonb(\(bytes)) WHERE key = 'max_file_size'")
    }

    /// Whether nothing of an upload is left, in rows or on disk.
    private func isEmpty(_ api: LiveAPI) async throws -> Bool {
        guard try await api.db.administrate("SELECT FROM files").isEmpty else { return false }
        return try await eventually {
            try FileManager.default.subpathsOfDirectory(atPath: api.folder).allSatisfy { path in
                var isFolder: ObjCBool = false
                return !FileManager.default.fileExists(atPath: "\(api.folder)/\(path)", isDirectory: &isFolder) || isFolder.boolValue
            }
        }
    }

    @Test func `Fields count before and after the file, and in the query`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id.description
            let body = form([
                ("tags", nil, "one, two"), ("file", "dir/notes.txt", "The ferry leaves at nine."), ("assistant", nil, assistant),
                ("source_path", nil, "docs/notes.txt"), ("purpose", nil, "assistants"),
            ])
            let reply = try await post(api, body)
            #expect(reply.status == 202, "\(reply.text)")
            #expect(try reply.string("filename") == "notes.txt" && reply.string("source_path") == "docs/notes.txt")
            #expect(try reply.object()["tags"] as? [String] == ["one", "two"])
            #expect(try reply.string("assistant_id") == assistant)
            let again = try await api.send(
                .post, "/v1/files?assistant=\(assistant)&tags=one,two&source_path=docs/notes.txt",
                form([("file", "notes.txt", "The ferry leaves at nine.")]), headers: ["Content-Type": Self.form])
            #expect(try again.status == 200 && again.string("outcome") == "unchanged", "\(again.text)")
        }
    }

    @Test func `Several files come in together, each under its own path`() async throws {
        try await LiveAPI.with { api in
            let assistant = ("assistant", String?.none, api.db.alice.assistant.id.description)
            let names = ["docs/a.md", "docs/b.md", "駅/切符.txt", "copy of a.md"]
            let texts = ["The ferry leaves at nine.", "The tram leaves at ten.", "切符は駅で買えます。", "The ferry leaves at nine."]
            let parts = zip(names, texts).map { ("file", String?.some($0), $1) }
            let reply = try await post(api, form([assistant, ("tags", nil, "timetable"), ("batch", nil, "one")] + parts))
            #expect(reply.status == 202, "\(reply.text)")
            let files = try #require(try reply.object()["data"] as? [[String: Any]])
            #expect(files.map { $0["source_path"] as? String } == names && files.allSatisfy { $0["outcome"] as? String == "created" })
            #expect(files.map { $0["filename"] as? String } == ["a.md", "b.md", "切符.txt", "copy of a.md"])
            #expect(files.allSatisfy { $0["tags"] as? [String] == ["timetable"] })
            for file in files {
                let done = try await api.send(.get, "/v1/files/\(try #require(file["id"] as? String))?wait=30")
                #expect(try done.string("state") == "done", "\(done.text)")
            }
            let again = try await post(api, form([assistant, ("tags", nil, "timetable")] + parts))
            let outcomes = try #require(try again.object()["data"] as? [[String: Any]]).map { $0["outcome"] as? String }
            #expect(again.status == 200 && outcomes == Array(repeating: "unchanged", count: 4))
        }
    }

    @Test func `What a form may not be is refused, and nothing is stored`() async throws {
        try await LiveAPI.with { api in
            let assistant = ("assistant", String?.none, api.db.alice.assistant.id.description)
            let file = ("file", String?.some("a.txt"), String(repeating: "text ", count: 100_000))
            let cases: [(String, Int, String)] = [
                (form([assistant, file, file, ("source_path", nil, "a.txt")]), 400, "one source_path"),
                (form([assistant, file, ("file", "b.exe", "text")]), 415, "The types are"),
                (form([assistant] + (0...64).map { ("file", "\($0).txt", "text") }), 413, "more than 64 files"),
                (form([assistant] + Array(repeating: file, count: 18)), 413, "together"),
                (form([assistant, file, assistant]), 400, "\"assistant\" twice"),
                (form([assistant, ("attachment", "a.txt", "text")]), 400, "part \"attachment\""),
                (form([assistant, ("file", nil, "text")]), 400, "no part \"file\""),
                (form([file]), 400, "no assistant"),
                (form([assistant, ("file", "", "")]), 400, "1 to 255 bytes"),
                (form([assistant, file], end: ""), 400, "malformed"),
                (form([assistant, file, ("note", nil, String(repeating: "x", count: 70_000))]), 413, "65536"),
                (form([assistant, ("file", "a.exe", "text")]), 415, "The types are"),
                (form([("assistant", nil, "nobody"), file]), 404, "nobody"),
            ]
            for (body, status, text) in cases {
                let reply = try await post(api, body)
                #expect(reply.status == status && reply.text.contains(text.replacing("\"", with: "\\\"")), "\(text): \(reply.text)")
            }
            #expect(try await isEmpty(api))
        }
    }

    @Test func `A body of another type is refused with what is taken`() async throws {
        try await LiveAPI.with { api in
            let query = "/v1/files?assistant=\(api.db.alice.assistant.id)"
            for (path, type, status) in [
                (query, "application/json", 415), (query, "text/plain; charset=utf-8", 415), (query, "application/octet-stream", 400),
                (query + "&name=a.txt", "multipart/mixed; boundary=b", 415), (query + "&name=a.xyz", "text/plain", 415),
                (query + "&name=a.txt", "multipart/form-data", 400), (query + "&name=a.txt", "text/plain", 202),
            ] {
                let reply = try await api.send(.post, path, "text", headers: ["Content-Type": type])
                #expect(reply.status == status, "\(path) \(type): \(reply.text)")
                if status == 415 { #expect(reply.text.contains("multipart/form-data") || reply.text.contains("The types are")) }
            }
        }
    }

    @Test func `An empty file is taken in, and its import says that it has no text`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id.description
            for reply in [
                try await api.send(.post, "/v1/files?assistant=\(assistant)&name=raw.txt", ""),
                try await post(api, form([("assistant", nil, assistant), ("file", "form.txt", "")])),
            ] {
                #expect(try reply.status == 202 && reply.number("bytes") == 0, "\(reply.text)")
                let failed = try await api.send(.get, "/v1/files/\(try reply.string("id"))?wait=30")
                #expect(try failed.string("state") == "failed" && failed.string("code") == "no_text")
            }
        }
    }

    @Test func `A limit is told before the body is read, and the connection goes on`() async throws {
        try await LiveAPI.with { api in
            try await limit(api, to: 100_000)
            let port = try #require(api.client.port)
            let (key, assistant) = (api.alice, api.db.alice.assistant.id)
            let path = "/v1/files?assistant=\(assistant)&name=big.txt"
            let answers = try await RawConnection.with(port: port) { connection in
                var answers: [(Int, String)] = []
                // Nothing of the body is sent before the answer.
                for (type, path) in [("text/plain", path), (Self.form, "/v1/files?assistant=\(assistant)")] {
                    try connection.sendHead("POST", path, key: key, length: 3_000_000, type: type)
                    answers.append(try connection.answer())
                    try connection.send([UInt8](repeating: 0x61, count: 3_000_000))
                }
                // Without a length it is told by the byte that passes the limit.
                try connection.sendHead("POST", path, key: key, length: nil)
                for _ in 0..<4 { try connection.sendChunk([UInt8](repeating: 0x61, count: 30_000)) }
                answers.append(try connection.answer())
                try connection.send("0\r\n\r\n")
                // A type is told by the head of the part.
                try connection.sendHead("POST", path, key: key, length: 90_000, type: Self.form)
                try connection.send("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n")
                answers.append(try connection.answer())
                try connection.send([UInt8](repeating: 0x61, count: 90_000 - 75))
                return answers
            }
            #expect(answers.map(\.0) == [413, 413, 413, 415], "\(answers)")
            #expect(answers[..<3].allSatisfy { $0.1.contains("100000 bytes") && $0.1.contains("file_too_large") }, "\(answers)")
            let after = try await RawConnection.with(port: port) { connection in
                try connection.sendHead("POST", path, key: key, length: 100_001)
                let refused = try connection.answer()
                try connection.send([UInt8](repeating: 0x61, count: 100_001))
                try connection.sendHead("POST", path, key: key, length: 5)
                try connection.send("ferry")
                return (refused.status, try connection.answer().status)
            }
            #expect(after == (413, 202), "the same connection serves the next request")
            let exact = try await api.send(.post, path, String(repeating: "a", count: 100_000))
            #expect(exact.status == 202, "\(exact.text)")
        }
    }

    @Test func `A body that breaks off leaves nothing`() async throws {
        try await LiveAPI.with { api in
            let port = try #require(api.client.port)
            let (key, assistant) = (api.alice, api.db.alice.assistant.id)
            let text = [UInt8](repeating: 0x61, count: 400_000)
            let head = Array("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n".utf8)
            for (type, length, body) in [
                ("text/plain", 500_000, text), ("text/plain", nil, text), (Self.form, 500_000, head + text), (Self.form, nil, head + text),
            ] as [(String, Int?, [UInt8])] {
                try await RawConnection.with(port: port) { connection in
                    try connection.sendHead("POST", "/v1/files?assistant=\(assistant)&name=a.txt", key: key, length: length, type: type)
                    if length == nil { try connection.sendChunk(body) } else { try connection.send(body) }
                    connection.end()
                }
            }
            #expect(try await isEmpty(api))
        }
    }

    /// In a process of its own, whose memory no other test uses.
    @Test func `A file of any size passes through in the same memory`() async {
        let run = await #expect(processExitsWith: .success, observing: [\.standardOutputContent, \.standardErrorContent]) {
            try await LiveAPI.with { api in
                try await UploadTests.passLargeFiles(api)
            }
        }
        print(String(decoding: run?.standardOutputContent.filter { $0 != 0 } ?? [], as: UTF8.self))
    }

    private static func passLargeFiles(_ api: LiveAPI) async throws {
        try await api.db.administrate("UPDATE system_settings SET value = '200000000' WHERE key = 'max_file_size'")
        guard let port = api.client.port else { throw TestFailure("no port") }
        let (key, path) = (api.alice, "/v1/files?assistant=\(api.db.alice.assistant.id)&name=big")
        // No text, so that the import ends with its first look.
        let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let count = 1_900
        for isForm in [false, true] {
            let head = isForm ? Array("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\n".utf8) : []
            let tail = isForm ? Array("\r\n--b--\r\n".utf8) : []
            let (answer, growth) = try await RawConnection.with(port: port) { connection in
                let before = try residentKilobytes()
                var peak = before
                try connection.sendHead(
                    "POST", path + (isForm ? "2" : "1.txt"), key: key, length: head.count + count * block.count + tail.count,
                    type: isForm ? form : "application/octet-stream")
                try connection.send(head)
                for number in 0..<count {
                    try connection.send(block)
                    if number % 20 == 0 { peak = max(peak, try residentKilobytes()) }
                }
                peak = max(peak, try residentKilobytes())
                try connection.send(tail)
                return (try connection.answer(), peak - before)
            }
            print("upload of \(count * block.count / 1_048_576) MiB\(isForm ? " in a form" : ""): the server grew by \(growth >> 10) MiB")
            guard growth < 60 << 10 else { throw TestFailure("the server grew by \(growth) kB") }
            guard answer.status == 202 else { throw TestFailure("\(answer)") }
            let digest = ContentStore.digest(of: Array(repeatElement(block, count: count).joined()))
            guard answer.text.contains("\"sha256\":\"\(digest)\"") else { throw TestFailure("other bytes were stored: \(answer.text)") }
        }
    }

    /// Anonymous memory in use, in kB.
    private static func residentKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
            let number = Int(line.filter(\.isNumber))
        else { throw TestFailure("no RssAnon in \(status)") }
        return number
    }
}
