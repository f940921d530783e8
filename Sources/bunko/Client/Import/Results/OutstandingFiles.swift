import Synchronization

/// Files the server has taken and not yet finished. Their number is bounded, so that uploads do not run away from the processing.
final class OutstandingFiles: Sendable {
    struct Entry: Sendable {
        let candidate: ImportLedger.Candidate
        let fileID: String
        /// Nil from a server without jobs.
        let jobID: String?
        /// Whether the upload changed nothing: another one of the same content is under way.
        let isRepeated: Bool
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        /// The index of each job's file.
        var jobs: [String: Int] = [:]
        /// Ends of jobs whose upload has not been answered yet.
        var early: [String: JobAnswer] = [:]
        /// Whom to ask about next, the one that waits longest first; with when there was news of it.
        var queue: [(index: Int, news: ContinuousClock.Instant)] = []
        var isClosed = false
        var hearsEvents = false
    }

    private let state = Mutex(State())
    private let permits: Permits

    /// - Parameter most: files outstanding at a time.
    init(most: Int = 512) {
        permits = Permits(most)
    }

    /// Waits for places; they are given back by ``abandon(_:)`` or each with the end of the entry that is added in it.
    func reserve(_ count: Int) async throws { try await permits.take(count) }

    /// Gives the places back of uploads that did not come about.
    func abandon(_ count: Int) { permits.giveBack(count) }

    /// Adds an entry in a place that was reserved. Returns the job's end, when it was told before.
    func add(_ entry: Entry) -> JobAnswer? {
        state.withLock { state in
            let index = entry.candidate.index
            state.entries[index] = entry
            state.queue.append((index, .now))
            guard let job = entry.jobID else { return nil }
            state.jobs[job] = index
            return state.early.removeValue(forKey: job)
        }
    }

    /// The entry of a job that an event tells of; nil when it is not here, now or any more.
    func entry(ofJob job: JobAnswer, isFinal: Bool) -> Entry? {
        state.withLock { state in
            guard let index = state.jobs[job.id] else {
                if isFinal, !state.isClosed, state.early.count < Self.mostEarly { state.early[job.id] = job }
                return nil
            }
            return state.entries[index]
        }
    }

    /// Takes an entry out; false when that was done before.
    func remove(_ entry: Entry) -> Bool {
        let wasHere = state.withLock { state in
            if let job = entry.jobID { state.jobs[job] = nil }
            return state.entries.removeValue(forKey: entry.candidate.index) != nil
        }
        if wasHere { permits.giveBack() }
        return wasHere
    }

    /// Nothing is added any more.
    func close() { state.withLock { $0.isClosed = true } }

    /// Whether events tell of the ends, so that asking is only needed where they are silent.
    func hearEvents(_ hears: Bool) { state.withLock { $0.hearsEvents = hears } }

    /// Uploads under way are fewer; what a server tells beyond them is not of this import.
    private static let mostEarly = 1_024

    enum Next: Sendable {
        case ask(Entry)
        case later
        case never
    }

    /// Events may be lost: after this long without an end the server is asked.
    private static let patience = Duration.seconds(3)

    /// Whom to ask about. An entry that is asked about is not given out again before ``giveBack(_:)``.
    func next() -> Next {
        state.withLock { state in
            state.queue.removeAll { state.entries[$0.index] == nil }
            if let first = state.queue.first, let entry = state.entries[first.index],
                !state.hearsEvents || entry.jobID == nil || ContinuousClock.now - first.news > Self.patience
            {
                state.queue.removeFirst()
                return .ask(entry)
            }
            return state.isClosed && state.entries.isEmpty ? .never : .later
        }
    }

    /// It has not come to its end yet.
    func giveBack(_ entry: Entry) {
        state.withLock { $0.queue.append((entry.candidate.index, .now)) }
    }
}
