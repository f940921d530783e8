import Domain
import Foundation
import HTTPTypes
import Storage
import TestSupport
import Testing

/// Walks every route the router has as Bob with Alice's identifiers. A route without an entry fails the test, so that none is forgotten.
@Suite struct RouteIsolationTests {
    /// What Bob may learn from a route.
    private enum Expectation {
        /// Nothing is there for him.
        case notFound
        /// A list, in which nothing of Alice's stands.
        case emptyList
        /// An answer about himself alone: it may be anything but may not hold an identifier of hers.
        case ownAnswer
        /// The route is for administrators.
        case forbidden
    }

    /// One attempt on a route: `:name` in the path stands for Alice's row of that name, `{name}` in the body as well.
    private struct Attempt {
        let path: String
        var body: String?
        let expectation: Expectation

        init(_ path: String, _ body: String? = nil, _ expectation: Expectation = .notFound) {
            self.path = path
            self.body = body
            self.expectation = expectation
        }
    }

    /// The routes that need no key: health, and those that make a principal (AccountTests); and one that takes no identifier and would
    /// end Bob before the walk does.
    private static let open: Set<String> = [
        "GET /health", "GET /readyz", "POST /v1/auth/register", "POST /v1/auth/login", "POST /v1/auth/refresh", "POST /v1/auth/verify",
        "POST /v1/auth/reset", "POST /v1/setup", "POST /v1/me/deactivate",
    ]

