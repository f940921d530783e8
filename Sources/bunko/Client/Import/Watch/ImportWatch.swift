import Domain
import Foundation

/// Imports what changes below the roots, until it is cancelled.
struct ImportWatch: Sendable {
    let pass: ImportPass
    /// Whether a line is a JSON object.
    let isJSON: Bool

    /// Runs `first`, and then imports each change. Changes that come while `first` runs are not lost.
    /// - Throws: when a root is gone, the key is refused, or `first` says so. Being cancelled afterwards is the way it ends.
    func run(_ first: @escaping @Sendable () async throws -> Void) async throws {
        let roots = pass.options.roots
        let watch = try await Blocking.run { _ in try FolderWatch(roots) }
        let (batches, sink) = AsyncStream.makeStream(of: FolderWatch.Batch.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await Blocking.run { interest in
                        var watch = watch
                        try watch.run(interest) { sink.yield($0) }
                    }
                } catch is CancellationError {
                    return
                }
            }
            group.addTask {
                try await first()
                if !pass.options.isQuiet { Output.note("Watching for changes; Ctrl-C ends it.") }
                do {
                    for await batch in batches { try await take(batch) }
                } catch is CancellationError {
                    return
                }
            }
            try await group.next()
            // Without one of them the other has nothing to do.
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func take(_ batch: FolderWatch.Batch) async throws {
        if batch.everything { return try await tell { await pass.run() } }
        if !batch.files.isEmpty { try await tell { await pass.run(files: batch.files) } }
        for path in batch.gone { try await takeGone(ExactPath(path)) }
    }

    /// Runs an import until the server answers: a watch outlives a restart.
    private func tell(_ run: () async -> ImportPass.Outcome) async throws {
        var backoff = Backoff()
        while true {
            let outcome = await run()
            for file in outcome.report.files where !(file.state == .unchanged && outcome.report.files.count > 1) { tell(Line(file)) }
            guard let stop = outcome.stop else { return }
            guard let problem = stop as? Problem, problem.code == APIClient.unreachable else { throw stop }
            Output.note("bunko: \(problem.detail) Trying again.")
            guard await backoff.wait() else { throw CancellationError() }
        }
    }

    private func takeGone(_ path: ExactPath) async throws {
        let gone = pass.inventory.files { $0 == path || $0.names(below: path.text) != nil }
        for (path, file) in gone where pass.options.roots.contains(where: { $0.covers(path) }) {
            if let why = try await reasonToKeep(path) {
                tell(Line(path: path.text, state: "kept", chunks: file.chunks, reason: why))
            } else {
                tell(Line(try await pass.remove(path, file)))
            }
        }
    }

    /// Why a file that is gone from the folder stays in the knowledge; nil when it does not.
    private func reasonToKeep(_ path: ExactPath) async throws -> String? {
        let options = pass.options
        guard options.sync else { return "The file is gone; with --sync it would be removed." }
        if options.allowEmpty { return nil }
        let roots = options.roots.filter { $0.covers(path) }
        let isEmpty = try await Blocking.run { _ in roots.contains { root in !FolderWalk.hasFiles(root) } }
        return isEmpty ? "No file is left, which may be a disk that is not mounted; with --allow-empty it would be removed." : nil
    }

    /// What a change came to.
    private struct Line: Encodable {
        let path: String
        let state: String
        let chunks: Int
        let reason: String?

        init(path: String, state: String, chunks: Int, reason: String?) {
            self.path = path
            self.state = state
            self.chunks = chunks
            self.reason = reason
        }

        init(_ file: ImportReport.File) {
            let reason = [file.reason, file.remedy].compactMap(\.self).joined(separator: " ")
            self.init(path: file.path, state: file.state.rawValue, chunks: file.chunks, reason: reason.isEmpty ? nil : reason)
        }
    }

    private func tell(_ line: Line) {
        // A line of texts and a number always encodes.
        if isJSON {
            try? Output.json(line)
        } else {
            Output.line("\(line.state) \(line.path) (\(line.reason ?? Readable.count(line.chunks, "passage")))")
        }
    }
}
