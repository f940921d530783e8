import Glibc

/// The limits this process and its programs have, in words.
enum ProgramLimits {
    /// The error for a program that a limit has ended, nil for any other end.
    static func error(_ ending: ProgramEnding, _ messages: ProgramMessages) -> ExtractionError? {
        switch ending {
        case .signal(SIGXCPU): .overLimit(resource: processorTime)
        case .signal(SIGXFSZ): .overLimit(resource: "the size of a temporary file")
        // None of its limits does that: where memory is refused it aborts, and SIGXCPU comes before.
        case .signal(SIGKILL), .signal(SIGTERM): .programKilled
        case .signal(SIGABRT) where lacksMemory(messages), .code where lacksMemory(messages): .overLimit(resource: memory)
        case .code, .signal: nil
        }
    }

    /// The error for a program that the system would not start.
    static func cannotStart(_ code: Int32) -> ExtractionError {
        switch code {
        case EAGAIN: .overLimit(resource: "the number of processes")
        case EMFILE, ENFILE: .overLimit(resource: "the number of open files")
        default: .overLimit(resource: memory)
        }
    }

    /// poppler's and C++'s ways to say so; the texts are not translated in the locale its programs get.
    private static func lacksMemory(_ messages: ProgramMessages) -> Bool {
        messages.contains("bad_alloc") || messages.contains("Out of memory") || messages.contains("length_error")
    }

    private static var processorTime: String {
        limit(RLIMIT_CPU).map { "\($0) seconds of processor time" } ?? "its processor time"
    }

    private static var memory: String {
        limit(RLIMIT_DATA).map { "\($0 >> 20) MiB of memory" } ?? "its memory"
    }

    private static func limit(_ resource: __rlimit_resource) -> UInt64? {
        var value = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &value) == 0, value.rlim_cur != UInt.max else { return nil }
        return UInt64(value.rlim_cur)
    }
}
