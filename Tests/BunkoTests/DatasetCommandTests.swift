import Foundation
import TestSupport
import Testing

extension BinaryTests {
    @Suite("Data sets")
    struct DatasetCommandTests {
        @Test("A set is generated once, described, measured, and its damage found")
        func life() async throws {
            let folder = try TemporaryFolder()
            let set = folder.path("set")
            let generate = ["dataset", "generate", "--rows", "800", "--queries", "30", "--seed", "5", "--out", set, "--json"]
            let made = try await BunkoProcess.run(generate)
            #expect(made.code == 0, "\(made.errors)")
            let facts = try made.json()
            #expect(facts["made"] as? Bool == true && facts["rows"] as? Int == 800)
            #expect(try await BunkoProcess.run(generate).json()["made"] as? Bool == false)
            let other = try await BunkoProcess.run(["dataset", "generate", "--rows", "801", "--out", set])
            #expect(other.code == 2 && other.errors.contains("holds another data set"), "\(other.errors)")

            let info = try await BunkoProcess.run(["dataset", "info", set, "--json"]).json()
            #expect(info["sha256"] as? String == facts["base_sha256"] as? String)
            #expect(info["matches_manifest"] as? Bool == true && info["queries"] as? Int == 30)

            let files = ["json", "svg", "md"].map { folder.path("out/report.\($0)") }
            let bench = try await BunkoProcess.run([
                "bench", "--dataset", set, "--k", "5", "--json", files[0], "--svg", files[1], "--markdown", files[2],
                "--scenarios", "filters,batch",
            ])
            #expect(bench.code == 0 && bench.output.contains("| bunko |"), "\(bench.errors)")
            let data = try Data(contentsOf: URL(filePath: files[0]))
            let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let results = try #require(report["results"] as? [[String: Any]])
            #expect(report["rows"] as? Int == 800 && results.contains { $0["recall@5"] as? Double == 1 })
            let scenarios = try #require(report["scenarios"] as? [String: Any])
            #expect((scenarios["filters"] as? [Any])?.count == 6 && scenarios["batch"] != nil && scenarios["churn"] == nil)
            #expect(bench.output.contains("Asked and reached"))
            #expect(try String(contentsOfFile: files[1], encoding: .utf8).hasPrefix("<svg"))
            #expect(try String(contentsOfFile: files[2], encoding: .utf8).contains("report.svg"))

            let base = URL(filePath: "\(set)/base.fbin")
            var bytes = try Data(contentsOf: base)
            bytes[bytes.count - 4] ^= 1
            try bytes.write(to: base)
            let changed = try await BunkoProcess.run(["dataset", "info", set])
            #expect(changed.code == 2 && changed.errors.contains("not the file that was generated"), "\(changed.errors)")
            try bytes.dropLast(1).write(to: base)
            let cut = try await BunkoProcess.run(["bench", "--dataset", set])
            #expect(cut.code == 2 && cut.errors.contains("base.fbin has"), "\(cut.errors)")
        }

        @Test(
            "What cannot be is refused by name",
            arguments: [
                (["dataset", "generate", "--rows", "0", "--out", "x"], 2, "--rows"),
                (["dataset", "generate", "--rows", "1", "--preset", "small", "--out", "x"], 2, "3large and ada"),
                (["dataset", "generate", "--rows", "1", "--out", "/proc/none/x"], 3, "/proc/none/x"),
                (["dataset", "info", "/nowhere"], 3, "/nowhere/base.fbin cannot be read"),
                (["bench", "--dataset", "/nowhere"], 3, "/nowhere/base.fbin cannot be read"),
                (["bench", "--dataset", "/nowhere", "--peers", "hnswlib,other"], 2, "\"other\""),
                (["bench", "--dataset", "/nowhere", "--threads", "0"], 2, "--threads"),
                (["bench", "--dataset", "/nowhere", "--scenarios", "all,other"], 2, "--scenarios"),
            ])
        func refusals(arguments: [String], code: Int32, message: String) async throws {
            let outcome = try await BunkoProcess.run(arguments)
            #expect(outcome.code == code && outcome.errors.contains(message), "\(outcome.code): \(outcome.errors)")
        }
    }
}
