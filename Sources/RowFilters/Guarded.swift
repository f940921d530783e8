import CVectorKernels
import Synchronization

/// A value behind a mutex whose order ThreadSanitizer sees: a contended `Mutex` is handed over by the kernel, which it does not.
package struct Guarded<Value>: ~Copyable, Sendable {
    @usableFromInline package let mutex: Mutex<Value>

    @inlinable package init(_ value: sending Value) {
        mutex = Mutex(value)
    }

    @inlinable package borrowing func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        // The mutex lies where it was made: only its address is used, as a name for the order.
        nonisolated(unsafe) let name = withUnsafePointer(to: mutex) { UnsafeRawPointer($0) }
        return try mutex.withLock { value throws(Failure) -> sending Result in
            bunko_acquire_order(name)
            defer { bunko_release_order(name) }
            return try body(&value)
        }
    }
}
