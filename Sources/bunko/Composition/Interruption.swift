import UnixSignals

/// Runs work that SIGINT and SIGTERM end in good order: it is cancelled and may clean up, and no program it started is left behind.
/// - Throws: `CancellationError` after a signal.
func untilSignalled<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) async throws -> R {
    let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
    return try await withThrowingTaskGroup(of: R?.self) { tasks in
        tasks.addTask { try await work() }
        tasks.addTask {
            _ = await signals.first { _ in true }
            return nil
        }
        let first = try await tasks.next() ?? nil
        tasks.cancelAll()
        guard let first else {
            _ = await tasks.nextResult()
            throw CancellationError()
        }
        return first
    }
}

/// Runs work that SIGINT and SIGTERM cancel, and returns what it returns then, once it has come to its own end.
func cancelledBySignals<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) async throws -> R {
    let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
    return try await withThrowingTaskGroup(of: R?.self) { tasks in
        tasks.addTask { try await work() }
        tasks.addTask {
            _ = await signals.first { _ in true }
            return nil
        }
        defer { tasks.cancelAll() }
        while let result = try await tasks.next() {
            if let result { return result }
            tasks.cancelAll()
        }
        throw CancellationError()
    }
}
