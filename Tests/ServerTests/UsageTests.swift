import Embeddings
import Foundation
import TestSupport
import Testing

/// Every call of the embedding model leaves a row with its user.
@Suite struct UsageTests {
    /// Embeds like the usual one, at a price, and is silent about some texts.
    private struct PricedEmbedder: EmbeddingProvider {
        private let inner = HashingEmbedder()
        var model: EmbeddingModel { EmbeddingModel(id: "priced", dimensions: inner.model.dimensions, costPerMillionTokens: 20) }

        func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
            if texts.contains(where: { $0.contains("unspeakable") }) { throw TestFailure("the model refuses") }
            if texts.contains(where: { $0.contains("busy") }) { throw EmbeddingError.unavailable(model, reason: "429", retryAfter: 17) }
            if texts.contains(where: { $0.contains("asleep") }) { throw EmbeddingError.unavailable(model, reason: "no route") }
            if texts.contains(where: { $0.contains("forbidden") }) { throw EmbeddingError.rejected(model, reason: "key of secret-org") }
            if texts.contains(where: { $0.contains("empty") }) { return [] }
            return try await inner.embed(texts, purpose: purpose)
        }
    }

    @Test func `Imports, searches, contexts and texts are accounted to their user and assistant`() async throws {
        try await LiveAPI.with(embedder: PricedEmbedder()) { api in
            let assistant = api.db.alice.assistant
            func rows(as key: String? = nil) async throws -> [[String: Any]] {
                #expect(try await eventually { api.usage.pending == 0 })
                let reply = try await api.send(.get, "/v1/usage?order=asc", as: key)
                return try #require(try reply.object()["data"] as? [[String: Any]])
            }
            let file = try await api.send(.post, "/v1/files?assistant=\(assistant.id)&name=a.md", "# Ferry\n\nThe ferry leaves at nine.\n")
            #expect(try await api.send(.get, "/v1/files/\(try file.string("id"))?wait=30").string("state") == "done")
            #expect(try await rows().count == 1)
            for (path, body) in [
                ("/v1/search", #"{"assistant":"\#(assistant.name)","query":"ferry"}"#),
                // Its vector is remembered.
                ("/v1/search", #"{"assistant":"\#(assistant.name)","query":"ferry"}"#),
                ("/v1/context", #"{"assistant":"\#(assistant.id)","query":"pier"}"#),
                ("/v1/knowledge", #"{"assistant":"\#(assistant.name)","content":"The pier is long."}"#),
            ] {
                #expect(try await api.send(.post, path, body).status < 300, "\(path)")
            }
            let made = try await rows()
            #expect(made.count == 4)
            for row in made {
                #expect(row["api_name"] as? String == "embeddings" && row["model"] as? String == "priced")
                #expect(row["assistant_id"] as? String == assistant.id.description)
                #expect(row["success"] as? Bool == true && row["response_time_ms"] as? Int != nil)
                let tokens = try #require(row["tokens_used"] as? Int)
                let cost = try #require(row["cost"] as? String)
                #expect(tokens > 0 && Decimal(string: cost) == Decimal(tokens) * 20 / 1_000_000, "\(row)")
            }

            let refused = try await api.send(.post, "/v1/search", #"{"assistant":"\#(assistant.id)","query":"unspeakable"}"#)
            #expect(refused.status >= 500)
            let failed = try #require(try await rows().last)
            #expect(failed["success"] as? Bool == false && failed["error_message"] as? String == "the model refuses")
            #expect(failed["tokens_used"] is NSNull && failed["assistant_id"] as? String == assistant.id.description)
            // Embedded before the assistant is looked for, and paid for all the same.
            #expect(try await api.send(.post, "/v1/search", #"{"assistant":"nobody","query":"gull"}"#).status == 404)
            #expect(try await rows().last?["assistant_id"] is NSNull)
            #expect(try await rows(as: api.bob).isEmpty)
            let sums = try await api.send(.get, "/v1/usage/summary?by=api").text
            #expect(sums.contains(#""calls":6"#) && sums.contains(#""failures":1"#), "\(sums)")
        }
    }

    @Test func `A passage that is embedded again is accounted to its assistant, a shared one to none, both to who changed them`()
        async throws
    {
        try await LiveAPI.with(embedder: PricedEmbedder()) { api in
            try await api.db.administrate("UPDATE users SET is_admin = true WHERE id = \(api.db.alice.id)")
            let assistant = api.db.alice.assistant
            let own = try await api.make("/v1/knowledge", #"{"assistant":"\#(assistant.name)","content":"One."}"#)
            let shared = try await api.make("/v1/knowledge", #"{"shared":true,"content":"Two."}"#)
            for (row, expected) in [(own, assistant.id.description), (shared, nil)] {
                #expect(try await api.send(.patch, "/v1/knowledge/\(row)", #"{"content":"Another."}"#).status == 200)
                #expect(try await eventually { api.usage.pending == 0 })
                let rows = try #require(try await api.send(.get, "/v1/usage?order=asc").object()["data"] as? [[String: Any]])
                #expect(rows.last?["assistant_id"] as? String == expected, "\(rows)")
                #expect(rows.count == (expected == nil ? 4 : 3), "\(rows)")
            }
            #expect(try await api.send(.patch, "/v1/knowledge/\(own)", #"{"content":"Bob's."}"#, as: api.bob).status == 404)
            #expect(try await api.send(.get, "/v1/usage", as: api.bob).ids().isEmpty, "nothing is embedded for what is not his")
        }
    }

    @Test func `A model that fails is told as another service's failure, with when to come back`() async throws {
        try await LiveAPI.with(embedder: PricedEmbedder()) { api in
            let assistant = api.db.alice.assistant.name
            let cases: [(word: String, status: Int, code: String, retry: String?)] = [
                ("busy", 503, "embedding_unavailable", "17"), ("asleep", 503, "embedding_unavailable", "1"),
                ("forbidden", 502, "embedding_rejected", nil), ("empty", 502, "embedding_invalid", nil),
            ]
            for (word, status, code, retry) in cases {
                let reply = try await api.send(.post, "/v1/knowledge", #"{"assistant":"\#(assistant)","content":"\#(word)"}"#)
                #expect(reply.status == status && reply.code == code, "\(word): \(reply.text)")
                #expect(reply.headers[.contentType] == "application/problem+json")
                #expect(reply.headers[.retryAfter] == retry, "\(word)")
                #expect(!reply.text.contains("secret-org"), "the model's words are for the log")
                // A question has its words, too.
                for path in ["/v1/search", "/v1/context"] {
                    let reply = try await api.send(.post, path, #"{"assistant":"\#(assistant)","query":"\#(word)"}"#)
                    #expect(reply.status == 200 && reply.text.contains(#""arms":["lexical"]"#), "\(path)")
                    #expect(reply.text.contains(#""degraded":"\#(code)""#), "\(path): \(reply.text)")
                    #expect(!reply.text.contains("secret-org"))
                }
            }
        }
    }
}
