import CHiredis
import DequeModule
import Glibc
import Synchronization

/// A conversation with a Redis server through hiredis: commands go out as they come, and answers come back in their order.
///
/// It belongs to the thread that made it. Nothing waits but the making and ``turn(_:until:)``.
final class RedisConnection {
    private let context: UnsafeMutablePointer<redisContext>
    /// How the reader makes answers: as hiredis does, but no array, which no command used here is answered with.
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    /// Sent, or about to be, oldest first.
    private var awaited: Deque<RedisCommand> = []
    private var hasUnsent = false

    /// More than this in one answer is none to a question of ours.
    private static let largestAnswer = 1 << 20

    private init(_ context: UnsafeMutablePointer<redisContext>) {
        self.context = context
        functions = .allocate(capacity: 1)
        functions.initialize(to: context.pointee.reader.pointee.fn.pointee)
        // hiredis would make room for as many elements as the server says there are, and go through them all when it frees them.
        functions.pointee.createArray = { _, _ in nil }
        context.pointee.reader.pointee.fn = functions
    }

    /// Connects, logs in and asks whether the server is ready.
    /// - Throws: the server's or the system's reason, also when the time is over. The look-up of a host's name takes as long as the system
    ///   gives it.
    static func open(_ address: RedisAddress, _ limits: RedisLimits) throws(RedisFailure) -> RedisConnection {
        let connection = RedisConnection(try connect(to: address, within: limits.connect))
        try connection.stopBlocking()
        if case .host = address.place { redisEnableKeepAlive(connection.context) }
        if let password = address.password {
            let login = ["AUTH"] + (address.user.map { [$0] } ?? []) + [password]
            try connection.demand(RedisCommand.words(login), within: limits.connect)
        }
        if address.database != 0 {
            try connection.demand(RedisCommand.words(["SELECT", "\(address.database)"]), within: limits.connect)
        }
        // As quick as every command has to be: a server that is not stays unused.
        try connection.demand(RedisCommand.words(["PING"]), within: limits.command)
        return connection
    }

    deinit {
        redisFree(context)
        functions.deallocate()
    }

    private static func connect(to address: RedisAddress, within limit: Duration) throws(RedisFailure) -> UnsafeMutablePointer<redisContext>
    {
        let (seconds, attoseconds) = limit.components
        let time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let made =
            switch address.place {
            case .host(let host, let port): redisConnectWithTimeout(host, Int32(port), time)
            case .socket(let path): redisConnectUnixWithTimeout(path, time)
            }
        guard let made else { throw RedisFailure(reason: "out of memory") }
        guard made.pointee.err == 0 else {
            defer { redisFree(made) }
            throw failure(of: made)
        }
        return made
    }

    /// hiredis looks at its own flag, the system at the socket's.
    private func stopBlocking() throws(RedisFailure) {
        let socket = context.pointee.fd
        let flags = fcntl(socket, F_GETFL)
        guard flags >= 0, fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0, fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 else {
            throw RedisFailure(reason: String(cString: strerror(errno)))
        }
        context.pointee.flags &= ~REDIS_BLOCK
    }

    /// The oldest command's.
    var nextDeadline: ContinuousClock.Instant? { awaited.first?.deadline }

