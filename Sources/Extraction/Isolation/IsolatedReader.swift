import Dispatch
import Foundation
import Glibc

/// Reads documents each in a process of its own, under limits of memory, time, output and files: whatever a document does to its
/// parser, this process goes on.
public struct IsolatedReader: Sendable {
    private let command: [String]
    private let limits: ReaderLimits
    private let queue = DispatchQueue(label: "bunko.readers", qos: .userInitiated, attributes: .concurrent)

    /// - Parameter command: an absolute path and arguments of a program that calls ``IsolatedReading/run(request:)`` with one more argument.
    public init(command: [String], limits: ReaderLimits = .init()) {
        self.command = command
        self.limits = limits
    }

    /// Reads the file behind `descriptor`, which stays the caller's, from its beginning.
    /// - Throws: ``ExtractionError`` when the file is at fault or goes beyond the limits, ``ReaderProcessError`` when no process can be
    ///   had, ``ReaderKilled``, `CancellationError`.
    public func read(_ descriptor: Int32, fileName: String, options: ReadingOptions) async throws -> ReadDocument {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw ReaderProcessError("going to the beginning of a document") }
        let request = try JSONEncoder().encode(ReadingRequest(fileName: fileName, options: options, limits: limits))
        let process = try ReaderProcess(
            command + [String(decoding: request, as: UTF8.self)], input: descriptor, limits: limits)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try process.answer() }) }
            }
        } onCancel: {
            process.cancel()
        }
    }

    /// As ``read(_:fileName:options:)``, of bytes in memory.
    public func read(_ bytes: [UInt8], fileName: String, options: ReadingOptions) async throws -> ReadDocument {
        let file = try UnnamedFile(bytes)
        return try await read(file.descriptor, fileName: fileName, options: options)
    }
}

/// Why no process could read a document; the operator's to mend.
public struct ReaderProcessError: Error, CustomStringConvertible {
    public let description: String

    init(_ action: String) {
        self.init(reason: "\(action): \(String(cString: strerror(errno)))")
    }

    init(reason: String) {
        description = reason
    }
}

/// A reader was killed by somebody outside, such as the system's killer for want of memory: its document may be at fault or not.
public struct ReaderKilled: Error, Sendable {
    public init() {}
}

/// Bytes as a file without a name: programs that read documents want to seek in them.
private final class UnnamedFile {
    let descriptor: Int32

    init(_ bytes: [UInt8]) throws {
        var path = Array("\(NSTemporaryDirectory())/bunko-document-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        guard descriptor >= 0 else { throw ReaderProcessError("making a temporary file") }
        // A reader that starts in between closes what it inherits.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(path)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            guard count > 0 || errno == EINTR else { throw ReaderProcessError("filling a temporary file") }
            written += max(0, count)
        }
    }

    deinit { close(descriptor) }
}
