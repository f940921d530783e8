import Foundation
import Synchronization

/// Wall-clock seconds of a call.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure { try body() }
    return duration / .seconds(1)
}

/// Runs the body on so many threads at once, with 0, 1, … ; returns the seconds until the last is done. Throws the first error of any.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws -> Double {
    let outcome = Outcome()
    let elapsed = seconds {
        let group = DispatchGroup()
        for thread in 0..<count {
            group.enter()
            Thread {
                do { try body(thread) } catch { outcome.record(error) }
                group.leave()
            }.start()
        }
        group.wait()
    }
    try outcome.check()
    return elapsed
}

private final class Outcome: Sendable {
    private let first = Mutex<(any Error)?>(nil)

    func record(_ error: any Error) {
        first.withLock { $0 = $0 ?? error }
    }

    func check() throws {
        if let error = first.withLock({ $0 }) { throw error }
    }
}