    /// Takes a command to be sent with the next ``turn(_:until:)``.
    func send(_ command: RedisCommand) throws(RedisFailure) {
        awaited.append(command)
        var bytes: [UInt8] = []
        var offsets: [Int] = []
        for word in command.words {
            offsets.append(bytes.count)
            bytes += word
        }
        // An empty word needs an address, too.
        bytes.append(0)
        let lengths = command.words.map(\.count)
        let status = bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: CChar.self) { buffer in
                var words = offsets.map { offset in buffer.baseAddress.map { $0 + offset } }
                return redisAppendCommandArgv(context, Int32(words.count), &words, lengths)
            }
        }
        guard status == REDIS_OK else { throw Self.failure(of: context) }
        hasUnsent = true
    }

    /// Sends what there is to send, waits until the server answers, somebody wakes this thread or the time has come, and passes answers on.
    /// - Throws: when the connection is of no use any more: its end, an answer nobody asked for or can read, or none at all until the
    ///   oldest command's deadline.
    func turn(_ wake: WakePipe?, until end: ContinuousClock.Instant) throws(RedisFailure) {
        try flush()
        let wanted = Int16(POLLIN) | (hasUnsent ? Int16(POLLOUT) : 0)
        var ends = [pollfd(fd: context.pointee.fd, events: wanted, revents: 0)]
        if let wake { ends.append(pollfd(fd: wake.readingEnd, events: Int16(POLLIN), revents: 0)) }
        let limit = min(end, nextDeadline ?? end) - ContinuousClock.now
        guard poll(&ends, nfds_t(ends.count), limit.pollMilliseconds) >= 0 || errno == EINTR else {
            throw RedisFailure(reason: String(cString: strerror(errno)))
        }
        wake?.drain()
        if ends[0].revents & ~Int16(POLLOUT) != 0 {
            guard redisBufferRead(context) == REDIS_OK else { throw Self.failure(of: context) }
            // What has come counts, also when this thread had to wait for its turn longer than the server took.
            if try passAnswersOn() > 0 { return }
        }
        guard let command = awaited.first, command.deadline <= .now else { return }
        throw RedisFailure(reason: "no answer in time")
    }

    private func flush() throws(RedisFailure) {
        guard hasUnsent else { return }
        var isDone: Int32 = 0
        guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw Self.failure(of: context) }
        hasUnsent = isDone == 0
    }

    private func passAnswersOn() throws(RedisFailure) -> Int {
        var count = 0
        while true {
            var answer: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &answer) == REDIS_OK else { throw Self.failure(of: context) }
            guard let answer else { break }
            defer { freeReplyObject(answer) }
            guard let command = awaited.popFirst() else { throw RedisFailure(reason: "an answer came that nobody asked for") }
            command.complete(.success(RedisReply(answer.assumingMemoryBound(to: redisReply.self).pointee)))
            count += 1
        }
        guard context.pointee.reader.pointee.len <= Self.largestAnswer else {
            throw RedisFailure(reason: "an answer has more than \(Self.largestAnswer) bytes")
        }
        return count
    }

    /// Fails what is still awaited.
    func giveUp(_ failure: RedisFailure) {
        while let command = awaited.popFirst() { command.complete(.failure(failure)) }
    }

    /// Sends one command and waits for its answer, before anybody else uses the connection.
    func ask(_ words: [[UInt8]], within limit: Duration) throws(RedisFailure) -> RedisReply {
        let deadline = ContinuousClock.now + limit
        let answer = Answer()
        try send(RedisCommand(words: words, deadline: deadline) { answer.set($0) })
        while true {
            try turn(nil, until: deadline)
            if let reply = answer.get() { return try reply.get() }
        }
    }

    private func demand(_ words: [[UInt8]], within limit: Duration) throws(RedisFailure) {
        if case .refusal(let text) = try ask(words, within: limit) { throw RedisFailure(reason: "it refuses: \(text)") }
    }

    private static func failure(of context: UnsafeMutablePointer<redisContext>) -> RedisFailure {
        if context.pointee.err == REDIS_ERR_OOM { return RedisFailure(reason: "an answer is a list, or there is no memory for it") }
        let text = withUnsafeBytes(of: context.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return RedisFailure(reason: text.isEmpty ? "error \(context.pointee.err) of hiredis" : text)
    }
}

/// Where the answer to one command is laid down.
private final class Answer: Sendable {
    private let value = Mutex<Result<RedisReply, RedisFailure>?>(nil)

    func set(_ result: Result<RedisReply, RedisFailure>) { value.withLock { $0 = result } }
    func get() -> Result<RedisReply, RedisFailure>? { value.withLock { $0 } }
}

extension RedisReply {
    fileprivate init(_ reply: redisReply) {
        let bytes = UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : Int(reply.len))
        switch reply.type {
        case REDIS_REPLY_NIL: self = .nothing
        case REDIS_REPLY_STRING: self = .bytes(Array(bytes))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .refusal(String(decoding: bytes, as: UTF8.self))
        default: self = .other
        }
    }
}
