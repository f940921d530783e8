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
