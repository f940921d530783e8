import Foundation
import Testing

import struct TestSupport.MixedFolder

extension BinaryTests {
    /// Imports while everything they need is killed. `BUNKO_SOAK=30` asks for as many rounds with many files, `BUNKO_SOAK_SEED` for
    /// those of a seed that was told.
    @Suite("Crashes during an import", .serialized)
    struct CrashTests {
        private static let environment = ProcessInfo.processInfo.environment
        private static let rounds = environment["BUNKO_SOAK"].flatMap { Int($0) }
        private static let seed = environment["BUNKO_SOAK_SEED"].flatMap { UInt64($0) } ?? 20_251

        @Test("Whatever is killed, every file ends as in an undisturbed import, and next to nothing is paid for twice")
        func kills() async throws {
            let isSoak = Self.rounds != nil
            print("crashes: BUNKO_SOAK_SEED=\(Self.seed)")
            let folder = try TemporaryFolder()
            let files = MixedFolder(count: isSoak ? 500 : 80, seed: Self.seed)
            try files.write(to: folder.path("corpus"))
            let undisturbed = try await ImportRound(folder, name: "undisturbed", files, seed: Self.seed)
            let expected = try await undisturbed.run(kills: [], expecting: nil)
            #expect(expected.failures == undisturbed.expectedFailures)
            #expect(expected.paid.count == Set(expected.paid).count)
            for round in 1...(Self.rounds ?? 1) {
                let seed = Self.seed + UInt64(round)
                let disturbed = try await ImportRound(folder, name: "round \(round)", files, seed: seed)
                let kills: [Kill] = isSoak ? Kill.allCases + [.server, .reader] : Kill.allCases.filter { $0 != .backend }
                let outcome = try await disturbed.run(kills: kills, expecting: expected)
                #expect(outcome.failures == expected.failures)
                #expect(outcome.files == expected.files)
                #expect(outcome.passages == expected.passages)
                #expect(Set(outcome.paid) == Set(expected.paid))
                // What a server was asking for when it was killed is lost, 32 texts in each lane; nothing else is.
                let servers = disturbed.killed[.server] ?? 0
                #expect(outcome.paid.count - expected.paid.count <= servers * ImportRound.lanes * 32)
                if isSoak { #expect(Double(outcome.paid.count) <= Double(expected.paid.count) * 1.02) }
            }
        }
    }
}
