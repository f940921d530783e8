import Foundation
import Glibc
import Testing

extension BinaryTests {
    @Suite("Watching and interruption", .serialized)
    struct WatchTests {
        @Test("What changes is imported, what goes is removed, new folders are watched, and Ctrl-C is a good end")
        func watching() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try folder.write("docs/first.md", "Here before.")
                let watch = try BunkoProcess.start(
                    ["import", folder.path("docs"), "--assistant", "a", "--sync", "--watch", "--data", service.data])
                try await eventually("the watch") { watch.errors.contains("Watching") }
                func line(_ text: String) async throws {
                    try await eventually("\"\(text)\" in \(watch.output)", within: .seconds(20)) { watch.output.contains(text) }
                }
                try folder.write("docs/new/deep/b.md", "In a new folder.")
                try await line("done \(folder.path("docs/new/deep/b.md"))")
                try folder.write("docs/new/deep/c.md", "In a folder that is watched since.")
                try await line("done \(folder.path("docs/new/deep/c.md"))")
                try folder.write("docs/.hidden.md", "Not meant.")
                try folder.write("docs/bad.png", "x")
                try await line("failed \(folder.path("docs/bad.png")) (file_type_unsupported")
                try #require(rename(folder.path("docs/new"), folder.path("docs/moved")) == 0)
                try await line("removed \(folder.path("docs/new/deep/b.md"))")
                try await line("done \(folder.path("docs/moved/deep/b.md"))")
                try FileManager.default.removeItem(atPath: folder.path("docs/first.md"))
                try await line("removed \(folder.path("docs/first.md"))")
                #expect(!watch.output.contains(".hidden"))
                watch.send(SIGINT)
                #expect(try await watch.exitCode(within: .seconds(20)) == 0, "\(watch.errors)")
                let left = try await service.sql("SELECT regexp_replace(source_path, '^.*/docs/', '') FROM files ORDER BY 1")
                #expect(left == ["moved/deep/b.md", "moved/deep/c.md"])
            }
        }

        @Test("Without --sync nothing is removed; a folder that goes away ends the watch")
        func keeping() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try folder.write("docs/a.md", "One.")
                try folder.write("docs/b.md", "Two.")
                let watch = try BunkoProcess.start(
                    ["import", folder.path("docs"), "--assistant", "a", "--watch", "--json", "--data", service.data])
                try await eventually("the first report") { watch.output.contains("\n") }
                try FileManager.default.removeItem(atPath: folder.path("docs/a.md"))
                try await eventually("a line") { watch.output.contains(#""state":"kept""#) }
                try FileManager.default.removeItem(atPath: folder.path("docs"))
                #expect(try await watch.exitCode(within: .seconds(20)) == 3)
                #expect(watch.errors.contains("nothing was removed"))
                #expect(try await service.sql("SELECT count(*) FROM files") == ["2"])
            }
        }

        private func corpus(_ folder: TemporaryFolder) throws {
            for index in 0..<400 { try folder.write("docs/\(index % 7)/f\(index).md", "# File \(index)\n\nRule \(index) holds.") }
        }

        @Test("Interrupted, an import tells what it did and how to go on; the next run does the rest", arguments: [true, false])
        func interruption(hasServer: Bool) async throws {
            let folder = try TemporaryFolder()
            try corpus(folder)
            let data = folder.path("data")
            let service = hasServer ? try await TestService.start(data: data) : nil
            let command = ["import", folder.path("docs"), "--assistant", "a", "--sync", "--data", data, "--report", folder.path("r.json")]
            let first = try BunkoProcess.start(command)
            try await eventually("the import to begin", within: .seconds(90)) { first.errors.contains("Created the assistant") }
            try await Task.sleep(for: .milliseconds(400))
            first.send(SIGINT)
            #expect(try await first.exitCode(within: .seconds(60)) == 3, "\(first.errors)")
            #expect(first.errors.contains("run the same command again"), "\(first.errors)")
            let told = try ImportTold(String(contentsOfFile: folder.path("r.json"), encoding: .utf8))
            #expect(told.object["interrupted"] as? Bool == true)
            #expect(told.totals["removed"] == 0)
            let second = try await BunkoProcess.run(command + ["--json"])
            #expect(second.code == 0, "\(second.errors)")
            let rest = try ImportTold(second.output)
            #expect(rest.object["interrupted"] as? Bool == false)
            #expect((rest.totals["done"] ?? 0) + (rest.totals["unchanged"] ?? 0) == 400)
            #expect((rest.totals["unchanged"] ?? 0) >= (told.totals["done"] ?? 0), "what was done is not done again")
            if let service { #expect(try await service.stop() == 0) }
            #expect(isAnythingRunning(in: data) == false)
        }

        @Test("With --json nothing else is said; without it, a log gets lines and the summary stands on standard output")
        func output() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try folder.write("docs/a.md", "One.")
                let command = ["import", folder.path("docs"), folder.path("none"), "--assistant", "a", "--data", service.data]
                let quiet = try await BunkoProcess.run(command + ["--json"])
                #expect(try ImportTold(quiet.output).object["created_assistant"] as? String == "a")
                #expect(quiet.errors == "bunko: 1 of 2 files failed.\n")
                let told = try await BunkoProcess.run(command)
                #expect(told.output.contains("1 failed: 1 not_found") && told.output.contains("unchanged"))
                let refused = try await BunkoProcess.run(command + ["--report", folder.path("no/such/r.json")])
                #expect(refused.code == 2 && refused.errors.contains("--report"), "told before anything is done: \(refused.errors)")
                #expect(refused.output.isEmpty)
            }
        }

        @Test("What failed is tried again only when it is asked for")
        func retrying() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                try folder.write("docs/a.md", "\n \n")
                let command = ["import", folder.path("docs"), "--assistant", "a", "--json", "--data", service.data]
                #expect(try await BunkoProcess.run(command).code == 1)
                func attempts() async throws -> [String] { try await service.sql("SELECT updated_at FROM files") }
                let before = try await attempts()
                let again = try ImportTold(try await BunkoProcess.run(command).output)
                #expect(again.files["a.md"]?["code"] as? String == "no_text")
                #expect(try await attempts() == before)
                #expect(try await BunkoProcess.run(command + ["--retry-failed"]).code == 1)
                #expect(try await attempts() != before)
            }
        }
    }
}