    private static let attempts: [String: [Attempt]] = [
        "GET /v1/assistants": [.init("/v1/assistants", nil, .emptyList), .init("/v1/assistants?after=:assistant")],
        "POST /v1/assistants": [
            .init("/v1/assistants", #"{"name":"x","voice_id":"{voice}"}"#),
            .init("/v1/assistants", #"{"name":"x","avatar_id":"{avatar}"}"#),
            .init("/v1/assistants", #"{"name":"x","persona_id":"{template}"}"#),
            .init("/v1/assistants", #"{"name":"x","persona":"{template}"}"#),
        ],
        "GET /v1/assistants/{assistant}": [.init("/v1/assistants/:assistant"), .init("/v1/assistants/kei")],
        "PATCH /v1/assistants/{assistant}": [
            .init("/v1/assistants/:assistant", #"{"name":"x"}"#), .init("/v1/assistants/kei", "{}"),
            .init("/v1/assistants/:own", #"{"voice_id":"{voice}"}"#), .init("/v1/assistants/:own", #"{"avatar_id":"{avatar}"}"#),
            .init("/v1/assistants/:own", #"{"persona_id":"{template}"}"#),
        ],
        "DELETE /v1/assistants/{assistant}": [
            .init("/v1/assistants/:assistant"), .init("/v1/assistants/:assistant?conversations=archive"),
            .init("/v1/assistants/kei?conversations=keep"),
        ],
        "PUT /v1/assistants/{assistant}/skills/{skill}": [
            .init("/v1/assistants/:assistant/skills/:skill", "{}"), .init("/v1/assistants/:own/skills/:skill", "{}"),
        ],
        "DELETE /v1/assistants/{assistant}/skills/{skill}": [
            .init("/v1/assistants/:assistant/skills/:skill"), .init("/v1/assistants/:own/skills/:skill"),
        ],
        "GET /v1/personas": [.init("/v1/personas", nil, .ownAnswer)],
        "GET /v1/personas/{persona}": [.init("/v1/personas/:template")],
        "PATCH /v1/personas/{persona}": [
            .init("/v1/personas/:template", #"{"name":"x"}"#), .init("/v1/personas/business-assistant", #"{"name":"x"}"#),
        ],
        "PATCH /v1/templates/{id}": [
            .init("/v1/templates/:template", #"{"name":"x"}"#), .init("/v1/templates/:template", "{}"),
            .init("/v1/templates/:builtIn", #"{"name":"x"}"#),
        ],
        "GET /v1/templates/{id}/versions": [.init("/v1/templates/:template/versions")],
        "POST /v1/templates/{id}/versions": [
            .init("/v1/templates/:template/versions", #"{"system_prompt":"x"}"#),
            .init("/v1/templates/:builtIn/versions", #"{"system_prompt":"x"}"#),
        ],
        "POST /v1/templates/{id}/versions/{version}/publish": [
            .init("/v1/templates/:template/versions/2/publish"), .init("/v1/templates/:builtIn/versions/1/publish"),
        ],
        "DELETE /v1/templates/{id}/versions/{version}": [
            .init("/v1/templates/:template/versions/2"), .init("/v1/templates/:builtIn/versions/1"),
        ],
        "GET /v1/conversations": [
            .init("/v1/conversations", nil, .emptyList), .init("/v1/conversations?assistant_id=:assistant", nil, .emptyList),
            .init("/v1/conversations?after=:conversation"),
        ],
        "POST /v1/conversations": [
            .init("/v1/conversations", #"{"assistant_id":"{assistant}"}"#),
            .init("/v1/conversations", #"{"persona_id":"business-assistant","voice_id":"{voice}"}"#),
        ],
        "GET /v1/conversations/{id}": [.init("/v1/conversations/:conversation")],
        "PATCH /v1/conversations/{id}": [.init("/v1/conversations/:conversation", #"{"title":"x"}"#)],
        "DELETE /v1/conversations/{id}": [.init("/v1/conversations/:conversation")],
        "POST /v1/conversations/{id}/archive": [.init("/v1/conversations/:conversation/archive")],
        "POST /v1/conversations/{id}/restore": [
            .init("/v1/conversations/:archived/restore"), .init("/v1/conversations/:conversation/restore"),
        ],
        "POST /v1/conversations/{id}/messages": [
            .init("/v1/conversations/:conversation/messages", #"{"role":"user","content":"x"}"#),
            .init("/v1/conversations/:ownConversation/messages", #"{"role":"user","content":"x","parent_id":"{message}"}"#),
            .init("/v1/conversations/:ownConversation/messages", #"{"role":"user","content":"x","attachments":["{file}"]}"#),
        ],
        "GET /v1/conversations/{id}/messages": [
            .init("/v1/conversations/:conversation/messages"), .init("/v1/conversations/:ownConversation/messages?branch=:message"),
            .init("/v1/conversations/:conversation/messages?archived=true"),
        ],
        "GET /v1/conversations/{id}/messages/{message}": [
            .init("/v1/conversations/:conversation/messages/:message"), .init("/v1/conversations/:ownConversation/messages/:message"),
        ],
        "PATCH /v1/conversations/{id}/messages/{message}": [
            .init("/v1/conversations/:conversation/messages/:message", #"{"metadata":{}}"#),
            .init("/v1/conversations/:ownConversation/messages/:message", #"{"metadata":{}}"#),
        ],
        "DELETE /v1/conversations/{id}/messages/{message}": [
            .init("/v1/conversations/:conversation/messages/:message"), .init("/v1/conversations/:ownConversation/messages/:message"),
        ],
        "GET /v1/archive/conversations": [
            .init("/v1/archive/conversations", nil, .emptyList),
            .init("/v1/archive/conversations?assistant_id=:assistant", nil, .emptyList),
            .init("/v1/archive/conversations?after=:archived"),
        ],
        "GET /v1/archive/conversations/{id}": [.init("/v1/archive/conversations/:archived")],
        "GET /v1/archive/conversations/{id}/messages": [
            .init("/v1/archive/conversations/:archived/messages"), .init("/v1/archive/conversations/:conversation/messages"),
        ],
        "DELETE /v1/archive/conversations/{id}": [.init("/v1/archive/conversations/:archived")],
        "GET /v1/knowledge": [
            .init("/v1/knowledge?assistant=:assistant"), .init("/v1/knowledge?assistant=:own", nil, .emptyList),
            .init("/v1/knowledge?assistant=:own&after=:knowledge"), .init("/v1/knowledge?visibility=shared", nil, .emptyList),
            .init("/v1/knowledge?visibility=shared&assistant=:assistant"),
        ],
        "POST /v1/knowledge": [
            .init("/v1/knowledge", #"{"assistant":"{assistant}","content":"x"}"#),
            .init("/v1/knowledge", #"{"assistant":"{assistant}","url":"http://example.com/x.md"}"#),
            .init("/v1/knowledge", #"{"shared":true,"content":"x"}"#, .forbidden),
            .init("/v1/knowledge", #"{"shared":true,"url":"http://example.com/x.md"}"#, .forbidden),
        ],
        "PATCH /v1/knowledge/{id}": [
            .init("/v1/knowledge/:knowledge", #"{"content":"x"}"#), .init("/v1/knowledge/:knowledge", #"{"tags":[]}"#),
        ],
        "GET /v1/preferences": [.init("/v1/preferences", nil, .ownAnswer)],
        "PATCH /v1/preferences": [.init("/v1/preferences", #"{"default_assistant_id":"{assistant}"}"#)],
        "GET /v1/usage": [.init("/v1/usage", nil, .emptyList), .init("/v1/usage?assistant_id=:assistant", nil, .emptyList)],
        "GET /v1/usage/summary": [
            .init("/v1/usage/summary?by=assistant", nil, .ownAnswer), .init("/v1/usage/summary?assistant=:assistant"),
        ],
        "GET /v1/files": [
            .init("/v1/files", nil, .emptyList), .init("/v1/files?assistant=:assistant"), .init("/v1/files?conversation=:conversation"),
            .init("/v1/files?visibility=shared", nil, .emptyList),
        ],
        "POST /v1/files": [
            .init("/v1/files?assistant=:assistant&name=x.txt", "text"), .init("/v1/files?conversation=:conversation&name=x.txt", "text"),
            .init("/v1/files?shared=true&name=x.txt", "text", .forbidden),
        ],
        "GET /v1/files/{file}": [.init("/v1/files/:file"), .init("/v1/files/:file?wait=1")],
        "PATCH /v1/files/{file}": [
            .init("/v1/files/:file", #"{"filename":"x"}"#), .init("/v1/files/:file", #"{"tags":["x"]}"#), .init("/v1/files/:file", "{}"),
        ],
        "DELETE /v1/files/{file}": [.init("/v1/files/:file")],
        "GET /v1/jobs": [
            .init("/v1/jobs", nil, .emptyList), .init("/v1/jobs?batch=hers", nil, .emptyList), .init("/v1/jobs?assistant=:assistant"),
            .init("/v1/jobs?visibility=shared", nil, .emptyList), .init("/v1/jobs?after=:job"),
        ],
        "GET /v1/jobs/events": [
            .init("/v1/jobs/events?seconds=1", nil, .ownAnswer), .init("/v1/jobs/events?seconds=1&batch=hers", nil, .ownAnswer),
        ],
        "GET /v1/jobs/{job}": [.init("/v1/jobs/:job"), .init("/v1/jobs/:job?wait=1")],
        "POST /v1/jobs/{job}/cancel": [.init("/v1/jobs/:job/cancel")],
        "POST /v1/uploads": [
            .init("/v1/uploads", #"{"filename":"x.txt","bytes":1,"assistant":"{assistant}"}"#),
            .init("/v1/uploads", #"{"filename":"x.txt","bytes":1,"conversation":"{conversation}"}"#),
            .init("/v1/uploads", #"{"filename":"x.txt","bytes":1,"shared":true}"#, .forbidden),
        ],
        "GET /v1/uploads/{upload}": [.init("/v1/uploads/:upload")],
        "PATCH /v1/uploads/{upload}": [.init("/v1/uploads/:upload?offset=0", "x")],
        "POST /v1/uploads/{upload}/complete": [.init("/v1/uploads/:upload/complete")],
        "DELETE /v1/uploads/{upload}": [.init("/v1/uploads/:upload")],
        "GET /v1/settings": [.init("/v1/settings", nil, .ownAnswer)],
        "GET /v1/settings/{key}": [.init("/v1/settings/max_file_size", nil, .ownAnswer)],
        "PUT /v1/settings/{key}": [.init("/v1/settings/max_file_size", #"{"value":1}"#, .forbidden)],
        "GET /v1/limits": [.init("/v1/limits", nil, .ownAnswer)],
        "POST /v1/search": [
            .init("/v1/search", #"{"assistant":"{assistant}","query":"ferry"}"#),
            .init("/v1/search", #"{"assistant":"kei","query":"ferry"}"#),
            .init("/v1/search", #"{"assistant":"{own}","query":"ferry"}"#, .ownAnswer),
            .init("/v1/search", #"{"assistant":"{own}","query":"ferry","conversation":"{conversation}"}"#),
        ],
        "POST /v1/context": [
            .init("/v1/context", #"{"assistant":"{assistant}","query":"ferry"}"#),
            .init("/v1/context", #"{"assistant":"{own}","query":"ferry"}"#, .ownAnswer),
        ],
        "POST /v1/keys": [
            .init("/v1/keys", #"{"name":"x"}"#, .ownAnswer), .init("/v1/keys", #"{"name":"x","assistants":["{assistant}"]}"#),
        ],
        "GET /v1/keys": [.init("/v1/keys", nil, .ownAnswer)],
        "GET /v1/keys/{key}": [.init("/v1/keys/:key")],
        "PATCH /v1/keys/{key}": [.init("/v1/keys/:key", #"{"name":"x"}"#)],
        "POST /v1/keys/{key}/revoke": [.init("/v1/keys/:key/revoke")],
        "DELETE /v1/keys/{key}": [.init("/v1/keys/:key")],
        "POST /v1/auth/logout": [.init("/v1/auth/logout", nil, .ownAnswer)],
        "GET /v1/me": [.init("/v1/me", nil, .ownAnswer)],
        "PATCH /v1/me": [.init("/v1/me", #"{"email":"alice@example.com"}"#, .ownAnswer)],
        "DELETE /v1/me": [.init("/v1/me", #"{"password":"wrong wrong"}"#, .ownAnswer)],
        "POST /v1/me/password": [.init("/v1/me/password", #"{"old_password":"wrong wrong","new_password":"another one"}"#, .ownAnswer)],
        "GET /v1/users": [.init("/v1/users", nil, .forbidden)],
        "POST /v1/users": [.init("/v1/users", #"{"username":"x","email":"x@example.com"}"#, .forbidden)],
        "GET /v1/users/{user}": [.init("/v1/users/:user"), .init("/v1/users/alice"), .init("/v1/users/alice@example.com")],
        "PATCH /v1/users/{user}": [.init("/v1/users/:user", #"{"username":"x"}"#), .init("/v1/users/alice", "{")],
        "DELETE /v1/users/{user}": [.init("/v1/users/:user"), .init("/v1/users/alice")],
        "POST /v1/users/{user}/reset": [.init("/v1/users/:user/reset"), .init("/v1/users/alice/reset")],
        "POST /v1/users/{user}/password": [
            .init("/v1/users/:user/password", #"{"password":"another password"}"#), .init("/v1/users/alice/password", "{"),
        ],
        "GET /v1/admin/stats": [.init("/v1/admin/stats", nil, .forbidden)],
        "GET /v1/index": [.init("/v1/index", nil, .forbidden)],
        "POST /v1/index/verify": [
            .init("/v1/index/verify", "{}", .forbidden),
            .init("/v1/index/verify", #"{"assistant":"{assistant}","repair":true}"#, .forbidden),
        ],
        "GET /v1/admin/partitions": [.init("/v1/admin/partitions", nil, .forbidden)],
        "POST /v1/admin/partitions": [.init("/v1/admin/partitions", #"{"months":1}"#, .forbidden)],
        "POST /v1/admin/archive": [.init("/v1/admin/archive", #"{"inactive":"1day"}"#, .forbidden)],
        "POST /v1/admin/archive/restore": [.init("/v1/admin/archive/restore", #"{"ids":["{archived}"]}"#, .forbidden)],
    ].merging(plainResources) { one, _ in one }

    /// The resources that have nothing but the five routes.
    private static let plainResources: [String: [Attempt]] = {
        var attempts: [String: [Attempt]] = [:]
        for resource in [Resource.voice, .avatar, .skill, .template, .knowledge] {
            let (list, row) = ("/v1/\(resource.collection)", "/v1/\(resource.collection)/:\(resource.name)")
            attempts["GET \(list)"] = [.init(list, nil, .emptyList), .init("\(list)?after=:\(resource.name)")]
            attempts["POST \(list)"] = [.init(list, #"{"id":"{\#(resource.name)}","name":"x"}"#, .ownAnswer)]
            attempts["GET \(list)/{id}"] = [.init(row)]
            attempts["PATCH \(list)/{id}"] = [.init(row, #"{"name":"x"}"#), .init(row, "{}")]
            attempts["DELETE \(list)/{id}"] = [.init(row)]
        }
        return attempts
    }()

    @Test func `Nothing of Alice's is seen or changed by Bob on any route`() async throws {
        try await LiveAPI.with { api in
            let rows = try await fill(api)
            let routes = Set(api.router).subtracting(Self.open)
            #expect(routes == Set(Self.attempts.keys), "give each route its attempts")
            let secrets = rows.filter { !$0.key.hasPrefix("own") && $0.key != "builtIn" }.map(\.value)
            let before = try await api.rowsOfAlice()
            var count = 0
            for (route, attempts) in Self.attempts.sorted(by: { $0.key < $1.key }) {
                for attempt in attempts {
                    try await make(attempt, on: route, rows, secrets, api)
                    count += 1
                }
            }
            #expect(try await api.rowsOfAlice() == before, "nothing of Alice's changed")
            print("isolation walk: \(routes.count) routes and methods, \(count) attempts")
        }
    }

    private func make(_ attempt: Attempt, on route: String, _ rows: [String: String], _ secrets: [String], _ api: LiveAPI) async throws {
        let method = try #require(HTTPRequest.Method(String(route.prefix { $0 != " " })))
        var (path, body) = (attempt.path, attempt.body)
        for (name, id) in rows {
            path = path.replacing(try Regex("\(":")\(name)\\b"), with: id)
            body = body?.replacing("{\(name)}", with: id)
        }
        try #require(!path.contains(":"), "a placeholder without a row: \(path)")
        let reply = try await api.send(method, path, body, as: api.bob)
        switch attempt.expectation {
        case .notFound:
            // A page that begins behind a row of hers is refused like one that begins behind nothing.
            let refused = reply.status == 404 || (path.contains("after=") && reply.code == "invalid_after")
            #expect(refused, "\(method) \(path) \(body ?? ""): \(reply.status) \(reply.text)")
        case .emptyList:
            #expect(reply.status == 200 && secrets.allSatisfy { !reply.text.contains($0) }, "\(method) \(path): \(reply.text)")
        case .ownAnswer: break
        case .forbidden: #expect(reply.status == 403, "\(method) \(path): \(reply.status) \(reply.text)")
        }
        // What Bob sent himself may come back in a message; a row's content never does.
        #expect(!reply.text.contains("only Alice knows"), "\(method) \(path): \(reply.text)")
        if attempt.expectation == .ownAnswer {
            for secret in secrets where !(path + (body ?? "")).contains(secret) {
                #expect(!reply.text.contains(secret), "\(method) \(path)")
            }
        }
    }

    /// Rows of every kind for Alice, and those of Bob's that hers are attached to in attempts.
    private func fill(_ api: LiveAPI) async throws -> [String: String] {
        let note = "only Alice knows"
        var rows: [String: String] = [:]
        rows["voice"] = try await api.make("/v1/voices", #"{"name":"\#(note)"}"#)
        rows["avatar"] = try await api.make("/v1/avatars", #"{"name":"\#(note)"}"#)
        rows["skill"] = try await api.make(
            "/v1/skills", #"{"skill_code":"s","name":"\#(note)","description":"d","skill_type":"t","configuration":{}}"#)
        rows["template"] = try await api.make("/v1/templates", #"{"name":"\#(note)","system_prompt":"\#(note)"}"#)
        let template = try #require(rows["template"])
        #expect(try await api.send(.post, "/v1/templates/\(template)/versions", #"{"system_prompt":"\#(note)"}"#).status == 201)
        rows["assistant"] = try await api.make("/v1/assistants", #"{"name":"kei","description":"\#(note)","persona":"\#(template)"}"#)
        let assistant = try #require(rows["assistant"])
        rows["conversation"] = try await api.make("/v1/conversations", #"{"assistant_id":"\#(assistant)","title":"\#(note)"}"#)
        let conversation = try #require(rows["conversation"])
        rows["message"] = try await api.make("/v1/conversations/\(conversation)/messages", #"{"role":"user","content":"\#(note)"}"#)
        let archived = try await api.make("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#)
        rows["archived"] = archived
        _ = try await api.make("/v1/conversations/\(archived)/messages", #"{"role":"user","content":"\#(note)"}"#)
        #expect(try await api.send(.post, "/v1/conversations/\(archived)/archive").status == 200)
        rows["knowledge"] = try await api.make("/v1/knowledge", #"{"assistant":"kei","content":"The ferry: \#(note)."}"#)
        let upload = try await api.send(.post, "/v1/files?assistant=kei&name=a.txt&batch=hers", "The ferry leaves; \(note).")
        rows["file"] = try upload.string("id")
        rows["job"] = try upload.string("job_id")
        rows["upload"] = try await api.make("/v1/uploads", #"{"filename":"\#(note).txt","bytes":5,"assistant":"kei"}"#)
        rows["key"] = try await api.make("/v1/keys", #"{"name":"\#(note)"}"#)
        #expect(try await api.send(.patch, "/v1/preferences", #"{"privacy_settings":{"note":"\#(note)"}}"#).status == 200)
        let alice = api.db.alice.id
        try await api.db.database.write(api.db.system) {
            try await $0.recordUsage([
                UsageRecord(
                    userID: alice, assistantID: AssistantID(assistant), apiName: note, model: note, tokens: 1, cost: 1, milliseconds: 1)
            ])
        }
        let file = try #require(rows["file"])
        #expect(try await api.send(.get, "/v1/files/\(file)?wait=30").string("state") == "done")
        let isAccounted = try await eventually { api.usage.pending == 0 }
        #expect(isAccounted, "what she used is written down before the walk")
        rows["user"] = alice.description
        rows["builtIn"] = try await api.send(.get, "/v1/personas/customer-service").string("id")
        rows["own"] = api.db.bob.assistant.id.description
        rows["ownConversation"] = try await api.make(
            "/v1/conversations", #"{"persona_id":"business-assistant"}"#, as: api.bob)
        return rows
    }
}
