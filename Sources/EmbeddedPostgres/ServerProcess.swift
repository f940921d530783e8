import Glibc

/// A process told apart from a later one with the same pid by the moment it began.
struct ServerProcess: Sendable, Equatable {
    let pid: pid_t
    private let startTicks: UInt64

    enum Condition: Equatable {
        case running
        case ended(ExitDescription)
    }

    /// The living process with this pid; nil when there is none.
    init?(pid: pid_t) {
        guard let facts = ProcessFacts(pid: pid), !facts.isZombie else { return nil }
        self.pid = pid
        startTicks = facts.startTicks
    }

    /// A child just started, which may have ended already but is not reaped.
    init?(child pid: pid_t) {
        guard let facts = ProcessFacts(pid: pid) else { return nil }
        self.pid = pid
        startTicks = facts.startTicks
    }

    /// Whether it still runs; an own child that ended is reaped here, and its way to end is told once.
    func condition() -> Condition {
        guard let facts = ProcessFacts(pid: pid), facts.startTicks == startTicks else { return .ended(.unknown) }
        guard facts.isZombie else { return .running }
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? .ended(ExitDescription(waitStatus: status)) : .ended(.unknown)
    }

    /// Sends a signal, never to another process that got the same pid.
    func send(_ signal: Int32) {
        if condition() == .running { kill(pid, signal) }
    }

    /// Polls until it ended, at most this long; nil when it still runs.
    func waitForEnd(atMost limit: Duration) -> ExitDescription? {
        let deadline = ContinuousClock.now + limit
        while true {
            if case .ended(let exit) = condition() { return exit }
            if ContinuousClock.now >= deadline { return nil }
            usleep(20_000)
        }
    }

    /// Every living process that fulfils the condition.
    static func all(where condition: (ServerProcess) -> Bool) -> [ServerProcess] {
        names(inDirectory: "/proc").compactMap { pid_t($0) }.compactMap { ServerProcess(pid: $0) }.filter(condition)
    }

    /// Whether this account runs it and its command line, which PostgreSQL's processes overwrite with their title, begins so.
    func hasTitle(prefix: String, owner: uid_t) -> Bool {
        FileFacts(path: "/proc/\(pid)")?.owner == owner && contents(ofFile: "/proc/\(pid)/cmdline")?.starts(with: prefix.utf8) == true
    }

    /// Whether it is the postmaster of this cluster: program name, data folder argument and owner all agree.
    func isPostmaster(ofCluster cluster: String, owner: uid_t) -> Bool {
        guard FileFacts(path: "/proc/\(pid)")?.owner == owner, let raw = contents(ofFile: "/proc/\(pid)/cmdline") else { return false }
        let arguments = raw.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard let program = arguments.first, program.split(separator: "/").last == "postgres" else { return false }
        guard let flag = arguments.firstIndex(of: "-D"), flag + 1 < arguments.count else { return false }
        return (try? canonicalPath(arguments[flag + 1])) == cluster
    }
}

/// The fields of `/proc/<pid>/stat` that matter here; format: proc(5).
private struct ProcessFacts {
    let isZombie: Bool
    let startTicks: UInt64

    init?(pid: pid_t) {
        // The program's name, in brackets, may hold anything, brackets and blanks too: fields are counted after the last bracket.
        guard pid > 0, let line = text(ofFile: "/proc/\(pid)/stat"), let bracket = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: bracket)...].split(separator: " ")
        guard fields.count > 19, let ticks = UInt64(fields[19]) else { return nil }
        isZombie = fields[0] == "Z" || fields[0] == "X"
        startTicks = ticks
    }
}
