import Embeddings
import Foundation
import Ingestion
import TestSupport
import Testing

/// Jobs over HTTP: one by one, as a list, as events, and taken back.
@Suite struct JobAPITests {
    private struct Job: Decodable {
        struct Chunks: Decodable {
            let total: Int?
            let embedded: Int
        }
        struct Failure: Decodable {
            let code: String
            let reason: String
            let remedy: String?
            let step: String
        }
        let id: String
        let file_id: String
        let filename: String
        let state: String
        let attempts: Int
        let batch: String?
        let chunks: Chunks
        let failure: Failure?
    }

    private func job(_ id: String, _ api: LiveAPI) async throws -> Job {
        let reply = try await api.send(.get, "/v1/jobs/\(id)?wait=30")
        #expect(reply.status == 200, "\(reply.text)")
        return try JSONDecoder().decode(Job.self, from: Data(reply.text.utf8))
    }

    private func upload(_ name: String, _ text: String, _ api: LiveAPI, more: String = "") async throws -> (file: String, job: String) {
        let reply = try await api.send(.post, "/v1/files?assistant=\(api.db.alice.assistant.id)&name=\(name)\(more)", text)
        return (try reply.string("id"), try reply.string("job_id"))
    }

    /// The events of the batch `told`, from streams of three seconds each that follow one another until one holds the text.
    private func follow(since: String, until text: String, _ api: LiveAPI) async throws -> [String] {
        var events: [String] = []
        var last = since
        for _ in 0..<40 where !events.contains(where: { $0.contains(text) }) {
            let reply = try await api.send(.get, "/v1/jobs/events?seconds=3&batch=told", headers: ["Last-Event-ID": last])
            #expect(reply.headers[.contentType] == "text/event-stream")
            events += reply.text.components(separatedBy: "\n\n").filter { $0.contains("event: job") }
            last = events.last?.split(separator: "\n").first { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) } ?? last
        }
        return events
    }

    @Test func `An upload's job says how it ended and what became of it`() async throws {
        try await LiveAPI.with { api in
            let (file, id) = try await upload("a.md", "# Ferries\n\nThe ferry leaves at nine.", api, more: "&batch=monday")
            let done = try await job(id, api)
            #expect(done.state == "done" && done.file_id == file && done.attempts == 1 && done.batch == "monday")
            #expect(done.chunks.total == 1 && done.chunks.embedded == 1 && done.failure == nil)
            let again = try await upload("a.md", "# Ferries\n\nThe ferry leaves at nine.", api)
            let unchanged = try await job(again.job, api)
            #expect(again.file == file && again.job != id && unchanged.state == "unchanged" && unchanged.chunks.total == 1)
            let refused = try await upload("b.md", "\u{1}\u{2} ", api)
            let failure = try #require(try await job(refused.job, api).failure)
            #expect(failure.code == "no_text" && failure.step == "extracting" && failure.remedy?.isEmpty == false)
            let same = try await upload("b.md", "\u{1}\u{2} ", api)
            #expect(same.job == refused.job, "what failed is told again")
        }
    }

    @Test func `Lists of jobs are narrowed by batch, state and assistant, and paged`() async throws {
        try await LiveAPI.with { api in
            var ids: [String] = []
            for number in 0..<5 { ids.append(try await upload("\(number).md", "Text \(number).", api, more: "&batch=five").job) }
            let other = try await upload("x.md", "\u{1}", api).job
            for id in ids + [other] { _ = try await job(id, api) }
            let batch = try await api.send(.get, "/v1/jobs?batch=five&limit=3")
            #expect(batch.text.contains(ids[4]) && !batch.text.contains(ids[0]) && !batch.text.contains(other))
            let rest = try await api.send(.get, "/v1/jobs?batch=five&limit=3&after=\(ids[2])")
            #expect(rest.text.contains(ids[0]) && rest.text.contains(ids[1]) && !rest.text.contains(ids[2]))
            let failed = try await api.send(.get, "/v1/jobs?state=failed")
            #expect(failed.text.contains(other) && !failed.text.contains(ids[0]))
            #expect(try await api.send(.get, "/v1/jobs?assistant=\(api.db.alice.assistant.id)").text.contains(ids[0]))
            #expect(try await api.send(.get, "/v1/jobs?state=sleeping").status == 400)
        }
    }

    @Test func `Events tell each job's end, also to who comes back`() async throws {
        try await LiveAPI.with { api in
            let following = Task { try await follow(since: "0", until: #""state":"done""#, api) }
            let id = try await upload("a.md", "The ferry leaves at nine.", api, more: "&batch=told").job
            let other = try await upload("b.md", "Another text.", api, more: "&batch=other").job
            _ = try await job(id, api)
            let events = try await following.value
            #expect(events.contains { $0.contains(id) && $0.contains(#""state":"done""#) })
            #expect(!events.contains { $0.contains(other) })
            let last = try #require(events.last?.split(separator: "\n").first { $0.hasPrefix("id: ") }?.dropFirst(4))
            let again = try await api.send(.get, "/v1/jobs/events?seconds=1&batch=told", headers: ["Last-Event-ID": String(last)])
            #expect(again.text.contains(id), "the last seconds before a break are told again")
            let later = try await api.send(.get, "/v1/jobs/events?seconds=1&batch=told", headers: ["Last-Event-ID": "99999999999999999"])
            #expect(!later.text.contains(id))
        }
    }

    @Test func `A full queue asks uploads to wait, whichever way they come`() async throws {
        try await LiveAPI.with(queue: 2) { api in
            let file = try await upload("a.txt", "The ferry leaves at nine.", api)
            _ = try await job(file.job, api)
            // Jobs that wait until tomorrow.
            try await api.db.administrate("ALTER TABLE jobs ALTER COLUMN not_before SET DEFAULT now() + interval '1 day'")
            for name in ["b", "c"] { try await api.db.put("\(name).txt", for: api.db.alice) }
            let begin = #"{"filename":"d.txt","bytes":9,"assistant":"\#(api.db.alice.assistant.id)"}"#
            var reply = try await api.send(.post, "/v1/uploads", begin)
            _ = try await eventually {
                reply = try await api.send(.post, "/v1/uploads", begin)
                return reply.status == 503
            }
            #expect(reply.code == "queue_full" && reply.headers[.retryAfter] != nil, "\(reply.text)")
            let refused = try await api.send(.post, "/v1/files?assistant=\(api.db.alice.assistant.id)&name=d.txt", "The tram leaves.")
            #expect(refused.status == 503 && refused.code == "queue_full", "\(refused.text)")
            try await api.db.administrate("ALTER TABLE jobs ALTER COLUMN not_before SET DEFAULT now()")
            try await api.db.administrate("UPDATE jobs SET not_before = now()")
            var last = refused
            let isTaken = try await eventually {
                last = try await api.send(.post, "/v1/files?assistant=\(api.db.alice.assistant.id)&name=d.txt", "The tram leaves.")
                return last.status == 202
            }
            #expect(isTaken, "\(last.text)")
        }
    }

    @Test func `A job that waits or works is taken back, one that is over is not`() async throws {
        try await LiveAPI.with(embedder: SlowEmbedder()) { api in
            let working = try await upload("a.md", "One.", api)
            let waiting = try await upload("b.md", "Two.", api)
            for one in [working, waiting] {
                let reply = try await api.send(.post, "/v1/jobs/\(one.job)/cancel")
                let after = try reply.string("state")
                #expect(reply.status == 200 && after == "cancelled", "\(reply.text)")
                let file = try await api.send(.get, "/v1/files/\(one.file)")
                let (state, code) = (try file.string("state"), try file.string("code"))
                #expect(state == "failed" && code == "cancelled")
                let again = try await api.send(.post, "/v1/jobs/\(one.job)/cancel")
                #expect(again.status == 409 && again.code == "job_over")
            }
            let third = try await upload("c.md", "Three.", api)
            let done = try await job(third.job, api)
            #expect(done.state == "done")
            let contents = try await api.db.administrate("SELECT content FROM knowledge_base").map { try $0.decode(String.self) }
            #expect(contents == ["Three."])
            let retried = try await upload("a.md", "One.", api, more: "&retry_failed=true")
            #expect(try await job(retried.job, api).state == "done")
        }
    }
}

/// Takes a second for each call.
private struct SlowEmbedder: EmbeddingProvider {
    private let inner = HashingEmbedder()
    var model: EmbeddingModel { inner.model }

    func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        try await Task.sleep(for: .seconds(1))
        return try await inner.embed(texts, purpose: purpose)
    }
}
