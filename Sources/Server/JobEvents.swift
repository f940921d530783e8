import Domain
import Foundation
import HTTPTypes
import Storage

/// The changes of jobs, as the text of server-sent events (WHATWG HTML, 9.2).
///
/// Changes are found by their time, which is that of the statement and a little before that of the commit: so the last seconds are looked
/// at again each time, and what was sent is remembered for as long.
struct JobEvents {
    struct Filter: Sendable {
        let batch: String?
        let shared: Bool
    }

    private let database: Database
    private let scope: Scope
    private let filter: Filter
    private var since: Date
    private var sent: [JobID: Date] = [:]

    /// How late a commit may be seen after its statement.
    private static let lateness: TimeInterval = 3
    private static let pageSize = 1_000

    /// - Parameter since: changes after it are told.
    init(database: Database, scope: Scope, filter: Filter, since: Date) {
        self.database = database
        self.scope = scope
        self.filter = filter
        self.since = since
    }

    /// The events since the last call, the earliest first; each ends with a blank line.
    mutating func next() async throws -> [String] {
        var events: [String] = []
        var from = since.addingTimeInterval(-Self.lateness)
        var page: [ImportJob]
        repeat {
            page = try await database.read(scope) { [filter, from] transaction in
                try await transaction.changedJobs(since: from, shared: filter.shared, batch: filter.batch, limit: Self.pageSize)
            }
            for job in page where sent[job.id].map({ $0 < job.updatedAt }) ?? true {
                sent[job.id] = job.updatedAt
                events.append(Self.text(of: job))
            }
            from = page.last?.updatedAt ?? from
        } while page.count == Self.pageSize
        since = max(since, from)
        let horizon = since.addingTimeInterval(-2 * Self.lateness)
        sent = sent.filter { $0.value > horizon }
        return events
    }

    /// The id is the time of the change in microseconds.
    private static func text(of job: ImportJob) -> String {
        let id = Int(job.updatedAt.timeIntervalSince1970 * 1_000_000)
        return "event: job\nid: \(id)\ndata: \(String(buffer: JSON.encode(JobBody(job))))\n\n"
    }
}

extension AsyncStream where Element == Void, Self: Sendable {
    /// Waits for the next value, or for the time to be over.
    func wait(atMost limit: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in self { return } }
            group.addTask { try await Task.sleep(for: limit) }
            try await group.next()
            group.cancelAll()
        }
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name(literal: "Last-Event-ID")
}
