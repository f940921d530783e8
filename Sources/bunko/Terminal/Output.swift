import Foundation
import Glibc

/// What goes to the terminal: facts on standard output, everything else on standard error.
enum Output {
    static func line(_ text: String = "") {
        write(text + "\n", to: STDOUT_FILENO)
    }

    static func note(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    static func json(_ value: some Encodable) throws {
        line(String(decoding: try encoded(value), as: UTF8.self))
    }

    /// JSON on one line, its members sorted.
    static func encoded(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal behind standard error; 80 when it does not tell.
    static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            // A closed pipe is the reader's choice.
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
