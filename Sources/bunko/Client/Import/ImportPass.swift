import Domain
import Foundation

/// One way through everything an import was given: walk, upload, wait for the ends, and remove what is gone.
struct ImportPass: Sendable {
    let client: APIClient
    let options: ImportOptions
    let found: ImportTarget.Found
    let limits: LimitsAnswer
    let inventory: Inventory
    let patience: Patience

    /// What a pass came to, also when it was stopped.
    struct Outcome: Sendable {
        let report: ImportReport
        /// Why it did not come to its end.
        let stop: (any Error)?
    }

    /// Reads what the server has, and makes a missing assistant.
    static func prepared(_ options: ImportOptions, _ client: APIClient, patience: Patience = Patience()) async throws -> ImportPass {
        let found = try await ImportTarget.find(options.assistant, client, mayMake: true)
        if let made = found.made, !options.isQuiet { Output.note("Created the assistant \"\(made)\".") }
        return ImportPass(
            client: client, options: options, found: found, limits: try await client.get("/v1/limits"),
            inventory: try await Inventory.read(found.target, client), patience: patience)
    }

    /// Imports all files below the roots. A failure of one stands in the report; what ends everything (an interruption, a server that is
    /// gone, a key that is refused) stands beside it.
    func run() async -> Outcome {
        await run(removing: options.sync) { work in
            try work.ledger.walk(options, work.interest) { work.candidates.add($0) }
        }
    }

    /// Imports these files alone, and removes nothing.
    func run(files: [String]) async -> Outcome {
        await run(removing: false) { work in
            for path in files {
                if let candidate = work.ledger.take(.file(path), root: 0) { work.candidates.add(candidate) }
            }
        }
    }

    /// Where a walk leaves what it finds.
    private struct Walking: Sendable {
        let ledger: ImportLedger
        let candidates: CandidateQueue
        let interest: Blocking.Interest
    }

    private func run(removing: Bool, _ walk: @escaping @Sendable (Walking) throws -> Void) async -> Outcome {
        let start = ContinuousClock.now
        let progress = ImportProgress()
        let ledger = ImportLedger(progress: progress)
        var stop: (any Error)?
        do {
            try await showing(progress) { try await work(ledger, progress, walk) }
            if removing { try await Removal(pass: self, ledger: ledger).run() }
        } catch {
            stop = Task.isCancelled ? CancellationError() : error
        }
        let report = ledger.report(
            seconds: (ContinuousClock.now - start) / .seconds(1), createdAssistant: found.made, interrupted: stop != nil)
        return Outcome(report: report, stop: stop)
    }

    private func showing(_ progress: ImportProgress, _ work: () async throws -> Void) async throws {
        guard !options.isQuiet else { return try await work() }
        async let _: Void = ProgressDisplay(progress: progress).run()
        try await work()
    }

    private func work(
        _ ledger: ImportLedger, _ progress: ImportProgress, _ walk: @escaping @Sendable (Walking) throws -> Void
    ) async throws {
        let outstanding = OutstandingFiles()
        let batch = UUID().uuidString.lowercased()
        let transfer = FileTransfer(
            client: client, target: found.target, tags: options.tags, retryFailed: options.retryFailed, batch: batch, progress: progress,
            patience: patience)
        let line = ImportLine(
            transfer: transfer, limits: limits, inventory: inventory, ledger: ledger, outstanding: outstanding, progress: progress,
            width: options.jobs)
        let results = ResultWatch(
            client: client, outstanding: outstanding, progress: progress, batch: batch, patience: patience,
            onEnd: { line.end($0, $1) })
        let candidates = CandidateQueue()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { candidates.finish() }
                try await Blocking.run { interest in try walk(Walking(ledger: ledger, candidates: candidates, interest: interest)) }
            }
            group.addTask { try await line.run(candidates) }
            group.addTask { try await results.run() }
            try await group.waitForAll()
        }
    }
}
