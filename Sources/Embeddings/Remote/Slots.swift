/// Lets so many tasks at a time do something; the others wait in the order they came in.
actor Slots {
    private var free: Int
    private var waiting: [(number: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    private var numbers = 0

    /// - Parameter count: at least 1.
    init(_ count: Int) {
        free = count
    }

    /// Does something when there is a slot for it.
    /// - Throws: what `body` throws, and `CancellationError` when the task was cancelled while it waited.
    nonisolated func with<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        try await take()
        do {
            let result = try await body()
            await giveBack()
            return result
        } catch {
            await giveBack()
            throw error
        }
    }

    private func take() async throws {
        try Task.checkCancellation()
        guard free == 0 else {
            free -= 1
            return
        }
        numbers += 1
        let number = numbers
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiting.append((number, $0)) }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    /// The slot goes to the one who has waited longest, without becoming free in between.
    private func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().continuation.resume()
        }
    }

    private func giveUp(_ number: Int) {
        guard let place = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: place).continuation.resume(throwing: CancellationError())
    }
}
