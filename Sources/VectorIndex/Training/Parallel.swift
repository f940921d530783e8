import Dispatch
import Synchronization

/// Runs `body` for each part of 0..<count on up to `workers` threads, the calling one among them, and waits. Parts hold `grain` elements.
func inParallel(_ count: Int, grain: Int, workers: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let parts = (count + grain - 1) / grain
    guard workers > 1, parts > 1 else {
        for part in 0..<parts { body(part * grain..<min(count, (part + 1) * grain)) }
        return
    }
    let next = Counter()
    DispatchQueue.concurrentPerform(iterations: min(workers, parts)) { _ in
        while let part = next.take(below: parts) { body(part * grain..<min(count, (part + 1) * grain)) }
    }
}

/// Hands out numbers.
private final class Counter: Sendable {
    private let value = Atomic(0)

    func take(below limit: Int) -> Int? {
        let number = value.add(1, ordering: .relaxed).oldValue
        return number < limit ? number : nil
    }
}
