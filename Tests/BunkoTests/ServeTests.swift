import Foundation
import Glibc
import Testing

/// One suite for everything that starts servers, so that never more than one test loads the machine.
@Suite("The binary", .serialized)
struct BinaryTests {}

extension BinaryTests {
    @Suite("serve", .serialized)
    struct ServeTests {
        @Test("What was used is written down before the server ends")
        func usageAtShutdown() async throws {
            let folder = try TemporaryFolder()
            try await TestService.with(data: folder.path("data")) { service in
                _ = try await service.makeAssistant("a")
                for number in 0..<5 {
                    let found = try await service.post("/v1/search", #"{"assistant":"a","query":"ferry \#(number)"}"#)
                    #expect(found.status == 200)
                }
            }
            try await TestService.with(data: folder.path("data")) { service in
                let rows = try await service.get("/v1/usage").list("data")
                #expect(rows.count == 5)
            }
        }

        @Test("Starts, tells where, refuses a second one, ends cleanly, and keeps its data")
        func life() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path("data")
            var postgres: pid_t = 0
            try await TestService.with(data: data) { service in
                #expect(try await service.get("/health", key: "").status == 200)
                let ready = try await service.get("/readyz", key: "").object()
                #expect(ready["status"] as? String == "ready")
                try checkServerFile(service)
                _ = try await service.makeAssistant("kept")
                postgres = try #require(service.postmaster).pid
                try await checkSecondIsRefused(service)
            }
            #expect(FileManager.default.fileExists(atPath: "\(data)/server.json") == false)
            #expect(kill(postgres, 0) == -1, "PostgreSQL outlived its server")
            try await TestService.with(data: data) { service in
                let kept = try await service.get("/v1/assistants/kept")
                #expect(try kept.string("name") == "kept")
            }
        }

        private func checkServerFile(_ service: TestService) throws {
            let path = "\(service.data)/server.json"
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let file = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any])
            #expect(file["address"] as? String == service.address)
            #expect(file["pid"] as? Int32 == service.process.pid)
        }

        private func checkSecondIsRefused(_ service: TestService) async throws {
            let second = try await BunkoProcess.run(["serve", "--port", "0", "--data", service.data])
            #expect(second.code == 3)
            #expect(second.errors.contains("\(service.process.pid)"), "\(second.errors)")
            #expect(try await service.get("/readyz").status == 200)
            #expect(FileManager.default.fileExists(atPath: "\(service.data)/server.json"))
        }

        @Test("A termination at any moment of the start leaves nothing running")
        func earlyTermination() async throws {
            let folder = try TemporaryFolder()
            for delay in [Duration.milliseconds(300), .milliseconds(1_500)] {
                let process = try BunkoProcess.start(["serve", "--port", "0", "--json", "--data", folder.path("data")])
                try await Task.sleep(for: delay)
                process.send(SIGTERM)
                _ = try await process.exitCode(within: .seconds(60))
            }
            try await eventually("PostgreSQL to be gone", within: .seconds(30)) { !isAnythingRunning(in: folder.path) }
            let after = try await TestService.start(data: folder.path("data"))
            #expect(try await after.stop() == 0)
        }

        @Test("A port that is taken is the environment's fault and names the way out")
        func portTaken() async throws {
            let folder = try TemporaryFolder()
            let taken = try await TestService.start(data: folder.path("one"))
            let port = try #require(URL(string: taken.address)?.port)
            let second = try await BunkoProcess.run(["serve", "--port", "\(port)", "--data", folder.path("two")])
            #expect(second.code == 3, "\(second.errors)")
            #expect(second.errors.contains("\(port)"), "\(second.errors)")
            #expect(try await taken.stop() == 0)
            #expect(isAnythingRunning(in: folder.path) == false)
        }
    }
}

/// Whether a process names this folder on its command line or works in it.
func isAnythingRunning(in folder: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.contains { name in
        guard let pid = pid_t(name), pid != getpid() else { return false }
        // A zombie has an empty command line and no work folder any more.
        let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let place = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
        return command.contains(folder) || place.hasPrefix(folder)
    }
}
