import Glibc

/// A program with its arguments, run in the root folder with a fixed environment, no inherited files, and signals at their defaults.
///
/// It gets a session of its own: a terminal's Ctrl-C for bunko's foreground group does not reach it.
struct ChildCommand: Sendable {
    let arguments: [String]
    /// Variables it gets besides the fixed ones, as `NAME=value`; the place for secrets, since everybody may read arguments.
    let variables: [String]

    /// What a finished program left behind; standard output and standard error are one stream.
    struct Result: Sendable {
        let exit: ExitDescription
        let output: String
        var succeeded: Bool { exit == .code(0) }
        /// The last lines, for an error message.
        var lastLines: String { tail(of: output, lines: 12) }
    }

    /// - Parameter arguments: the program's absolute path and its arguments.
    init(_ arguments: [String], variables: [String] = []) {
        self.arguments = arguments
        self.variables = variables
    }

    /// Runs to the end and blocks the calling thread meanwhile.
    /// - Parameter onStart: gets the process once it runs, to end it from elsewhere.
    func run(onStart: (ServerProcess?) -> Void = { _ in }) throws(SystemFailure) -> Result {
        var ends: [Int32] = [0, 0]
        // A socket pair, since pipe2 is not visible in Swift and a pipe without close-on-exec could leak into another child.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw SystemFailure("Making a socket pair for", arguments[0])
        }
        let pid: pid_t
        do throws(SystemFailure) {
            defer { close(ends[1]) }
            pid = try spawn(output: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        onStart(ServerProcess(child: pid))
        let output = readToEnd(ends[0]) ?? []
        close(ends[0])
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return Result(exit: ExitDescription(waitStatus: status), output: String(decoding: output, as: UTF8.self))
    }

    /// Starts the program with its output going to the descriptor and returns at once; it outlives this process.
    func spawn(output: Int32) throws(SystemFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        for descriptor in openDescriptors() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        setSession(&attributes)
        return try spawn(&actions, &attributes)
    }

    // PostgreSQL before 16 refuses a working folder it cannot return to, which root's own is for an unprivileged account;
    // posix_spawn's way to change it is not visible in Swift, hence env.
    private var wholeCommand: [String] { ["/usr/bin/env", "--chdir=/"] + arguments }

    // Neither PG… variables nor a locale of the operator may change what PostgreSQL's programs do.
    private static let environment = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"]

    private func spawn(_ actions: inout posix_spawn_file_actions_t, _ attributes: inout posix_spawnattr_t) throws(SystemFailure) -> pid_t {
        var pid: pid_t = 0
        let code = withCStrings(wholeCommand) { arguments in
            withCStrings(Self.environment + variables) { posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, arguments, $0) }
        }
        if code == 0 { return pid }
        errno = code
        throw SystemFailure("Starting the program", arguments[0])
    }
}

/// How a process ended.
public enum ExitDescription: Sendable, Equatable, CustomStringConvertible {
    /// It returned this code.
    case code(Int32)
    /// This signal ended it.
    case signal(Int32)
    /// It was not a child of this process, so that the system does not tell.
    case unknown

    init(waitStatus status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
    }

    /// For a log line.
    public var description: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        case .unknown: "unknown (not a child of this process)"
        }
    }
}

/// The last lines of a text.
func tail(of text: String, lines: Int) -> String {
    text.split(separator: "\n").suffix(lines).joined(separator: "\n")
}

// POSIX_SPAWN_SETSID of glibc and musl: a GNU extension that Swift's Glibc module does not show.
private let spawnInNewSession: Int16 = 0x80

private func setSession(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, spawnInNewSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
}

/// Every descriptor of this process beyond the standard three: a socket or lock that leaks into PostgreSQL would outlive bunko.
private func openDescriptors() -> [Int32] {
    names(inDirectory: "/proc/self/fd").compactMap { Int32($0) }.filter { $0 > 2 }
}

private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}
