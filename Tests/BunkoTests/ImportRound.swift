import Foundation
import Glibc
import Testing

import struct TestSupport.MixedFolder
import struct TestSupport.SeededGenerator

/// What is killed.
enum Kill: String, CaseIterable, Sendable {
    case server, reader, client
    /// PostgreSQL's main process, one of its backends (with which PostgreSQL starts all others again), or the session behind one.
    case postmaster, backend, session
}

/// One import into a data folder of its own.
final class ImportRound {
    struct Outcome {
        /// `path: code` of the files that failed, as the importer told it.
        var failures: [String] = []
        /// The rows of files, and those of their passages.
        var files: [String] = []
        var passages: [String] = []
        /// Digests of the texts that were paid for, in all calls.
        var paid: [Substring] = []
    }

    /// Files processed at a time.
    static let lanes = 2

    /// As in an outcome.
    let expectedFailures: [String]
    var killed: [Kill: Int] = [:]
    /// The folder of all that belongs to this import alone.
    let own: String
    private let name: String
    let folder: TemporaryFolder
    let data: String
    let ledger: String
    let environment: [String: String]
    private let fileCount: Int
    var random: SeededGenerator
    var service: TestService
    var client: BunkoProcess.Running?
    private var runs = 0
    /// The report of the run that came to its end.
    private(set) var report: [String: Any]?

    init(_ parent: TemporaryFolder, name: String, _ files: MixedFolder, seed: UInt64) async throws {
        self.name = name
        folder = parent
        own = parent.path(name.replacing(" ", with: "-"))
        data = own + "/data"
        ledger = own + "/ledger"
        for path in [own, own + "/tmp"] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        }
        environment = [
            "BUNKO_FAULT_COSTLY_EMBEDDER": ledger, "BUNKO_INGESTION_CONCURRENCY": "\(Self.lanes)", "TMPDIR": own + "/tmp",
        ]
        fileCount = files.files.count
        expectedFailures = files.files.compactMap { file in file.failure.map { "\(file.path): \($0)" } }.sorted()
        random = SeededGenerator(seed: seed)
        service = try await TestService.start(data: data, environment: environment)
    }

    /// Imports to the end, kills meanwhile, and looks whether all is well.
    /// - Parameter expected: what an undisturbed import came to.
    func run(kills: [Kill], expecting expected: Outcome?) async throws -> Outcome {
        let start = ContinuousClock.now
        do {
            let texts = Double(expected?.paid.count ?? 0)
            let moments = kills.map { _ in Double.random(in: 0.01...0.93, using: &random) }.sorted()
            for (kill, moment) in zip(kills.shuffled(using: &random), moments) {
                guard try await advance(toTexts: Int(texts * moment)) else { break }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...300, using: &random)))
                try await carryOut(kill)
            }
            _ = try await advance(toTexts: nil)
            let outcome = try await outcome()
            try await checkLeftovers()
            #expect(try await service.stop() == 0)
            tell(outcome, expected, ContinuousClock.now - start)
            try FileManager.default.removeItem(atPath: data)
            return outcome
        } catch {
            client?.send(SIGKILL)
            if service.process.isRunning { _ = try? await service.stop() }
            throw error
        }
    }

    private func tell(_ outcome: Outcome, _ expected: Outcome?, _ time: Duration) {
        let kinds = Kill.allCases.compactMap { kind in killed[kind].map { "\(kind) \($0)" } }.joined(separator: ", ")
        let extra = expected.map { Double(outcome.paid.count - $0.paid.count) / Double($0.paid.count) * 100 } ?? 0
        print(
            "crashes, \(name): killed \(kinds.isEmpty ? "nothing" : kinds); \(fileCount) files (\(outcome.failures.count) failed as they must), "
                + "\(outcome.passages.count) passages, \(outcome.paid.count) texts paid for (+\(String(format: "%.2f", extra)) %), "
                + "\(runs) runs of the importer, \(String(format: "%.1f", time / .seconds(1))) s")
    }

    // MARK: - The import

    /// Lets the import go on until so many texts are paid for, or to its end when nil is given. An importer that gave up is started anew.
    /// - Returns: false when the import is over.
    private func advance(toTexts target: Int?) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(600)
        while report == nil, ContinuousClock.now < deadline {
            guard let running = client else {
                runs += 1
                client = try BunkoProcess.start(["import", folder.path("corpus"), "--assistant", "a", "--json", "--data", data])
                continue
            }
            guard running.isRunning else {
                try take(running, code: try await running.exitCode(within: .seconds(1)))
                continue
            }
            if let target, paidBytes() >= target * 65 { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        try #require(report != nil, "the import did not come to its end in ten minutes")
        return false
    }

    private func take(_ ended: BunkoProcess.Running, code: Int32) throws {
        client = nil
        // Other codes: the server was away, or has a new key since it came back.
        guard [0, 1].contains(code) else {
            #expect([-SIGKILL, -SIGTERM, 2, 3].contains(code), "exit code \(code): \(ended.errors.suffix(2_000))")
            return
        }
        report = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended.errors)")
    }

    /// A digest and what parts it from the next take 65 bytes.
    private func paidBytes() -> Int {
        (try? FileManager.default.attributesOfItem(atPath: ledger)[.size] as? Int) ?? 0
    }
}
