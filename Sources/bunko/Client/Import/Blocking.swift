import Dispatch
import Synchronization

/// Work that waits for disks or computes for long, away from the cooperative threads.
enum Blocking {
    private static let queue = DispatchQueue(label: "bunko.files", qos: .userInitiated, attributes: .concurrent)

    /// Told to work that should end early, because the task that waits for it was cancelled.
    final class Interest: Sendable {
        private let isLost = Atomic(false)

        fileprivate func lose() { isLost.store(true, ordering: .relaxed) }

        /// - Throws: `CancellationError` once nobody waits any more. Cheap; ask between blocks.
        func check() throws(CancellationError) {
            if isLost.load(ordering: .relaxed) { throw CancellationError() }
        }
    }

    static func run<R: Sendable>(_ work: @escaping @Sendable (Interest) throws -> R) async throws -> R {
        let interest = Interest()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try work(interest) }) }
            }
        } onCancel: {
            interest.lose()
        }
    }
}
