import Glibc

/// How a program ended.
enum ProgramEnding: Equatable {
    case code(Int32)
    case signal(Int32)

    init(status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
    }
}

/// What a program said on standard error: the beginning, which names the first fault, and the end, which names the last.
struct ProgramMessages {
    private var head: [UInt8] = []
    private var tail: [UInt8] = []

    private static let longest = 16_384

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        let room = Self.longest - head.count
        head += bytes.prefix(room)
        tail = Array((tail + bytes.dropFirst(room)).suffix(Self.longest))
    }

    func contains(_ phrase: String) -> Bool {
        text.contains(phrase)
    }

    /// The first line that begins with `prefix`, without it and without what no person can read; at most 120 characters.
    func first(_ prefix: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) }
        return line.map { String($0.dropFirst(prefix.count).filter { $0.isASCII && !$0.isNewline && $0 >= " " }.prefix(120)) }
    }

    private var text: String { String(decoding: head + tail, as: UTF8.self) }
}

/// The limits this process and its programs have, in words.
enum ProgramLimits {
    /// The error for a program that a limit has ended, nil for any other end.
    static func error(_ ending: ProgramEnding, _ messages: ProgramMessages) -> ExtractionError? {
        switch ending {
        case .signal(SIGXCPU): .overLimit(resource: processorTime)
        case .signal(SIGXFSZ): .overLimit(resource: "the size of a temporary file")
        // The kernel kills what has no memory left, and what goes on after SIGXCPU.
        case .signal(SIGKILL): .overLimit(resource: "\(memory) or \(processorTime)")
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
        limit(RLIMIT_AS).map { "\($0 >> 20) MiB of memory" } ?? "its memory"
    }

    private static func limit(_ resource: __rlimit_resource) -> UInt64? {
        var value = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &value) == 0, value.rlim_cur != UInt.max else { return nil }
        return UInt64(value.rlim_cur)
    }
}
