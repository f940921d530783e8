import Glibc

/// Wakes the thread that waits at its reading end.
final class WakePipe: Sendable {
    let readingEnd: Int32
    private let writingEnd: Int32

    /// - Throws: where no file descriptor is left.
    init() throws(RedisFailure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw RedisFailure(reason: "no pipe can be made: \(String(cString: strerror(errno)))") }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readingEnd, writingEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readingEnd)
        close(writingEnd)
    }

    func wake() {
        // A full pipe wakes as well.
        withUnsafeBytes(of: UInt8(1)) { _ = write(writingEnd, $0.baseAddress, 1) }
    }

    /// Forgets how often it was woken.
    func drain() {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            while read(readingEnd, buffer.baseAddress, buffer.count) == buffer.count {}
        }
    }

    /// Waits until it is woken or the time has passed.
    func wait(atMost limit: Duration) {
        var ends = [pollfd(fd: readingEnd, events: Int16(POLLIN), revents: 0)]
        poll(&ends, 1, limit.pollMilliseconds)
        drain()
    }
}

extension Duration {
    /// For `poll`: rounded up, so that a wait does not end just before its time; not below 0, which for `poll` would be for ever.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds))
    }
}
