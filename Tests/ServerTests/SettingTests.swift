import Domain
import Embeddings
import Foundation
import Operations
import Storage
import TestSupport
import Testing

/// Settings are checked by form, kept for administrators, and obeyed by the next request.
@Suite struct SettingTests {
    @Test func `A setting takes what it may be and nothing else`() async throws {
        try await withTestDatabase { db in
            let settings = InstallationSettings(database: db.database, scope: db.system)
            let keys = try await settings.list().map(\.key)
            #expect(keys.contains("archive_after_days"))
            let (told, read) = (try await settings.set("max_file_size", to: .integer(20)), try await settings.get("max_file_size"))
            #expect(told.value == .integer(20) && read.value == .integer(20))
            let wrong: [(String, JSONValue)] = [
                ("max_file_size", .integer(0)), ("max_file_size", .string("9")), ("registration_open", .integer(1)),
                ("supported_file_types", .array([.string("exe")])), ("supported_file_types", .string("md")), ("app_version", .string("9")),
                ("default_llm_model", .string("")),
            ]
            for (key, value) in wrong {
                let refusal = await failure(Problem.self) { _ = try await settings.set(key, to: value) }
                #expect(refusal?.kind == .invalidRequest && refusal?.parameter == key, "\(key) \(value)")
            }
            let unknown = await failure(Problem.self) { _ = try await settings.set("colour", to: .string("red")) }
            #expect(unknown?.code == "setting_not_found")
        }
    }

    @Test func `A setting is changed only at the version that was read`() async throws {
        try await LiveAPI.with { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let path = "/v1/settings/max_file_size"
            let read = try #require(try await api.send(.get, path).version)
            let first = try await api.send(.put, path, #"{"value":2000}"#, headers: ["If-Match": read])
            #expect(first.status == 200 && first.version != read)
            let late = try await api.send(.put, path, #"{"value":3000}"#, headers: ["If-Match": read])
            #expect(late.status == 412 && late.code == "version_changed")
            #expect(try await api.send(.get, path).number("value") == 2000)
            let next = try #require(first.version)
            #expect(try await api.send(.get, path, headers: ["If-None-Match": next]).status == 304)
            #expect(try await api.send(.put, path, #"{"value":3000}"#, headers: ["If-Match": next]).status == 200)
            #expect(try await api.send(.put, "/v1/settings/colour", #"{"value":1}"#, headers: ["If-Match": next]).status == 404)
        }
    }

    @Test func `The limits tell how files are cut, and what embedding them costs`() async throws {
        struct PaidEmbedder: EmbeddingProvider {
            let model = EmbeddingModel(id: "paid", dimensions: 256, costPerMillionTokens: Decimal(string: "0.13") ?? 0)
            func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] { [] }
        }
        let free = HashingEmbedder().model.id
        for (embedder, model, cost) in [(HashingEmbedder() as any EmbeddingProvider, free, 0), (PaidEmbedder(), "paid", 0.13)] {
            try await LiveAPI.with(embedder: embedder) { api in
                let limits = try await api.send(.get, "/v1/limits").object()
                let embedding = try #require(limits["embedding"] as? [String: Any])
                #expect(embedding["model"] as? String == model && embedding["cost_per_million_tokens"] as? Double == cost)
                let reading = try #require(limits["reading"] as? [String: Any])
                #expect(reading["target_tokens"] as? Int == 350 && reading["vocabulary"] is NSNull)
                #expect(reading["ocr_languages"] as? [String] == [])
            }
        }
    }

    @Test func `A change is obeyed by the next upload and the next assistant`() async throws {
        try await LiveAPI.with { api in
            let settings = InstallationSettings(database: api.db.database, scope: api.db.system)
            let upload = "/v1/files?assistant=\(api.db.alice.assistant.id)&name"
            #expect(try await api.send(.post, "\(upload)=a.md", "12345678901").status == 202)
            _ = try await settings.set("max_file_size", to: .integer(10))
            #expect(try await api.send(.post, "\(upload)=b.md", "12345678901").status == 413)
            _ = try await settings.set("supported_file_types", to: .array([.string("txt")]))
            let refused = try await api.send(.post, "\(upload)=c.md", "1234")
            #expect(refused.status == 415 && refused.code == "file_type_unsupported")
            #expect(try await api.send(.post, "\(upload)=c.txt", "1234").status == 202)
            _ = try await settings.set("default_llm_model", to: .string("other-model"))
            let made = try await api.send(.post, "/v1/assistants", #"{"name":"new"}"#)
            #expect(try made.string("default_llm_model") == "other-model")
            #expect(try await api.send(.put, "/v1/settings/max_file_size", #"{"value":1}"#).status == 403)
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.bob.id)")
            #expect(try await api.send(.put, "/v1/settings/max_file_size", #"{"value":20}"#, as: api.bob).status == 200)
            #expect(try await api.send(.get, "/v1/settings/default_llm_model").string("value") == "other-model")
            #expect(try await api.send(.get, "/v1/settings/colour").status == 404)
        }
    }
}
