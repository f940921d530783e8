import Foundation
import Glibc
import Testing

extension BinaryTests {
    @Suite("Command line", .serialized)
    struct ImportTests {
        private func states(_ report: [String: Any]) throws -> [String: String] {
            let files = try #require(report["files"] as? [[String: Any]])
            return Dictionary(
                files.map { ((($0["path"] as? String ?? "") as NSString).lastPathComponent, $0["state"] as? String ?? "") },
                uniquingKeysWith: { first, _ in first })
        }

        @Test("Good files go in among bad ones, with and without a server; the report tells each")
        func importing() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            try bundle(folder)
            let bad = ["missing.txt", "empty.txt", "picture.png", "huge.txt"]
            let command = ["import", folder.path("docs"), folder.path("missing.txt"), "--assistant", "docs", "--json", "--data", data]
            let report = folder.path("report.json")
            // No server runs: the command starts the service for its duration.
            let first = try await BunkoProcess.run(command + ["--report", report, "--tag", "t"])
            #expect(first.code == 1, "\(first.errors)")
            let told = try first.json()
            try checkReport(told, failed: bad)
            let written = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report))) as? NSDictionary
            #expect(written == told as NSDictionary)
            #expect(isAnythingRunning(in: data) == false)
            try folder.write("docs/one.md", "# One\n\nThe text has changed entirely.\n")
            try await TestService.with(data: data) { service in
                let second = try await BunkoProcess.run(command + ["--tag", "t"])
                #expect(second.code == 1)
                let states = try states(try second.json())
                #expect(states["one.md"] == "done")
                #expect(states["two.txt"] == "unchanged")
                #expect(states["名前 ü+%.txt"] == "unchanged")
                for name in bad { #expect(states[name] == "failed", "\(name)") }
                try await checkSearch(service)
            }
        }

        @Test("What is imported for all to share is searched by the assistants that want it")
        func sharing() async throws {
            let folder = try TemporaryFolder()
            try folder.write("docs/hours.md", "# Hours\n\nThe archive opens at nine.\n")
            try await TestService.with(data: folder.path("data")) { service in
                for refused in [["--shared", "--assistant", "a"], []] {
                    let wrong = try await BunkoProcess.run(["import", folder.path("docs"), "--data", service.data] + refused)
                    #expect(wrong.code == 2 && wrong.errors.contains("--shared"), "\(wrong.errors)")
                }
                let command = ["import", folder.path("docs"), "--shared", "--tag", "house", "--json", "--data", service.data]
                let first = try await BunkoProcess.run(command)
                #expect(first.code == 0, "\(first.errors)")
                #expect(try states(try await BunkoProcess.run(command).json()) == ["hours.md": "unchanged"])
                let made = try await service.post("/v1/assistants", #"{"name":"open","settings":{"uses_shared_knowledge":true}}"#)
                #expect(made.status == 201, "\(made.text)")
                let found = try await service.post("/v1/search", #"{"assistant":"open","query":"archive"}"#).list("results")
                #expect(found.first?["file"] as? String == "hours.md" && found.first?["tags"] as? [String] == ["house"])
                #expect(try await service.get("/v1/assistants").list("data").count == 1, "no assistant is made for it")
            }
        }

        private func bundle(_ folder: TemporaryFolder) throws {
            try folder.write("docs/one.md", "# One\n\nThe original text of the first file.\n")
            try folder.write("docs/two.txt", "Second file, plain.")
            try folder.write("docs/sub/名前 ü+%.txt", "三つ目のファイル。")
            try folder.write("docs/empty.txt", "")
            try folder.write("docs/picture.png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52])
            let huge = try folder.write("docs/huge.txt", "")
            try #require(truncate(huge, 100 << 20) == 0)
        }

        private func checkReport(_ report: [String: Any], failed: [String]) throws {
            let states = try states(report)
            for name in ["one.md", "two.txt", "名前 ü+%.txt"] { #expect(states[name] == "done", "\(name)") }
            for name in failed { #expect(states[name] == "failed", "\(name)") }
            for file in try #require(report["files"] as? [[String: Any]]) {
                #expect(file["path"] is String)
                #expect(file["chunks"] is Int)
                if file["state"] as? String == "failed" { #expect((file["reason"] as? String)?.isEmpty == false, "\(file)") }
            }
            let totals = try #require(report["totals"] as? [String: Int])
            #expect(totals["done"] == 3)
            #expect(totals["failed"] == failed.count)
            #expect(report["seconds"] is Double)
        }

        private func checkSearch(_ service: TestService) async throws {
            let search = try await BunkoProcess.run(
                ["search", "text changed entirely", "--assistant", "docs", "--json", "--data", service.data])
            #expect(search.code == 0, "\(search.errors)")
            #expect(search.output.contains("changed entirely"))
            #expect(search.output.contains("original text") == false)
            for command in ["search", "context"] {
                let unknown = try await BunkoProcess.run([command, "x", "--assistant", "nobody", "--data", service.data])
                #expect(unknown.code == 2)
                #expect(unknown.errors.contains("nobody"))
            }
            let key = try await BunkoProcess.run(["key", "create", "--json", "--data", service.data]).json()
            #expect(Set(key.keys).isSuperset(of: ["id", "key", "user", "scopes"]))
            #expect(try await service.get("/v1/assistants", key: try #require(key["key"] as? String)).status == 200)
            let doctor = try await BunkoProcess.run(["doctor", "--json", "--data", service.data])
            #expect([0, 3].contains(doctor.code))
            let findings = try #require(try JSONSerialization.jsonObject(with: Data(doctor.output.utf8)) as? [[String: Any]])
            #expect(findings.contains { ($0["detail"] as? String)?.contains(service.address) == true })
        }

        @Test(
            "Help is there for every command",
            arguments: [
                [], ["serve"], ["import"], ["search"], ["context"], ["assistant"], ["assistant", "create"], ["persona"], ["key"],
                ["key", "create"], ["migrate"], ["doctor"],
            ])
        func help(command: [String]) async throws {
            let outcome = try await BunkoProcess.run(command + ["--help"])
            #expect(outcome.code == 0)
            #expect(outcome.output.contains("USAGE: bunko"))
        }

        @Test(
            "A wrong command line is refused with code 2",
            arguments: [
                ["serve", "--no-such-flag"], ["nonsense"], ["import"], ["import", "x"], ["import", "x", "--assistant", "a", "--jobs", "0"],
                ["search", "x"], ["serve", "--port", "70000"], ["serve", "--config", "/no/such/file.yaml"],
                ["import", "x", "--assistant", "a", "--server", "http://127.0.0.1:1"],
            ])
        func usage(command: [String]) async throws {
            let outcome = try await BunkoProcess.run(command)
            #expect(outcome.code == 2, "\(outcome.errors)")
            #expect(outcome.errors.isEmpty == false)
        }

        @Test("A server out of reach is the environment's fault")
        func unreachable() async throws {
            let outcome = try await BunkoProcess.run(
                ["import", "x", "--assistant", "a", "--server", "http://127.0.0.1:1", "--key", "bk_x"])
            #expect(outcome.code == 3, "\(outcome.errors)")
            #expect(outcome.errors.contains("http://127.0.0.1:1"))
        }
    }
}
