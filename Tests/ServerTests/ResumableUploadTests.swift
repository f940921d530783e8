import Foundation
import HummingbirdTesting
import Operations
import Storage
import TestSupport
import Testing

/// Files in several requests, on a real socket.
@Suite struct ResumableUploadTests {
    private static let text = String(repeating: "The ferry leaves at nine, and the last one at midnight.\n", count: 40)

    private func begin(_ api: LiveAPI, _ members: String = "", bytes: Int? = nil, name: String = "big.txt", as key: String? = nil)
        async throws -> Reply
    {
        let count = bytes ?? Self.text.utf8.count
        let target = members.contains("shared") || members.contains("assistant") ? "" : #","assistant":"\#(api.db.alice.assistant.id)""#
        return try await api.send(.post, "/v1/uploads", #"{"filename":"\#(name)","bytes":\#(count)\#(target)\#(members)}"#, as: key)
    }

    private func piece(_ api: LiveAPI, _ id: String, _ offset: Int, _ length: Int? = nil) async throws -> Reply {
        let rest = Self.text.dropFirst(offset)
        let body = length.map { String(rest.prefix($0)) } ?? String(rest)
        return try await api.send(.patch, "/v1/uploads/\(id)?offset=\(offset)", body, headers: ["Content-Type": "application/octet-stream"])
    }

    private func files(_ api: LiveAPI) async throws -> Int { try await api.db.administrate("SELECT FROM files").count }

    @Test func `A file comes in pieces and is imported once it is whole`() async throws {
        try await LiveAPI.with { api in
            let digest = ContentStore.digest(of: Array(Self.text.utf8))
            let made = try await begin(api, #","sha256":"\#(digest)","source_path":"docs/big.txt","tags":["a","b"],"batch":"monday""#)
            #expect(made.status == 201, "\(made.text)")
            let id = try made.string("id")
            #expect(try made.string("object") == "upload" && made.string("filename") == "big.txt" && made.number("offset") == 0)
            #expect(try made.number("bytes") == Self.text.utf8.count)
            let day = try made.number("expires_at") - Int(Date.now.timeIntervalSince1970)
            #expect((86_000...86_500).contains(day))
            let early = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(early.status == 409 && early.code == "upload_incomplete" && early.text.contains("0 of its \(Self.text.utf8.count)"))
            #expect(try await piece(api, id, 0, 700).number("offset") == 700)
            for offset in [0, 699, 701] {
                let wrong = try await piece(api, id, offset, 10)
                #expect(wrong.status == 409 && wrong.code == "offset_mismatch" && wrong.text.contains("?offset=700"), "\(wrong.text)")
            }
            #expect(try await api.send(.get, "/v1/uploads/\(id)").number("offset") == 700)
            #expect(try await piece(api, id, 700).number("offset") == Self.text.utf8.count)
            #expect(try await files(api) == 0)
            let answer = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(answer.status == 202, "\(answer.text)")
            #expect(try answer.string("sha256") == digest.description && answer.string("source_path") == "docs/big.txt")
            #expect(try answer.object()["tags"] as? [String] == ["a", "b"])
            let again = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(again.status == 202 && again.text == answer.text && again.version == answer.version)
            #expect(try await piece(api, id, 0, 1).code == "upload_complete")
            let done = try await api.send(.get, "/v1/files/\(try answer.string("id"))?wait=30")
            #expect(try done.string("state") == "done", "\(done.text)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(api.folder)/uploads").isEmpty)
            #expect(try await api.send(.delete, "/v1/uploads/\(id)").status == 200)
            #expect(try await api.send(.get, "/v1/uploads/\(id)").code == "upload_not_found")
            #expect(try await files(api) == 1, "the file outlives its upload")
        }
    }

    @Test func `The same bytes again are unchanged, and a key replays the answer`() async throws {
        try await LiveAPI.with { api in
            for expected in [202, 200] {
                let id = try await begin(api).string("id")
                _ = try await piece(api, id, 0)
                let headers = ["Idempotency-Key": "key \(expected)"]
                let first = try await api.send(.post, "/v1/uploads/\(id)/complete", headers: headers)
                #expect(first.status == expected, "\(first.text)")
                let second = try await api.send(.post, "/v1/uploads/\(id)/complete", headers: headers)
                #expect(second.status == expected && second.text == first.text)
            }
        }
    }

    @Test func `Other bytes than announced make no file`() async throws {
        try await LiveAPI.with { api in
            let other = ContentStore.digest(of: Array("other".utf8))
            let id = try await begin(api, #","sha256":"\#(other)""#).string("id")
            _ = try await piece(api, id, 0)
            let reply = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(reply.status == 422 && reply.code == "digest_mismatch", "\(reply.text)")
            #expect(reply.text.contains(other.description) && reply.text.contains("\(ContentStore.digest(of: Array(Self.text.utf8)))"))
            #expect(try await files(api) == 0)
            let short = try await begin(api, bytes: 100).string("id")
            let over = try await piece(api, short, 0, 101)
            #expect(over.status == 413 && over.code == "upload_overrun" && over.text.contains("100 bytes"), "\(over.text)")
            #expect(try await api.send(.get, "/v1/uploads/\(short)").number("offset") == 0)
        }
    }

    @Test func `What no file may be is refused at the beginning`() async throws {
        try await LiveAPI.with { api in
            for (members, bytes, name, status, code) in [
                ("", 11_000_000, "a.txt", 413, "file_too_large"), ("", 1, "a.png", 415, "file_type_unsupported"),
                ("", -1, "a.txt", 400, "invalid_bytes"), ("", 1, "", 400, "invalid_file"),
                (#","sha256":"abc""#, 1, "a.txt", 400, "invalid_sha256"), (#","batch":"""#, 1, "a.txt", 400, "invalid_batch"),
                (#","assistant":"nobody""#, 1, "a.txt", 404, "assistant_not_found"), (#","shared":true"#, 1, "a.txt", 403, nil),
                (#","shared":true,"assistant":"x""#, 1, "a.txt", 400, "invalid_shared"),
            ] as [(String, Int, String, Int, String?)] {
                let reply = try await begin(api, members, bytes: bytes, name: name)
                #expect(reply.status == status && (code == nil || reply.code == code), "\(members) \(bytes) \(name): \(reply.text)")
            }
            let id = try await begin(api).string("id")
            let form = try await api.send(
                .patch, "/v1/uploads/\(id)?offset=0", "--b", headers: ["Content-Type": "multipart/form-data; boundary=b"])
            #expect(form.status == 415 && form.code == "content_type_unsupported")
            #expect(try await api.send(.patch, "/v1/uploads/\(id)", "text").code == "invalid_offset")
            #expect(try await api.send(.get, "/v1/uploads/nonsense").code == "upload_not_found")
        }
    }

    @Test func `An empty file takes no piece`() async throws {
        try await LiveAPI.with { api in
            let id = try await begin(api, bytes: 0).string("id")
            let reply = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(try reply.status == 202 && reply.number("bytes") == 0, "\(reply.text)")
        }
    }

    @Test func `An administrator's upload for all is the system user's file`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let id = try await begin(api, #","shared":true"#).string("id")
            _ = try await piece(api, id, 0)
            for _ in 0..<2 {
                let reply = try await api.send(.post, "/v1/uploads/\(id)/complete")
                #expect(reply.status == 202, "\(reply.text)")
            }
            #expect(try await api.send(.get, "/v1/files?visibility=shared").ids().count == 1)
            #expect(try await api.send(.get, "/v1/files").ids().isEmpty)
        }
    }

    @Test func `A broken piece costs itself alone, and a hanging one is taken over`() async throws {
        try await LiveAPI.with { api in
            let port = try #require(api.client.port)
            let key = api.alice
            let id = try await begin(api).string("id")
            _ = try await piece(api, id, 0, 100)
            let path = "/v1/uploads/\(id)?offset=100"
            try await RawConnection.with(port: port) { connection in
                try connection.sendHead("PATCH", path, key: key, length: 1_000)
                try connection.send([UInt8](repeating: 0x58, count: 900))
                connection.end()
            }
            #expect(try await api.send(.get, "/v1/uploads/\(id)").number("offset") == 100)
            let late = try await RawConnection.with(port: port) { connection in
                try connection.sendHead("PATCH", path, key: key, length: 500)
                try connection.send([UInt8](repeating: 0x58, count: 400))
                // Its client is believed dead; the bytes are sent anew elsewhere, and then the rest of it comes.
                let taken = DispatchSemaphore(value: 0)
                Task {
                    let isTaken = try await eventually {
                        try await api.db.administrate("SELECT FROM uploads WHERE turn > 2").isEmpty == false
                    }
                    #expect(isTaken)
                    #expect(try await piece(api, id, 100, 700).number("offset") == 800)
                    taken.signal()
                }
                taken.wait()
                try connection.send([UInt8](repeating: 0x58, count: 100))
                return try connection.answer()
            }
            #expect(late.status == 409 && late.text.contains("upload_superseded"), "\(late)")
            #expect(try await piece(api, id, 800).number("offset") == Self.text.utf8.count)
            let answer = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(try answer.string("sha256") == "\(ContentStore.digest(of: Array(Self.text.utf8)))")
        }
    }

    @Test func `A piece over the limit is refused before it is read`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE system_settings SET value = '200000000' WHERE key = 'max_file_size'")
            let (key, id) = (api.alice, try await begin(api, bytes: 150_000_000).string("id"))
            let port = try #require(api.client.port)
            let answer = try await RawConnection.with(port: port) { connection in
                try connection.sendHead("PATCH", "/v1/uploads/\(id)?offset=0", key: key, length: (64 << 20) + 1)
                return try connection.answer()
            }
            #expect(answer.status == 413 && answer.text.contains("67108864 bytes"), "\(answer)")
        }
    }

    @Test func `Bytes that a restore did not bring back are asked for again`() async throws {
        try await LiveAPI.with { api in
            let id = try await begin(api).string("id")
            _ = try await piece(api, id, 0)
            try Data("The".utf8).write(to: URL(filePath: "\(api.folder)/uploads/\(id)"))
            let reply = try await api.send(.post, "/v1/uploads/\(id)/complete")
            #expect(reply.code == "upload_incomplete" && reply.text.contains("3 of its"), "\(reply.text)")
            #expect(try await piece(api, id, 3).number("offset") == Self.text.utf8.count)
            #expect(try await api.send(.post, "/v1/uploads/\(id)/complete").status == 202)
        }
    }

    @Test func `Open uploads are counted, and end by themselves with their bytes`() async throws {
        try await LiveAPI.with { api in
            var ids: [String] = []
            for _ in 0..<100 { ids.append(try await begin(api).string("id")) }
            let refused = try await begin(api)
            #expect(refused.status == 429 && refused.code == "too_many_uploads", "\(refused.text)")
            #expect(try await api.send(.delete, "/v1/uploads/\(ids[0])").status == 200)
            #expect(try await begin(api).status == 201)
            _ = try await piece(api, ids[1], 0, 10)
            _ = try await piece(api, ids[2], 0, 10)
            try await api.db.administrate(
                "UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id <> \(UUID(uuidString: ids[2]) ?? UUID())")
            #expect(try await begin(api).status == 201, "what has expired counts no more")
            for reply in [
                try await api.send(.get, "/v1/uploads/\(ids[1])"), try await piece(api, ids[1], 10),
                try await api.send(.post, "/v1/uploads/\(ids[1])/complete"),
            ] {
                #expect(reply.code == "upload_not_found", "\(reply.text)")
            }
            let contents = ContentStore(directory: api.folder)
            let upkeep = Upkeep(database: api.db.database, scope: api.db.system)
            #expect(try await upkeep.expireUploads(contents) == 99)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(api.folder)/uploads") == [ids[2].lowercased()])
            #expect(try await api.send(.get, "/v1/uploads/\(ids[2])").number("offset") == 10)
        }
    }
}
