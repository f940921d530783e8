import Glibc
import Synchronization

extension DataDirectoryLock {
    /// Owner of the descriptor: it frees the lock and closes.
    final class Hold: Sendable {
        private let descriptor: Mutex<Int32?>

        init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

        func release() {
            let open = descriptor.withLock { $0.take() }
            guard let open else { return }
            // A child that another thread forks this moment still has the descriptor: closing alone would not free the lock.
            flock(open, LOCK_UN)
            close(open)
        }

        deinit { release() }
    }
}
