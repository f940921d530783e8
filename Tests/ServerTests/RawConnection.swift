import Dispatch
import Foundation
import Glibc
import TestSupport

/// One connection on which a test sends what it likes, byte for byte and at its own pace.
final class RawConnection: Sendable {
    private let descriptor: Int32

    /// Lends a connection to a port of this machine; the body blocks a thread of its own. Closed afterwards.
    static func with<R: Sendable>(port: Int, _ body: @escaping @Sendable (RawConnection) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body(try RawConnection(port: port)) }) }
        }
    }

    private init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        // A server that hangs fails the test instead of stopping it.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw TestFailure("cannot connect to port \(port): \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends no more.
    func end() { shutdown(descriptor, Int32(SHUT_WR)) }

    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw TestFailure("the server closed the connection after \(offset) of \(bytes.count) bytes") }
            offset += sent
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// The head of a request, with its length or in chunks.
    func sendHead(_ method: String, _ path: String, key: String, length: Int?, type: String = "application/octet-stream") throws {
        let framing = length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked"
        try send("\(method) \(path) HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer \(key)\r\nContent-Type: \(type)\r\n\(framing)\r\n\r\n")
    }

    func sendChunk(_ bytes: [UInt8]) throws {
        try send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
    }

    /// One answer, whole: status and body.
    func answer() throws -> (status: Int, text: String) {
        var received: [UInt8] = []
        while true {
            let text = String(decoding: received, as: UTF8.self)
            if let headEnd = text.range(of: "\r\n\r\n") {
                let head = text[..<headEnd.lowerBound]
                let length = head.lowercased().components(separatedBy: "content-length: ").last?.prefix { $0.isNumber }
                let body = String(text[headEnd.upperBound...])
                if body.utf8.count >= Int(length ?? "") ?? 0 { return (Int(head.split(separator: " ")[1]) ?? 0, body) }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw TestFailure("no whole answer came: \(text)") }
            received += buffer[..<count]
        }
    }
}
