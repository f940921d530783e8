import Domain
import Foundation
import HTTPTypes
import Storage
import TestSupport
import Testing

/// Conversations, messages, branches, attachments and the archive through HTTP.
@Suite struct ConversationAPITests {
    @Test func `A conversation is titled, counted, paged, branched and closed`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            let begun = try await api.send(.post, "/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#)
            #expect(begun.status == 201, "\(begun.text)")
            #expect(try begun.number("template_version") == 1)
            let path = "/v1/conversations/\(try begun.string("id"))"
            let first = try await api.make("\(path)/messages", #"{"role":"user","content":"  How\n do I file\texpenses? "}"#)
            let reply = try await api.make(
                "\(path)/messages",
                #"{"role":"assistant","content":"Like this.","parent_id":"\#(first)","emotion":"calm","tokens_used":12}"#)
            let other = try await api.make("\(path)/messages", #"{"role":"assistant","content":"Or so.","parent_id":"\#(first)"}"#)
            let leaf = try await api.make("\(path)/messages", #"{"role":"user","content":"Thanks","parent_id":"\#(reply)"}"#)
            let read = try await api.send(.get, path)
            #expect(try read.string("title") == "How do I file expenses?")
            #expect(try read.number("message_count") == 4)
            #expect(try await api.send(.get, "\(path)/messages").ids() == [first, reply, other, leaf])
            #expect(try await api.send(.get, "\(path)/messages?limit=2&after=\(reply)").ids() == [other, leaf])
            #expect(try await api.send(.get, "\(path)/messages?branch=\(leaf)").ids() == [first, reply, leaf])
            #expect(try await api.send(.delete, "\(path)/messages/\(reply)").status == 200)
            #expect(try await api.send(.get, "\(path)/messages?branch=\(leaf)").ids() == [first, leaf])
            #expect(try await api.send(.get, path).number("message_count") == 3)
            let ended = try await api.send(.patch, path, #"{"status":"ended"}"#)
            #expect(try ended.number("ended_at") > 0)
            let refused = try await api.send(.post, "\(path)/messages", #"{"role":"user","content":"More"}"#)
            #expect(refused.status == 409 && refused.code == "conversation_ended")
            for (body, status) in [
                (#"{"role":"robot","content":"x"}"#, 400), (#"{"role":"user"}"#, 400),
                (#"{"role":"user","content":"x","emotion":"sad"}"#, 400),
                (#"{"role":"user","content":"x","parent_id":"\#(UUID())"}"#, 404),
                (#"{"role":"user","content":"x","attachments":["\#(UUID())"]}"#, 404),
            ] {
                _ = try await api.send(.patch, path, #"{"status":"active"}"#)
                let answer = try await api.send(.post, "\(path)/messages", body)
                #expect(answer.status == status, "\(body): \(answer.text)")
            }
            #expect(try await api.send(.get, path).number("message_count") == 3)
        }
    }

    @Test func `A conversation that names nobody is held with whom the user prefers`() async throws {
        try await LiveAPI.with { api in
            let lost = try await api.send(.post, "/v1/conversations", "{}")
            #expect(lost.status == 400 && lost.code == "member_missing")
            #expect(try await api.send(.patch, "/v1/preferences", #"{"preferred_persona":"education-tutor","theme":"dark"}"#).status == 200)
            #expect(try await api.send(.post, "/v1/conversations", "{}").string("persona_id") == "education-tutor")
            let mine = api.db.alice.assistant.id
            let set = try await api.send(.patch, "/v1/preferences", #"{"default_assistant_id":"\#(mine)"}"#)
            #expect(set.status == 200, "\(set.text)")
            #expect(try await api.send(.post, "/v1/conversations", "{}").string("assistant_id") == mine.description)
            for wrong in [
                #"{"theme":"pink"}"#, #"{"preferred_persona":"nobody"}"#, #"{"default_assistant_id":"\#(api.db.bob.assistant.id)"}"#,
                #"{"language":"!"}"#,
            ] {
                let refused = try await api.send(.patch, "/v1/preferences", wrong)
                #expect([400, 404].contains(refused.status), "\(wrong)")
            }
            #expect(try await api.send(.get, "/v1/preferences").string("theme") == "dark")
        }
    }

    @Test func `Archived and restored, it is as it was`() async throws {
        try await LiveAPI.with { api in
            let path = "/v1/conversations/\(try await api.make("/v1/conversations", #"{"persona_id":"personal-assistant"}"#))"
            let first = try await api.make("\(path)/messages", #"{"role":"user","content":"Remember the milk"}"#)
            _ = try await api.make("\(path)/messages", #"{"role":"assistant","content":"Noted.","parent_id":"\#(first)"}"#)
            let before = try await (api.send(.get, path), api.send(.get, "\(path)/messages"))
            let moved = try await api.send(.post, "\(path)/archive")
            #expect(try moved.number("conversations") == 1 && moved.number("messages") == 2, "\(moved.text)")
            #expect(try await api.send(.get, path).status == 404)
            #expect(try await api.send(.post, "\(path)/restore", as: api.bob).status == 404)
            #expect(try await api.send(.post, "\(path)/restore").number("messages") == 2)
            #expect(try await api.send(.get, path).text == before.0.text)
            #expect(try await api.send(.get, "\(path)/messages").text == before.1.text)
        }
    }

    @Test func `What is archived is listed, read, brought back, and deleted with all it has`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            let id = try await api.make("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#)
            let (path, archived) = ("/v1/conversations/\(id)", "/v1/archive/conversations/\(id)")
            let file = try await api.send(.post, "/v1/files?conversation=\(id)&name=note.txt", "The ferry leaves at noon.").string("id")
            #expect(try await api.send(.get, "/v1/files/\(file)?wait=30").string("state") == "done")
            let first = try await api.make("\(path)/messages", #"{"role":"user","content":"See the note","attachments":["\#(file)"]}"#)
            let second = try await api.make("\(path)/messages", #"{"role":"assistant","content":"Noted.","parent_id":"\#(first)"}"#)
            #expect(try await api.send(.get, archived).status == 404)
            #expect(try await api.send(.delete, archived).status == 404)
            #expect(try await api.send(.post, "\(path)/archive").status == 200)

            #expect(try await api.send(.get, "/v1/archive/conversations").ids() == [id])
            #expect(try await api.send(.get, "/v1/archive/conversations?assistant_id=\(assistant)&status=active").ids() == [id])
            #expect(try await api.send(.get, "/v1/archive/conversations?assistant_id=\(UUID())").ids().isEmpty)
            #expect(try await api.send(.get, "/v1/archive/conversations?sort=created_at").code == "invalid_sort")
            let read = try await api.send(.get, archived)
            #expect(try read.string("title") == "See the note" && read.number("message_count") == 2 && read.number("archived_at") > 0)
            #expect(try await api.send(.get, archived, headers: ["If-None-Match": try #require(read.version)]).status == 304)
            #expect(try await api.send(.get, "\(archived)/messages").ids() == [first, second])
            #expect(try await api.send(.get, "\(archived)/messages?after=\(first)").ids() == [second])
            #expect(try await api.send(.get, "\(archived)/messages?role=user").ids() == [first])
            #expect(try await api.send(.get, "\(path)/messages?archived=true").status == 404, "the conversation itself is archived")
            #expect(try await api.send(.get, "/v1/archive/conversations", as: api.bob).ids().isEmpty)
            for (method, place) in [
                (.get, archived), (.get, "\(archived)/messages"), (.delete, archived),
            ] as [(HTTPRequest.Method, String)] {
                #expect(try await api.send(method, place, as: api.bob).status == 404, "\(method) \(place)")
            }

            #expect(try await api.send(.post, "\(path)/restore").number("messages") == 2)
            #expect(try await api.send(.get, archived).status == 404)
            #expect(try await api.send(.get, "\(path)/messages").ids() == [first, second])
            #expect(try await api.send(.get, "/v1/files/\(file)?wait=30").string("state") == "done")

            #expect(try await api.send(.post, "\(path)/archive").status == 200)
            let late = try await api.send(.delete, archived, headers: ["If-Match": #""1""#])
            #expect(late.status == 412 && late.code == "version_changed")
            let version = try #require(try await api.send(.get, archived).version)
            let deleted = try await api.send(.delete, archived, headers: ["If-Match": version])
            #expect(try deleted.string("object") == "archived_conversation.deleted")
            #expect(try await api.send(.post, "\(path)/restore").status == 404)
            for table in ["conversations", "messages", "conversations_archive", "messages_archive", "files", "knowledge_base"] {
                let left = try await api.db.administrate("SELECT FROM \(identifier: table)")
                #expect(left.isEmpty, "\(table)")
            }
        }
    }

    @Test func `Messages archived while their conversation goes on are read, and go with it`() async throws {
        try await LiveAPI.with { api in
            let path = "/v1/conversations/\(try await api.make("/v1/conversations", #"{"persona_id":"personal-assistant"}"#))"
            let other = "/v1/conversations/\(try await api.make("/v1/conversations", #"{"persona_id":"personal-assistant"}"#))"
            try await api.db.administrate(
                """
                INSERT INTO messages (user_id, conversation_id, role, content, created_at)
                SELECT user_id, id, 'user', 'long ago', now() - interval '300 days' FROM conversations
                """)
            let old = try await api.send(.get, "\(path)/messages").ids()
            let fresh = try await api.make("\(path)/messages", #"{"role":"user","content":"Now"}"#)
            let age = try #require(Age("6months"))
            let moved = try await api.db.database.write(api.db.system) { try await $0.archiveMessages(olderThan: age) }
            #expect(moved == 2 && old.count == 1)
            #expect(try await api.send(.get, "\(path)/messages").ids() == [fresh])
            #expect(try await api.send(.get, "\(path)/messages?archived=true").ids() == old)
            #expect(try await api.send(.get, "\(path)/messages?archived=true", as: api.bob).status == 404)
            #expect(try await api.send(.get, "\(path)/messages?archived=true&branch=\(fresh)").code == "invalid_branch")
            #expect(try await api.send(.get, "\(path)/messages?archived=perhaps").code == "invalid_archived")

            func kept() async throws -> Int { try await api.db.administrate("SELECT FROM messages_archive").count }
            #expect(try await api.send(.delete, path, headers: ["If-Match": #""1""#]).status == 412)
            #expect(try await api.send(.delete, path, as: api.bob).status == 404)
            #expect(try await kept() == 2)
            #expect(try await api.send(.delete, path).string("object") == "conversation.deleted")
            #expect(try await kept() == 1)
            #expect(try await api.send(.get, "\(other)/messages?archived=true").ids().count == 1)
        }
    }

    @Test func `Long messages come in pieces, and walking them yields all in their order`() async throws {
        try await LiveAPI.with { api in
            let id = try await api.make("/v1/conversations", #"{"persona_id":"personal-assistant"}"#)
            let (path, conversation) = ("/v1/conversations/\(id)/messages", try #require(UUID(uuidString: id)))
            let ids = (0..<12).map { _ in UUID() }
            for (number, message) in ids.enumerated() {
                let parent = number > 0 ? ids[number - 1] : nil
                try await api.db.administrate(
                    """
                    INSERT INTO messages (id, user_id, conversation_id, role, content, parent_id, created_at)
                    VALUES (\(message), \(api.db.alice.id), \(conversation), 'user', repeat('x', 1000000), \(parent),
                        now() - make_interval(mins => \(Int32(ids.count - number))))
                    """)
            }
            let whole = ids.map { $0.uuidString.lowercased() }
            for (order, expected) in [("asc", whole), ("desc", Array(whole.reversed()))] {
                var (seen, sizes, next) = ([String](), [Int](), "")
                repeat {
                    let page = try await api.send(.get, "\(path)?limit=1000&order=\(order)\(next)")
                    #expect(page.status == 200 && page.text.utf8.count < ResourceQuery.largestPage + 1_000)
                    let shown = try page.ids()
                    sizes.append(shown.count)
                    seen += shown
                    let last = try page.string("last_id")
                    #expect(last == shown.last)
                    next = try page.object()["has_more"] as? Bool == true ? "&after=\(last)" : ""
                } while !next.isEmpty && sizes.count < 12
                #expect(seen == expected && sizes == [8, 4], "\(order): \(sizes)")
            }
            let few = try await api.send(.get, "\(path)?limit=3")
            #expect(try few.ids() == Array(whole.prefix(3)) && few.object()["has_more"] as? Bool == true)

            // A branch is read from its end, and goes on where its first message's parent ends.
            let end = try await api.send(.get, "\(path)?branch=\(whole[11])")
            #expect(try end.ids() == Array(whole.suffix(8)) && end.object()["has_more"] as? Bool == true)
            let beginning = try await api.send(.get, "\(path)?branch=\(whole[3])")
            #expect(try beginning.ids() == Array(whole.prefix(4)) && beginning.object()["has_more"] as? Bool == false)
            let short = try await api.send(.get, "\(path)?branch=\(whole[3])&limit=2")
            #expect(try short.ids() == Array(whole[2...3]) && short.object()["has_more"] as? Bool == true)
            #expect(try await api.send(.get, "\(path)?branch=\(whole[3])&after=\(whole[0])").code == "invalid_branch")
        }
    }

    @Test func `An assistant with conversations goes only when it is said what becomes of them`() async throws {
        try await LiveAPI.with { api in
            let assistant = try await api.make("/v1/assistants", #"{"name":"Kei","persona":"customer-service"}"#)
            let conversation = try await api.make("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#)
            let refused = try await api.send(.delete, "/v1/assistants/Kei")
            #expect(refused.status == 409 && refused.code == "assistant_has_conversations")
            #expect(try await api.send(.delete, "/v1/assistants/Kei?conversations=burn").status == 400)
            #expect(try await api.send(.delete, "/v1/assistants/Kei?conversations=keep").status == 200)
            #expect(try await api.send(.get, "/v1/conversations/\(conversation)").string("persona_id") == "customer-service")
        }
    }

    @Test func `A text is added, found, changed with a new vector, and gone`() async throws {
        try await LiveAPI.with { api in
            let name = api.db.alice.assistant.id
            let id = try await api.make(
                "/v1/knowledge",
                #"{"assistant":"\#(name)","content":"The ferry leaves at noon.","tags":["travel"],"source_url":"https://x.test/1"}"#)
            func search(_ query: String) async throws -> [String] {
                let reply = try await api.send(.post, "/v1/search", #"{"assistant":"\#(name)","query":"\#(query)","threshold":0.2}"#)
                return (try reply.object()["results"] as? [[String: Any]])?.compactMap { $0["chunk_id"] as? String } ?? []
            }
            #expect(try await eventually { try await search("ferry noon") == [id] })
            let listed = try await api.send(.get, "/v1/knowledge?assistant=\(name)&tags=travel")
            #expect(try listed.ids() == [id] && !listed.text.contains("embedding\":"))
            let changed = try await api.send(.patch, "/v1/knowledge/\(id)", #"{"content":"Parking costs nine euros.","tags":[]}"#)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try await eventually { try await search("parking euros") == [id] })
            #expect(try await search("ferry noon").isEmpty)
            #expect(try await api.send(.delete, "/v1/knowledge/\(id)").status == 200)
            #expect(try await eventually { try await search("parking euros").isEmpty })
            for wrong in [#"{"assistant":"\#(name)"}"#, #"{"content":"x"}"#, #"{"assistant":"\#(name)","content":" "}"#] {
                #expect(try await api.send(.post, "/v1/knowledge", wrong).status == 400, "\(wrong)")
            }
        }
    }

    /// A file says which conversation it is attached to, whether that is open or archived, and is listed with it.
    private func checkLists(_ api: LiveAPI, attachment: String, of conversation: String, beside other: String) async throws {
        let assistant = api.db.alice.assistant.id
        let own = try await api.send(.post, "/v1/files?assistant=\(assistant)&name=note.txt", "The ferry leaves at one.")
        #expect(try own.object()["conversation_id"] is NSNull, "\(own.text)")
        #expect(try await api.send(.get, "/v1/files/\(attachment)").string("conversation_id") == conversation)
        let all = try await api.send(.get, "/v1/files?assistant=\(assistant)").object()["data"] as? [[String: Any]]
        let told = Dictionary(uniqueKeysWithValues: (all ?? []).map { ($0["id"] as? String ?? "", $0["conversation_id"]) })
        #expect(told[attachment] as? String == conversation)
        #expect(told[try own.string("id")] as? NSNull != nil)
        #expect(try await api.send(.get, "/v1/files?conversation=\(conversation)").ids() == [attachment])
        #expect(try await api.send(.get, "/v1/files?conversation=\(conversation)&assistant=\(assistant)&state=failed").ids() == [])
        #expect(try await api.send(.get, "/v1/files?conversation=\(other)").ids() == [])
        for stranger in ["\(conversation)", "\(UUID())", "x"] {
            let reply = try await api.send(.get, "/v1/files?conversation=\(stranger)", as: api.bob)
            #expect(reply.status == 404 && reply.code == "conversation_not_found", "\(reply.text)")
        }
        #expect(try await api.send(.delete, "/v1/files/\(try own.string("id"))").status == 200)
    }

    @Test func `A file attached to a conversation is searchable there and nowhere else`() async throws {
        try await LiveAPI.with { api in
            let assistant = api.db.alice.assistant.id
            let here = try await api.make("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#)
            let elsewhere = try await api.make("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#)
            let upload = try await api.send(.post, "/v1/files?conversation=\(here)&name=note.txt", "The ferry leaves at noon.")
            #expect(upload.status == 202, "\(upload.text)")
            let file = try upload.string("id")
            #expect(try await api.send(.get, "/v1/files/\(file)?wait=30").string("state") == "done")
            let message = try await api.send(
                .post, "/v1/conversations/\(here)/messages", #"{"role":"user","content":"See the note","attachments":["\#(file)"]}"#)
            #expect(message.text.contains("note.txt"), "\(message.text)")
            func found(_ place: String) async throws -> Int {
                let reply = try await api.send(.post, "/v1/search", #"{"assistant":"\#(assistant)","query":"ferry noon"\#(place)}"#)
                #expect(reply.status == 200, "\(reply.text)")
                return (try reply.object()["results"] as? [Any])?.count ?? -1
            }
            #expect(try await eventually { try await found(#","conversation":"\#(here)""#) == 1 })
            #expect(try await found("") == 0)
            #expect(try await found(#","conversation":"\#(elsewhere)""#) == 0)
            let filter = #","filters":{"type":"eq","key":"file","value":"note.txt"}"#
            #expect(try await found(#","conversation":"\#(here)"\#(filter)"#) == 1)
            #expect(try await found(filter) == 0)
            let stranger = try await api.send(
                .post, "/v1/search", #"{"assistant":"\#(api.db.bob.assistant.id)","query":"ferry","conversation":"\#(here)"}"#, as: api.bob)
            #expect(stranger.status == 404)
            #expect(try await api.send(.post, "/v1/files?conversation=\(here)&name=x.txt", "x", as: api.bob).status == 404)
            try await checkLists(api, attachment: file, of: here, beside: elsewhere)
            // Archived, it is found nowhere; restored, it is made anew and found again.
            _ = try await api.send(.post, "/v1/conversations/\(here)/archive")
            #expect(try await eventually { try await found("") == 0 })
            try await checkLists(api, attachment: file, of: here, beside: elsewhere)
            #expect(try await api.send(.post, "/v1/conversations/\(here)/restore").status == 200)
            #expect(try await eventually { try await found(#","conversation":"\#(here)""#) == 1 })
            let again = try await api.send(.get, "/v1/conversations/\(here)/messages")
            #expect(again.text.contains("note.txt"))
        }
    }

    @Test func `Usage is listed and summed up by day, assistant, api and model`() async throws {
        try await LiveAPI.with { api in
            let alice = api.db.alice
            try await api.db.database.write(api.db.system) { transaction in
                try await transaction.recordUsage(
                    (0..<5).map { number in
                        UsageRecord(
                            userID: alice.id, assistantID: number == 0 ? nil : alice.assistant.id,
                            apiName: number < 2 ? "chat" : "embeddings",
                            model: "m\(number % 2)", tokens: 10 * number, cost: Decimal(string: "0.00000012"), milliseconds: 100 + number,
                            failure: number == 4 ? "timeout" : nil)
                    })
            }
            #expect(try await api.send(.get, "/v1/usage").ids().count == 5)
            #expect(try await api.send(.get, "/v1/usage?api_name=chat").ids().count == 2)
            for (grouping, groups) in [("day", 1), ("assistant", 2), ("api", 2), ("model", 2)] {
                let sums = try await api.send(.get, "/v1/usage/summary?by=\(grouping)")
                let data = try #require(try sums.object()["data"] as? [[String: Any]])
                #expect(data.count == groups, "\(sums.text)")
                #expect(data.compactMap { $0["tokens"] as? Int }.reduce(0, +) == 100)
                #expect(data.compactMap { $0["failures"] as? Int }.reduce(0, +) == 1)
            }
            let cost = try await api.send(.get, "/v1/usage/summary")
            #expect(cost.text.contains("0.00000060"))
            #expect(try await api.send(.get, "/v1/usage", as: api.bob).ids().isEmpty)
            #expect(try await api.send(.get, "/v1/usage/summary?by=moon").status == 400)
        }
    }
}
