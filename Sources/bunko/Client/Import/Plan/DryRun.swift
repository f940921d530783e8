import Domain
import Foundation
import Synchronization

/// Tells what an import would do and what it would cost, and changes nothing.
struct DryRun: Sendable {
    let options: ImportOptions
    let limits: LimitsAnswer
    let inventory: Inventory
    let preview: DocumentPreview
    private let details = Details()

    /// What is known of a file beyond its line of the report.
    private struct Detail: Sendable {
        let action: DryRunReport.Action
        let tokens: Int?
        let chunks: Int?
    }

    private final class Details: Sendable {
        let byIndex = Mutex<[Int: Detail]>([:])
    }

    /// Documents cut at a time: each may be as large as an upload may be, and takes several times its size.
    private static let width = 2

    /// - Parameter preview: made of what the server tells.
    init(
        _ options: ImportOptions, _ client: APIClient, preview: (LimitsAnswer) async throws -> DocumentPreview
    ) async throws {
        self.options = options
        let found = try await ImportTarget.find(options.assistant, client, mayMake: false)
        limits = try await client.get("/v1/limits")
        self.preview = try await preview(limits)
        inventory = try await Inventory.read(found.target, client)
    }

    func run() async throws -> DryRunReport {
        let start = ContinuousClock.now
        let progress = ImportProgress()
        let ledger = ImportLedger(progress: progress)
        if options.isQuiet {
            try await examineAll(ledger, progress)
        } else {
            async let _: Void = ProgressDisplay(progress: progress).run()
            try await examineAll(ledger, progress)
        }
        return report(ledger, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    private func examineAll(_ ledger: ImportLedger, _ progress: ImportProgress) async throws {
        let candidates = try await Blocking.run { interest in
            var candidates: [ImportLedger.Candidate] = []
            try ledger.walk(options, interest) { candidates.append($0) }
            return candidates
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (count, candidate) in candidates.enumerated() {
                if count >= Self.width { try await group.next() }
                group.addTask {
                    progress.move(candidate.index, to: .extracting)
                    ledger.end(candidate.index, try await examine(candidate))
                }
            }
            try await group.waitForAll()
        }
    }

    private func examine(_ candidate: ImportLedger.Candidate) async throws -> ImportReport.File {
        do {
            let read = try await LocalContent.read(candidate.path, limits)
            let standing = inventory[ExactPath(candidate.path)]
            if let standing, standing.isUnchanged(read.file.digest, tags: options.tags) {
                note(candidate, Detail(action: .unchanged, tokens: 0, chunks: standing.chunks))
                return ImportReport.File(path: candidate.path, state: .unchanged, chunks: standing.chunks)
            }
            let figures = try await figures(read)
            note(candidate, Detail(action: standing == nil ? .add : .replace, tokens: figures?.tokens, chunks: figures?.chunks))
            return ImportReport.File(path: candidate.path, state: .done, chunks: figures?.chunks ?? 0)
        } catch let fault as FileFault {
            return ImportReport.File(path: candidate.path, fault)
        }
    }

    private func note(_ candidate: ImportLedger.Candidate, _ detail: Detail) {
        details.byIndex.withLock { $0[candidate.index] = detail }
    }

    private func figures(_ read: LocalFile.Read) async throws -> DocumentPreview.Figures? {
        let file = read.file
        let bytes =
            if let bytes = read.bytes { bytes } else { try await Blocking.run { _ in try file.part(offset: 0, count: file.size) } }
        return try await preview.figures(bytes, (file.path as NSString).lastPathComponent)
    }

    private func report(_ ledger: ImportLedger, seconds: Double) -> DryRunReport {
        let details = details.byIndex.withLock(\.self)
        var files = ledger.ended.map { index, file in
            let detail = details[index]
            return DryRunReport.File(
                path: file.path, action: detail?.action ?? .fail, chunks: detail?.chunks, tokens: detail?.tokens, reason: file.reason,
                code: file.code)
        }
        var kept = 0
        if options.sync {
            let plan = RemovalPlan(options, inventory: inventory, ledger: ledger)
            kept = plan.kept
            files += plan.refused.map { .init(path: $0.path, action: .fail, chunks: nil, tokens: nil, reason: $0.reason, code: $0.code) }
            files += plan.removable.map {
                .init(path: $0.path.text, action: .remove, chunks: $0.file.chunks, tokens: 0, reason: nil, code: nil)
            }
        }
        return DryRunReport(
            files: files, kept: kept, embedding: limits.embedding, isEstimated: !preview.isExact, seconds: seconds)
    }
}
