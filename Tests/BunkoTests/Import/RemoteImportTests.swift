import Crypto
import Domain
import Foundation
import Glibc
import TestSupport
import Testing

extension BinaryTests {
    /// The command against a service that behaves as a test wants it to.
    @Suite("Import into a server elsewhere", .serialized)
    struct RemoteImportTests {
        private func start(
            _ folder: TemporaryFolder, _ server: StubServer, _ arguments: [String] = []
        ) throws -> BunkoProcess.Running {
            try BunkoProcess.start(
                ["import", folder.path("docs"), "--assistant", "a", "--server", server.address, "--key", "bk_x", "--json"] + arguments,
                environment: ["XDG_STATE_HOME": folder.path("state")])
        }

        private func run(_ folder: TemporaryFolder, _ server: StubServer, expecting code: Int32 = 0) async throws -> ImportTold {
            let process = try start(folder, server)
            #expect(try await process.exitCode(within: .seconds(60)) == code, "\(process.errors)")
            return try ImportTold(process.output)
        }

        private func smallFiles(_ folder: TemporaryFolder, _ count: Int) throws {
            for index in 0..<count { try folder.write("docs/f\(index).md", "File \(index).") }
        }

        @Test("Ends come from events, from one connection and the next, and early ones wait for their upload")
        func events() async throws {
            let folder = try TemporaryFolder()
            try smallFiles(folder, 12)
            let service = FakeService(.init(failing: ["f3.md": "locked"]))
            let server = try await service.start()
            let told = try await run(folder, server, expecting: 1)
            #expect(told.states.values.count { $0 == "done" } == 11)
            #expect(told.totals["chunks"] == 22)
            #expect(told.files["f3.md"]?["reason"] as? String == "locked: No good.")
            #expect(told.files["f3.md"]?["code"] as? String == "locked")
            #expect(told.files["f3.md"]?["remedy"] as? String == "Mend it.")
            let seen = service.state.withLock(\.lastEventIDs)
            #expect(seen.first == .some(nil))
            #expect(seen.dropFirst().allSatisfy { $0 == "1" }, "\(seen)")
            try await server.stop()
        }

        @Test("Where events are silent or not there, asking is the truth", arguments: [true, false])
        func asking(hasEvents: Bool) async throws {
            let folder = try TemporaryFolder()
            try smallFiles(folder, 5)
            let service = FakeService(.init(hasEvents: hasEvents, eventsTell: false))
            let server = try await service.start()
            let told = try await run(folder, server)
            #expect(told.totals["done"] == 5)
            #expect(service.count("GET /v1/jobs/job-") >= 5)
            try await server.stop()
        }

        @Test("A server that is busy is asked again when it says so")
        func busy() async throws {
            let folder = try TemporaryFolder()
            try smallFiles(folder, 4)
            let service = FakeService(.init(refusals: 3))
            let server = try await service.start()
            let start = ContinuousClock.now
            let told = try await run(folder, server)
            #expect(ContinuousClock.now - start >= .seconds(1))
            #expect(told.totals["done"] == 4)
            #expect(service.count("POST /v1/files") == 7)
            try await server.stop()
        }

        private func largeFile(_ folder: TemporaryFolder) throws -> [UInt8] {
            // 20 MiB that differ from part to part.
            let bytes = (0..<20 << 20).map { UInt8(truncatingIfNeeded: ($0 >> 12) &+ $0) | 1 }
            try folder.write("docs/large.txt", bytes)
            return bytes
        }

        @Test("A large file goes in parts; interrupted, the next run goes on where the server stands")
        func resumption() async throws {
            let folder = try TemporaryFolder()
            let bytes = try largeFile(folder)
            let service = FakeService(.init(cutParts: 2...1_000_000))
            let server = try await service.start()
            let process = try start(folder, server, ["--report", folder.path("report.json")])
            try await eventually("the second part to be sent") { service.state.withLock { $0.partsTaken >= 2 } }
            process.send(SIGINT)
            #expect(try await process.exitCode(within: .seconds(20)) == 3, "\(process.errors)")
            #expect(process.errors.contains("run the same command again"))
            let written = try ImportTold(String(contentsOfFile: folder.path("report.json"), encoding: .utf8))
            #expect(written.object["interrupted"] as? Bool == true)
            #expect(written.totals["open"] == 1)

            service.conduct.withLock { $0.cutParts = nil }
            let before = service.state.withLock(\.partsTaken)
            let told = try await run(folder, server)
            #expect(told.totals["done"] == 1)
            #expect(service.count("POST /v1/uploads") - service.count("POST /v1/uploads/up-0/complete") == 1, "it was begun once")
            #expect(service.state.withLock(\.partsTaken) - before == 2, "the first part is not sent again")
            #expect(service.state.withLock { $0.files[folder.path("docs/large.txt")] } == SHA256.hash(data: bytes).hexadecimal)
            let notes = try FileManager.default.contentsOfDirectory(atPath: folder.path("state/bunko/uploads"))
            #expect(notes.isEmpty, "what is done needs no note")
            try await server.stop()
        }

        @Test("A part whose answer is lost is not sent twice")
        func lostAnswer() async throws {
            let folder = try TemporaryFolder()
            let bytes = try largeFile(folder)
            let service = FakeService(.init(cutParts: 2...2, takesPartBeforeCut: true))
            let server = try await service.start()
            let told = try await run(folder, server)
            #expect(told.totals["done"] == 1)
            #expect(service.state.withLock { $0.files[folder.path("docs/large.txt")] } == SHA256.hash(data: bytes).hexadecimal)
            #expect(service.state.withLock(\.partsTaken) == 3)
            try await server.stop()
        }

        @Test("An upload the server has forgotten is begun anew")
        func forgotten() async throws {
            let folder = try TemporaryFolder()
            _ = try largeFile(folder)
            let service = FakeService(.init(cutParts: 2...1_000_000))
            let server = try await service.start()
            let process = try start(folder, server)
            try await eventually("the second part to be sent") { service.state.withLock { $0.partsTaken >= 2 } }
            process.send(SIGTERM)
            #expect(try await process.exitCode(within: .seconds(20)) == 3)
            service.conduct.withLock { $0.cutParts = nil }
            service.state.withLock { $0.uploads = [:] }
            #expect(try await run(folder, server).totals["done"] == 1)
            try await server.stop()
        }
    }
}

/// A report as a test reads it.
struct ImportTold {
    let object: [String: Any]
    /// By file name.
    let files: [String: [String: Any]]
    let totals: [String: Int]

    init(_ text: String) throws {
        object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "no report: \(text)")
        let listed = try #require(object["files"] as? [[String: Any]])
        files = Dictionary(
            listed.map { ((($0["path"] as? String ?? "") as NSString).lastPathComponent, $0) }, uniquingKeysWith: { first, _ in first })
        totals = try #require(object["totals"] as? [String: Int])
    }

    var states: [String: String] { files.mapValues { $0["state"] as? String ?? $0["action"] as? String ?? "" } }
}
