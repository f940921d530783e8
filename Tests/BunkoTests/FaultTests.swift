import Foundation
import Glibc
import Testing

import struct TestSupport.SmallDisk

extension BinaryTests {
    @Suite("Faults", .serialized)
    struct FaultTests {
        private static let rows = """
            SELECT regexp_replace(f.source_path, '^.*/corpus/', '') || '#' || k.ordinal || '#' || md5(k.content)
            FROM knowledge_base k JOIN files f ON f.id = k.file_id ORDER BY 1
            """

        private func corpus(_ folder: TemporaryFolder, files: Int) throws {
            for index in 0..<files {
                let sections = (0..<6).map {
                    "## Section \($0)\n\nRule \(index)-\($0) says that item \(index * 7 + $0) is \($0) metres long.\n"
                }
                try folder.write("corpus/file-\(index).md", "# File \(index)\n\n" + sections.joined(separator: "\n"))
            }
        }

        @Test("Killed or stopped in the middle of an import, the next run ends with the rows of an undisturbed one")
        func interruptedImport() async throws {
            let folder = try TemporaryFolder()
            try corpus(folder, files: 150)
            let expected = try await TestService.with(data: folder.path("undisturbed")) { service in
                try await importAll(service, folder)
                return try await service.sql(Self.rows)
            }
            #expect(expected.count >= 150)
            for signal in [SIGKILL, SIGTERM] {
                let data = folder.path("signal-\(signal)")
                try await interrupt(data: data, folder, signal)
                try await TestService.with(data: data) { service in
                    try await importAll(service, folder)
                    let rows = try await service.sql(Self.rows)
                    #expect(rows == expected)
                    let open = try await service.sql("SELECT count(*) FROM files WHERE processing_state <> 'done'")
                    #expect(open == ["0"])
                }
            }
        }

        private func importAll(_ service: TestService, _ folder: TemporaryFolder) async throws {
            let outcome = try await BunkoProcess.run(
                ["import", folder.path("corpus"), "--assistant", "a", "--json", "--data", service.data])
            #expect(outcome.code == 0, "\(outcome.output) \(outcome.errors)")
        }

        private func interrupt(data: String, _ folder: TemporaryFolder, _ signal: Int32) async throws {
            let service = try await TestService.start(data: data)
            let client = try BunkoProcess.start(["import", folder.path("corpus"), "--assistant", "a", "--data", data])
            try await eventually("some files to be there") {
                let count = try await service.sql("SELECT count(*) FROM files").first.flatMap { Int($0) } ?? 0
                return count > 10
            }
            service.process.send(signal)
            let code = try await service.process.exitCode(within: .seconds(60))
            #expect(code == (signal == SIGKILL ? -SIGKILL : 0))
            #expect(try await client.exitCode(within: .seconds(120)) != 4, "\(client.errors)")
        }

        /// A session that is killed has the server end all others and recover; it lets nobody in until one that is stopped is killed too, after
        /// five seconds. They sleep so that they are there to be killed and stopped.
        @Test("A server that starts while its database recovers waits for it")
        func databaseRecovering() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("first")) { first in
                let sleepers = try (0..<2).map { _ in try first.startSQL("SELECT pg_sleep(600)") }
                var backends: [pid_t] = []
                try await eventually("two sessions to sleep") {
                    let listing = try await first.sql("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
                    backends = listing.compactMap { pid_t($0) }
                    return backends.count == 2
                }
                kill(try #require(backends.first), SIGSTOP)
                kill(try #require(backends.last), SIGKILL)
                try await eventually("the database to refuse") {
                    let attempt = try first.startSQL("SELECT 1")
                    return try await attempt.exitCode(within: .seconds(30)) != 0
                }
                let second = try await TestService.start(data: folder.path("second"), environment: ["DATABASE_URL": try first.databaseURL])
                #expect(second.process.errors.contains("waiting for the database"))
                #expect(try await second.stop() == 0)
                for sleeper in sleepers { #expect(try await sleeper.exitCode(within: .seconds(30)) != 0) }
            }
        }

        @Test("PostgreSQL killed: clear answers for a while, then everything as before, by itself")
        func databaseKilled() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                _ = try await service.makeAssistant("a")
                _ = try await service.uploadAndWait("one.txt", "The tram leaves at nine.", to: "a")
                let search = #"{"assistant":"a","query":"When does the tram leave?"}"#
                for round in 1...2 {
                    kill(try #require(service.postmaster).pid, SIGKILL)
                    try await eventually("an answer from the database", within: .seconds(60)) {
                        let answer = try await service.post("/v1/search", search)
                        guard answer.status != 200 else { return try answer.list("results").count >= 1 }
                        #expect(answer.status == 503, "\(answer.text)")
                        _ = try answer.problemCode()
                        return false
                    }
                    try await eventually("readiness") { try await service.get("/readyz").status == 200 }
                    let done = try await uploadWhenPossible(service, "after-\(round).txt", "The bus leaves at ten, round \(round).")
                    #expect(try done.string("state") == "done")
                }
            }
        }

        /// A write under way while the database died is not repeated by the service.
        private func uploadWhenPossible(_ service: TestService, _ name: String, _ text: String) async throws -> Answer {
            var taken: Answer?
            try await eventually("the upload to be taken", within: .seconds(60)) {
                let answer = try await service.upload(name, text, to: "a")
                guard answer.status != 503 else { return false }
                #expect(answer.status == 202, "\(answer.text)")
                taken = answer
                return true
            }
            return try await service.get("/v1/files/\(try #require(taken).string("id"))?wait=60")
        }

        @Test(
            "A full disk refuses the upload with a clear answer; with space freed the same upload goes through",
            .enabled(if: SmallDisk.isPossible, "only root may mount a small disk; ContentStoreTests have the refusals themselves"))
        func diskFull() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            try FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
            let disk = try SmallDisk(at: data, kibibytes: 200 * 1024)
            defer { disk.unmount() }
            try await TestService.with(data: data) { try await fillAndFree($0) }
        }

        private func fillAndFree(_ service: TestService) async throws {
            _ = try await service.makeAssistant("a")
            _ = try await service.uploadAndWait("before.txt", "The ferry leaves at noon.", to: "a")
            let ballast = "\(service.data)/ballast"
            try fill(ballast)
            let big = String(repeating: "A line of a document that does not fit. ", count: 20_000)
            let refused = try await service.upload("big.txt", big, to: "a")
            #expect(refused.status == 507, "\(refused.text)")
            #expect(try refused.problemCode().contains("disk_full"))
            try FileManager.default.removeItem(atPath: ballast)
            let done = try await uploadWhenPossible(service, "big.txt", big)
            #expect(try done.string("state") == "done", "\(done.text)")
        }

        /// Writes zeros until the disk takes no more.
        private func fill(_ path: String) throws {
            let file = try #require(fopen(path, "w"))
            defer { fclose(file) }
            let zeros = [UInt8](repeating: 0, count: 4096)
            while fwrite(zeros, 1, zeros.count, file) == zeros.count, fflush(file) == 0 {}
            #expect(errno == ENOSPC)
        }
    }
}
