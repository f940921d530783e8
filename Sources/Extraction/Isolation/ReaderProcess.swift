import Foundation
import Glibc
import Synchronization

/// One process that reads one document, seen from the one that waits for it.
final class ReaderProcess: Sendable {
    private enum Ending {
        case running, cancelled, overtime, overOutput, reaped
    }
    private let pid: pid_t
    private let output: Int32
    private let limits: ReaderLimits
    private let ending = Mutex(Ending.running)

    /// How the process ended, and what it had needed.
    private struct Usage {
        let status: Int32
        let peakBytes: Int
        let processorSeconds: Int
    }

    /// Starts `command` with `input` as its standard input, no other files and a fixed environment.
    init(_ command: [String], input: Int32, limits: ReaderLimits) throws(ReaderProcessError) {
        var ends: [Int32] = [0, 0]
        // A socket pair, since pipe2 is not visible in Swift and a pipe without close-on-exec could leak into another child.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw ReaderProcessError("making a socket pair for a reader")
        }
        defer { close(ends[1]) }
        do throws(ReaderProcessError) {
            pid = try Self.spawn(command, input: input, output: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        output = ends[0]
        self.limits = limits
    }

    deinit { close(output) }

    /// Ends the process; ``answer()`` throws `CancellationError` then.
    func cancel() { end(.cancelled) }

    /// Waits for the whole answer and the end of the process. Blocks its thread; to be called once.
    func answer() throws -> ReadDocument {
        var answer = ReadingAnswer()
        let reading = Result { try readLines { try answer.take($0) } }
        // What does not answer in our terms is not waited for.
        if case .failure = reading { kill(pid, SIGKILL) }
        let usage = reap()
        switch ending.withLock({ $0 }) {
        case .cancelled: throw CancellationError()
        case .overtime: throw ExtractionError.overLimit(resource: "\(limits.seconds) seconds")
        case .overOutput: throw ExtractionError.overLimit(resource: "\(limits.outputBytes >> 20) MiB of text")
        case .running, .reaped: break
        }
        do {
            try reading.get()
            if let document = answer.document { return document }
        } catch ExtractionError.programKilled {
            throw ReaderKilled()
        } catch let error as DecodingError {
            throw ExtractionError.damaged(format: "document", reason: "its reader's answer was not understood (\(error))")
        }
        throw failure(usage)
    }

    // MARK: - The process

    private static func spawn(_ command: [String], input: Int32, output: Int32) throws(ReaderProcessError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own, so that the programs it starts end with it.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let arguments = command.map { strdup($0) } + [nil]
        let environment = IsolatedReading.environment.map { strdup($0) } + [nil]
        defer { for string in arguments + environment { free(string) } }
        var pid: pid_t = 0
        errno = posix_spawn(&pid, command[0], &actions, &attributes, arguments, environment)
        guard errno == 0 else { throw ReaderProcessError("starting \(command[0])") }
        return pid
    }

    private func end(_ reason: Ending) {
        ending.withLock { ending in
            guard ending == .running else { return }
            ending = reason
            kill(-pid, SIGKILL)
            kill(pid, SIGKILL)
        }
    }

    private func reap() -> Usage {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) < 0 && errno == EINTR {}
        // What it started and left behind ends now; afterwards the number may be somebody else's.
        ending.withLock { ending in
            kill(-pid, SIGKILL)
            if ending == .running { ending = .reaped }
        }
        let microseconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + $1.tv_sec * 1_000_000 + $1.tv_usec }
        return Usage(status: status, peakBytes: usage.ru_maxrss << 10, processorSeconds: microseconds / 1_000_000)
    }

    // MARK: - Its answer

    /// Hands over each line of the output, until it ends or goes beyond a limit.
    private func readLines(_ take: (Data) throws -> Void) throws {
        let deadline = ContinuousClock.now + .seconds(limits.seconds)
        var rest = Data()
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let left = deadline - .now, left > .zero {
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, Int32(min(left / .milliseconds(1), 60_000)) + 1) > 0 else { continue }
            let count = Glibc.read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            total += count
            guard total <= limits.outputBytes else { return end(.overOutput) }
            rest.append(contentsOf: buffer[..<count])
            while let end = rest.firstIndex(of: 0x0A) {
                try take(rest[..<end])
                rest = Data(rest[(end + 1)...])
            }
        }
        end(.overtime)
    }

    /// Why a process ended without an answer.
    private func failure(_ usage: Usage) -> any Error {
        let signal = usage.status & 0x7f
        if signal == 0, usage.status >> 8 & 0xff == IsolatedReading.noVocabulary {
            return ReaderProcessError(reason: "the vocabulary prepared for counting tokens cannot be read")
        }
        // The hard limit kills what goes on after SIGXCPU.
        if signal == SIGXCPU || signal == SIGKILL && usage.processorSeconds >= limits.processorSeconds {
            return ExtractionError.overLimit(resource: "\(limits.processorSeconds) seconds of processor time")
        }
        // No other limit of its own kills it: where memory is refused, it traps.
        if signal == SIGKILL || signal == SIGTERM { return ReaderKilled() }
        if usage.peakBytes > limits.memoryBytes / 3 * 2 {
            return ExtractionError.overLimit(resource: "\(limits.memoryBytes >> 20) MiB of memory")
        }
        let how = signal == 0 ? "exit code \(usage.status >> 8 & 0xff)" : "signal \(signal), \(String(cString: strsignal(signal)))"
        return ExtractionError.damaged(format: "document", reason: "it made its reader stop (\(how))")
    }
}

/// Puts the frames of an answer together.
private struct ReadingAnswer {
    private var head: (mediaType: MediaType, title: String?)?
    private var chunks: [Chunk] = []
    private var isComplete = false
    private let decoder = JSONDecoder()

    mutating func take(_ line: Data) throws {
        switch try decoder.decode(ReadingFrame.self, from: line) {
        case .document(let mediaType, let title): head = (mediaType, title)
        case .chunk(let chunk): chunks.append(chunk)
        case .end(let count): isComplete = count == chunks.count
        case .failure(let error): throw error
        }
    }

    /// Nil when the answer broke off.
    var document: ReadDocument? {
        guard isComplete, let head else { return nil }
        return ReadDocument(mediaType: head.mediaType, title: head.title, chunks: chunks)
    }
}
