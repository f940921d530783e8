import Glibc
import Synchronization

extension DataDirectoryLock {
    /// Owner of the descriptor: closing it is what frees the lock.
    final class Hold: Sendable {
        private let descriptor: Mutex<Int32?>

        init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

        func release() {
            let open = descriptor.withLock { $0.take() }
            if let open { close(open) }
        }

        deinit { release() }
    }
}
