import Foundation
import Testing

extension BinaryTests {
    @Suite("Users", .serialized)
    struct UserTests {
        private static let password = "correct horse battery"

        @Test("A user is made, changed, deactivated and deleted; with them go rows, stored files and index entries, and a receipt tells")
        func life() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let data = service.data
                let made = try await run(
                    [
                        "user", "create", "ada", "--email", "Ada@Example.com", "--first-name", "Ada", "--verified", "--password-stdin",
                        "--json",
                    ],
                    data, input: Self.password + "\n"
                ).json()
                let id = try #require(made["id"] as? String)
                #expect(made["username"] as? String == "ada" && made["is_verified"] as? Bool == true && made["set_password"] == nil)
                try await checkDuplicates(data)
                try await checkNames(id, data)
                try await checkChanges(data)
                try await checkDeactivation(service)
                try await checkDeletion(service, id)
            }
        }

        private func checkDuplicates(_ data: String) async throws {
            for (name, email) in [("other", "ADA@example.COM"), ("ADA", "another@example.com")] {
                let refused = try await BunkoProcess.run(["user", "create", name, "--email", email, "--data", data])
                #expect(refused.code == 2 && refused.errors.contains("already"), "\(refused.errors)")
            }
            for (name, email) in [("a b", "x@example.com"), ("x", "no address"), ("x", "x@y@z"), ("", "x@example.com")] {
                let refused = try await BunkoProcess.run(["user", "create", name, "--email", email, "--data", data])
                #expect(refused.code == 2 && !refused.errors.isEmpty, "\(name) \(email): \(refused.errors)")
            }
            let short = try await BunkoProcess.run(
                ["user", "create", "x", "--email", "x@example.com", "--password-stdin", "--data", data], input: "short\n")
            #expect(short.code == 2 && short.errors.contains("at least 10"), "\(short.errors)")
            let none = try await BunkoProcess.run(
                ["user", "create", "x", "--email", "x@example.com", "--password-stdin", "--data", data])
            #expect(none.code == 2 && none.errors.contains("holds no password"), "\(none.errors)")
        }

        private func checkNames(_ id: String, _ data: String) async throws {
            for reference in ["ada", "ADA", "ada@example.com", id] {
                let shown = try await run(["user", "show", reference, "--json"], data).json()
                #expect(shown["id"] as? String == id && shown["email"] as? String == "Ada@Example.com", "\(reference)")
            }
            let missing = try await BunkoProcess.run(["user", "show", "nobody", "--data", data])
            #expect(missing.code == 2 && missing.output.isEmpty, "\(missing.errors)")
            let listed = try await run(["user", "list"], data).output
            #expect(listed.contains("\(id)  ada  Ada@Example.com\n"), "\(listed)")
            let page = try await run(["user", "list", "--json"], data).json()
            let names = (page["data"] as? [[String: Any]])?.compactMap { $0["username"] as? String } ?? []
            #expect(Set(names) == ["ada", "local", "system"])
            #expect(!(try await run(["user", "list", "--json"], data).output.contains("$2a$")))
        }

        private func checkChanges(_ data: String) async throws {
            let changed = try await run(["user", "update", "ada", "--last-name", "Lovelace", "--email", "ada@l.example", "--json"], data)
                .json()
            #expect(changed["last_name"] as? String == "Lovelace" && changed["is_verified"] as? Bool == false)
            _ = try await run(["user", "update", "ada", "--email", "Ada@Example.com", "--verified"], data)
            let nothing = try await BunkoProcess.run(["user", "update", "ada", "--data", data])
            #expect(nothing.code == 2, "\(nothing.errors)")
            for builtIn in ["local", "system"] {
                let refused = try await BunkoProcess.run(["user", "update", builtIn, "--no-active", "--data", data])
                #expect(refused.code == 2 && refused.errors.contains("built in"), "\(refused.errors)")
                let kept = try await BunkoProcess.run(["user", "delete", builtIn, "--data", data])
                #expect(kept.code == 2 && kept.errors.contains("built in"), "\(kept.errors)")
            }
        }

        private func checkDeactivation(_ service: TestService) async throws {
            let session = try await logIn(service)
            let key = try await service.post("/v1/keys", #"{"name":"k","scopes":["read","ingest"]}"#, key: session.access).string("key")
            let line = try await run(["user", "update", "ada", "--no-active"], service.data).output
            #expect(line.contains("[deactivated]"), "\(line)")
            #expect(try await service.get("/v1/me", key: session.access).problemCode() == "token_invalid")
            #expect(try await service.get("/v1/assistants", key: key).problemCode() == "key_invalid")
            let refreshed = try await service.post("/v1/auth/refresh", #"{"refresh_token":"\#(session.refresh)"}"#, key: "")
            #expect(try refreshed.problemCode() == "refresh_refused")
            let refused = try await service.post("/v1/auth/login", #"{"username":"ada","password":"\#(Self.password)"}"#, key: "")
            #expect(refused.status == 401)
            #expect(try refused.problemCode() == "login_refused")
            _ = try await run(["user", "update", "ada", "--active"], service.data)
            #expect(try await service.get("/v1/assistants", key: key).status == 200)
        }

        private func checkDeletion(_ service: TestService, _ id: String) async throws {
            let token = try await logIn(service).access
            // The same bytes for two users: they stay as long as one of them has them.
            let shared = "# Common\n\nBoth users keep this text about the lighthouse."
            let own = try await service.makeAssistant("of local")
            _ = try await service.uploadAndWait("common.md", shared, to: own)
            let rows = try await indexRows(service)
            let files = try storedFiles(service)
            let assistant = try await service.post("/v1/assistants", #"{"name":"of ada"}"#, key: token).string("id")
            for (name, text) in [("common.md", shared), ("secret.md", "# Secret\n\nOnly Ada knows where the ferry goes.")] {
                let file = try await service.upload(name, text, to: assistant, key: token).string("id")
                let done = try await service.get("/v1/files/\(file)?wait=60", key: token)
                #expect(try done.string("state") == "done", "\(done.text)")
            }
            let conversation = try await service.post("/v1/conversations", #"{"assistant_id":"\#(assistant)"}"#, key: token).string("id")
            let message = try await service.post(
                "/v1/conversations/\(conversation)/messages", #"{"role":"user","content":"hello"}"#, key: token)
            #expect(message.status == 201, "\(message.text)")
            #expect(try await indexRows(service) > rows + 1)
            #expect(try storedFiles(service).count == files.count + 1)

            let receipt = try await run(["user", "delete", "ADA@example.com", "--json"], service.data).json()
            #expect(receipt["id"] as? String == id && receipt["deleted"] as? Bool == true)
            let counts = try #require(receipt["rows"] as? [String: Int])
            let told = ["users", "assistants", "files", "conversations", "messages", "api_keys", "refresh_tokens"].map { counts[$0] }
            #expect(told == [1, 1, 2, 1, 1, 1, 2], "\(counts)")
            #expect(try #require(counts["knowledge_base"]) >= 2)

            #expect(try await service.get("/v1/me", key: token).status == 401)
            try await eventually("the index to forget the passages") { try await indexRows(service) == rows }
            // Bytes nobody refers to are kept for an hour, for a backup that is under way.
            #expect(
                try await service.sql("UPDATE file_contents SET released_at = now() - interval '2 hours' WHERE reference_count = 0") == [])
            try await eventually("the stored file to be removed") { try storedFiles(service) == files }
            for table in try await service.sql(
                """
                SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                """)
            {
                #expect(try await service.sql("SELECT count(*) FROM \(table) WHERE user_id = '\(id)'") == ["0"], "\(table)")
            }
            let again = try await BunkoProcess.run(["user", "delete", "ada", "--data", service.data])
            #expect(again.code == 2, "\(again.errors)")
            let found = try await service.post("/v1/search", #"{"assistant":"of local","query":"lighthouse"}"#)
            #expect(found.text.contains("lighthouse") && !found.text.contains("ferry"), "\(found.text)")
        }

        @Test("A user without a password sets the first one by a one-time link, and a new one by another")
        func oneTimeLinks() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                let told = try await run(["user", "create", "ada", "--email", "ada@example.com"], service.data).output
                let first = try link(in: told, of: "Sets the password")
                let verification = try link(in: told, of: "Verifies")
                #expect(try await service.post(verification, "{}", key: "").status == 200)
                #expect(try await service.post(verification, "{}", key: "").problemCode() == "token_refused")
                let body = #"{"password":"\#(Self.password)"}"#
                #expect(try await service.post(first, body, key: "").status == 200)
                #expect(try await service.post(first, body, key: "").problemCode() == "token_refused")
                let session = try await logIn(service)
                let second = try link(in: try await run(["user", "reset", "ada"], service.data).output, of: "Sets the password")
                #expect(try await service.post(second, #"{"password":"another password"}"#, key: "").status == 200)
                #expect(try await service.get("/v1/me", key: session.access).status == 401, "a reset ends the sessions")
                let login = #"{"username":"ada","password":"another password"}"#
                let token = try await service.post("/v1/auth/login", login, key: "").object()["access_token"] as? String
                #expect(try await service.post("/v1/keys", #"{"name":"k"}"#, key: token).status == 201)
                let set = ["user", "password", "ada", "--data", service.data]
                let kept = try await BunkoProcess.run(set, input: "a set password\n")
                #expect(kept.output.contains("API keys still valid: 1 (--revoke-keys ends them)"), "\(kept.errors)")
                let ended = try await BunkoProcess.run(set + ["--revoke-keys"], input: "a newer password\n")
                #expect(ended.output.contains("API keys revoked: 1\nAPI keys still valid: 0\n"), "\(ended.errors)")
                #expect(try await BunkoProcess.run(set, input: "short\n").code == 2)
                let shown = try await run(["user", "show", "ada", "--json"], service.data).json()
                #expect(shown["is_verified"] as? Bool == true && shown["last_login_at"] is Int)
            }
        }

        @Test("An empty installation prints a one-time link that makes the first administrator, once and only once")
        func setUpByLink() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            try await TestService.with(data: data) { service in
                for password in ["admin", "password", "bunko", "changeme", "!"] {
                    for name in ["admin", "local", "system"] {
                        let refused = try await service.post(
                            "/v1/auth/login", #"{"username":"\#(name)","password":"\#(password)"}"#, key: "")
                        #expect(refused.status != 200, "\(name)/\(password)")
                        try await service.sql("DELETE FROM login_attempts")
                    }
                }
                let path = try path(of: try #require(service.setUpLink), service)
                let weak = try await service.post(path, #"{"username":"root","email":"root@example.com","password":"admin"}"#, key: "")
                #expect(weak.status == 400, "\(weak.text)")
                let wrong = try await service.post(
                    "/v1/setup?token=bt_\(String(repeating: "0", count: 43))",
                    #"{"username":"root","email":"root@example.com","password":"\#(Self.password)"}"#, key: "")
                #expect(try wrong.problemCode() == "token_refused")
                // Of many who follow the link at once one becomes the administrator.
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<4 {
                        let body = #"{"username":"root\#(number)","email":"root\#(number)@example.com","password":"\#(Self.password)"}"#
                        group.addTask { try await service.post(path, body, key: "").status }
                    }
                    return try await group.reduce(into: [Int]()) { $0.append($1) }
                }
                #expect(statuses.sorted() == [201, 400, 400, 400])
                let administrators = try await service.sql("SELECT username FROM users WHERE is_admin AND username LIKE 'root%'")
                #expect(administrators.count == 1)
                let name = try #require(administrators.first)
                let login = try await service.post("/v1/auth/login", #"{"username":"\#(name)","password":"\#(Self.password)"}"#, key: "")
                let token = try login.string("access_token")
                #expect(try await service.get("/v1/users", key: token).status == 200)
                let refused = try await BunkoProcess.run(["user", "delete", name, "--data", data])
                #expect(refused.code == 2 && refused.errors.contains("last administrator"), "\(refused.errors)")
            }
            // There is an administrator by now: no link, and no user from the environment.
            try await TestService.with(data: data, environment: ["BUNKO_ADMIN_PASSWORD": "from the environment"]) { service in
                #expect(service.setUpLink == nil)
                let admins = try await service.sql("SELECT count(*) FROM users WHERE username = 'admin'")
                #expect(admins == ["0"])
            }
        }

        @Test("BUNKO_ADMIN_PASSWORD makes the user admin instead, and a weak one is refused at the start")
        func setUpByVariable() async throws {
            let folder = try TemporaryFolder()
            let weak = try await BunkoProcess.run(
                ["serve", "--port", "0", "--data", folder.path("data")], environment: ["BUNKO_ADMIN_PASSWORD": "admin"])
            #expect(weak.code == 2 && weak.errors.contains("BUNKO_ADMIN_PASSWORD"), "\(weak.errors)")
            #expect(!weak.errors.contains("\"admin\""), "the password is not repeated")
            #expect(isAnythingRunning(in: folder.path) == false)
            try await TestService.with(data: folder.path("data"), environment: ["BUNKO_ADMIN_PASSWORD": Self.password]) { service in
                #expect(service.setUpLink == nil)
                let login = try await service.post("/v1/auth/login", #"{"username":"admin","password":"\#(Self.password)"}"#, key: "")
                #expect(try await service.get("/v1/me", key: try login.string("access_token")).object()["is_admin"] as? Bool == true)
                #expect(!service.process.errors.contains(Self.password) && !service.process.output.contains(Self.password))
            }
            // Another password in the variable changes nothing.
            try await TestService.with(data: folder.path("data"), environment: ["BUNKO_ADMIN_PASSWORD": "another password"]) { service in
                let login = try await service.post("/v1/auth/login", #"{"username":"admin","password":"another password"}"#, key: "")
                #expect(login.status == 401)
            }
        }

        // MARK: - Helpers

        private func run(_ arguments: [String], _ data: String, input: String? = nil) async throws -> BunkoProcess.Outcome {
            let outcome = try await BunkoProcess.run(arguments + ["--data", data], input: input)
            try #require(outcome.code == 0, "\(arguments): \(outcome.errors)")
            return outcome
        }

        private func logIn(_ service: TestService) async throws -> (access: String, refresh: String) {
            let session = try await service.post("/v1/auth/login", #"{"email":"ADA@example.com","password":"\#(Self.password)"}"#, key: "")
            return (try session.string("access_token"), try session.string("refresh_token"))
        }

        private func indexRows(_ service: TestService) async throws -> Int {
            let index = try await service.get("/readyz").object()["index"] as? [String: Any]
            return try #require(index?["rows"] as? Int)
        }

        private func storedFiles(_ service: TestService) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: "\(service.data)/files").filter { name in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(service.data)/files/\(name)", isDirectory: &isFolder)
                    && !isFolder.boolValue
            }.sorted()
        }

        /// The path of a link the command printed in the line that begins so.
        private func link(in text: String, of line: String) throws -> String {
            let found = try #require(text.split(separator: "\n").first { $0.hasPrefix(line) }, "\(text)")
            return String(try #require(found.split(separator: " ").last))
        }

        private func path(of link: String, _ service: TestService) throws -> String {
            try #require(link.hasPrefix(service.address))
            return String(link.dropFirst(service.address.count))
        }
    }
}
