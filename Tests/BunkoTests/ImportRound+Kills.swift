import Foundation
import Glibc
import Testing

extension ImportRound {
    func carryOut(_ kill: Kill) async throws {
        let isDone =
            switch kill {
            case .server: try await killServer()
            case .reader: try await killReader()
            case .client: try await killClient()
            case .postmaster: killPostmaster()
            case .backend: try await withSession { Glibc.kill($0, SIGKILL) == 0 }
            case .session: try await withSession { try await service.sql("SELECT pg_terminate_backend(\($0))") == ["t"] }
            }
        if isDone { killed[kill, default: 0] += 1 }
    }

    /// The one that comes after it listens elsewhere and has another key, so its importer is given up, too; and before, for one that was just
    /// starting finds no server and takes the data folder itself.
    private func killServer() async throws -> Bool {
        service.process.send(SIGKILL)
        #expect(try await service.process.exitCode(within: .seconds(30)) == -SIGKILL)
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...500, using: &random)))
        client?.send(SIGTERM)
        _ = try await client?.exitCode(within: .seconds(60))
        service = try await TestService.start(data: data, environment: environment)
        return true
    }

    private func killClient() async throws -> Bool {
        guard let client, client.isRunning else { return false }
        client.send(SIGKILL)
        return try await client.exitCode(within: .seconds(30)) == -SIGKILL
    }

    private func killPostmaster() -> Bool {
        guard let postmaster = service.postmaster else { return false }
        return Glibc.kill(postmaster.pid, SIGKILL) == 0
    }

    /// Lends the process behind a session in which the worker is at work, or could be.
    private func withSession(_ end: (pid_t) async throws -> Bool) async throws -> Bool {
        var isDone = false
        // A database that was killed a moment ago is on its way up, and sessions come and go.
        try await eventually("a session of the worker to be ended") {
            let listing = try service.startSQL(
                """
                SELECT pid FROM pg_stat_activity WHERE usename = 'bunko_worker' AND datname = 'bunko'
                ORDER BY state = 'idle', random() LIMIT 1
                """)
            guard try await listing.exitCode(within: .seconds(60)) == 0 else { return false }
            guard let pid = listing.output.split(separator: "\n").first.flatMap({ pid_t($0) }) else { return false }
            isDone = try await end(pid)
            return isDone
        }
        return isDone
    }

    /// Kills a process that reads a document which nothing has happened to yet: three times would be the end of it.
    private func killReader() async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(5)
        let interrupted = try service.startSQL(
            "SELECT f.file_name FROM jobs j JOIN files f ON f.id = j.file_id WHERE j.interruptions > 0")
        guard try await interrupted.exitCode(within: .seconds(60)) == 0 else { return false }
        let spared = interrupted.output.split(separator: "\n")
        while ContinuousClock.now < deadline {
            for reader in readers() where reader.request.contains("read-document") {
                if spared.contains(where: { reader.request.contains("\"\($0)\"") }) { continue }
                if Glibc.kill(reader.pid, SIGKILL) == 0 { return true }
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        return false
    }

    /// The processes that have a file of this import as their standard input, with what the readers among them were asked.
    func readers() -> [(pid: pid_t, request: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { name in
            guard let pid = pid_t(name),
                let input = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/fd/0"), input.hasPrefix(own + "/"),
                let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
            else { return nil }
            return (pid, String(decoding: line, as: UTF8.self))
        }
    }
}
