public import Domain
public import Storage

/// Waits for files and jobs to reach their end.
public struct FileWatch: Sendable {
    private let database: Database
    private let events: ProcessingEvents

    public init(database: Database, events: ProcessingEvents) {
        self.database = database
        self.events = events
    }

    /// The file once it is done or failed, or as it stands when the time is over.
    public func file(_ id: FileID, scope: Scope, waiting limit: Duration) async throws -> StoredFile {
        let deadline = ContinuousClock.now + limit
        while true {
            // Listening begins before the look, so that an end in between is not missed.
            let finished = events.finished.values()
            let file = try await database.read(scope) { try await $0.file(id) }
            let left = deadline - ContinuousClock.now
            guard file.state == .pending || file.state == .processing, left > .zero else { return file }
            // Another instance may be the one that ends it, so the database is asked again every second.
            try await Self.wait(for: id, in: finished, atMost: min(left, .seconds(1)))
        }
    }

    /// The job once it is over, or as it stands when the time is over.
    public func job(_ id: JobID, scope: Scope, waiting limit: Duration) async throws -> ImportJob {
        let deadline = ContinuousClock.now + limit
        while true {
            let finished = events.finished.values()
            let job = try await database.read(scope) { try await $0.job(id) }
            let left = deadline - ContinuousClock.now
            guard !job.state.isOver, left > .zero else { return job }
            try await Self.wait(for: job.fileID, in: finished, atMost: min(left, .seconds(1)))
        }
    }

    private static func wait(for id: FileID, in finished: AsyncStream<FileID>, atMost limit: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await ended in finished where ended == id { return }
            }
            group.addTask { try await Task.sleep(for: limit) }
            try await group.next()
            group.cancelAll()
        }
    }
}
