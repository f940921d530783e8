import Domain
import Foundation

/// Waits for the ends of outstanding files: events tell of them at once where the server has them, and asking is the truth.
struct ResultWatch: Sendable {
    let client: APIClient
    let outstanding: OutstandingFiles
    let progress: ImportProgress
    let batch: String
    let patience: Patience
    /// Called once for each entry.
    let onEnd: @Sendable (OutstandingFiles.Entry, Ending) -> Void

    /// Questions under way at a time, each waiting on the server for an end.
    private static let lanes = 4

    /// Ends when nothing is outstanding and nothing more will be.
    func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await followEvents()
                return false
            }
            for _ in 0..<Self.lanes {
                group.addTask {
                    try await ask()
                    return true
                }
            }
            var ended = 0
            while ended < Self.lanes, let isLane = try await group.next() {
                if isLane { ended += 1 }
            }
            group.cancelAll()
        }
    }

    private func ask() async throws {
        while true {
            switch outstanding.next() {
            case .never: return
            // Nobody is waiting for an answer that is this late; a signal would have to come from three sides.
            case .later: try await Task.sleep(for: .milliseconds(20))
            case .ask(let entry):
                let ending = try await ending(of: entry)
                take(ending, of: entry)
                if case .open = ending { outstanding.giveBack(entry) }
            }
        }
    }

    private func take(_ ending: Ending, of entry: OutstandingFiles.Entry) {
        if case .open(let step) = ending { return progress.move(entry.candidate.index, to: step) }
        if outstanding.remove(entry) { onEnd(entry, ending) }
    }

    private func ending(of entry: OutstandingFiles.Entry) async throws -> Ending {
        do {
            if let job = entry.jobID {
                let answer: JobAnswer = try await patience { try await client.get(APIClient.path("jobs", job), query: ["wait": "10"]) }
                return Ending(answer)
            }
            let file: FileAnswer = try await patience {
                try await client.get(APIClient.path("files", entry.fileID), query: ["wait": "10"])
            }
            return Ending(file)
        } catch let failure as APIClient.Failure where failure.status == 404 {
            return .failed(
                code: "file_deleted", reason: "The file was deleted on the server while it was processed.", remedy: "Import again.")
        }
    }

    /// Connects again behind the last event when the connection breaks; a server without events is asked alone.
    private func followEvents() async {
        var backoff = Backoff()
        var lastID: String?
        repeat {
            do {
                try await client.events(
                    "/v1/jobs/events", query: ["batch": batch], lastID: lastID, onOpen: { outstanding.hearEvents(true) }
                ) { event in
                    backoff.reset()
                    if let id = event.id { lastID = id }
                    if event.name == "job" { hear(event.data) }
                }
            } catch let failure as APIClient.Failure where [403, 404, 405].contains(failure.status) {
                return
            } catch {
                // A broken connection is made anew; if the server is away, those who ask say so.
            }
            outstanding.hearEvents(false)
        } while await backoff.wait()
    }

    private func hear(_ data: String) {
        guard let job = try? JSONDecoder().decode(JobAnswer.self, from: Data(data.utf8)) else { return }
        let ending = Ending(job)
        let isFinal = if case .open = ending { false } else { true }
        if let entry = outstanding.entry(ofJob: job, isFinal: isFinal) { take(ending, of: entry) }
    }
}
