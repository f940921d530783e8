import Domain
import Glibc

/// Takes a `multipart/form-data` body (RFC 7578) apart as it comes: fed with pieces of any size, it returns what they complete.
///
/// What comes out does not depend on how the body is cut, but for how many ``Event/bytes(_:)`` a part's content is told in. It keeps no
/// more than a part's headers, or one boundary's length of content. Linear in the body's size.
struct MultipartParser {
    enum Event: Equatable {
        case begin(Multipart.Head)
        case bytes(ArraySlice<UInt8>)
        case end
    }

    /// Where in the body it stands.
    private enum Place {
        case preamble
        /// Behind a boundary, before its line ends or says that it is the last.
        case boundary
        /// From the line end before the headers on.
        case head
        /// - Parameter lead: bytes of the headers' last line end, which the next boundary may share.
        case content(lead: Int)
        case epilogue
    }

    /// Most parts that are read.
    static let maximumParts = 100
    /// Most bytes of a part's headers.
    static let maximumHead = 16_384
    /// Most spaces behind a boundary.
    private static let maximumPadding = 256
    private static let lineEnd: [UInt8] = [0x0d, 0x0a]
    private static let headEnd: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a]
    private static let lastMark = Array("--".utf8)

    private let delimiter: [UInt8]
    private var place = Place.preamble
    private var partCount = 0
    /// What was fed and says nothing yet. The first boundary may stand at the very start, without the line end that belongs to the others.
    private var pending = lineEnd

    init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// What the body is known to hold with these bytes.
    /// - Throws: `invalid_request` when it does not have the form its boundary promises.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(Problem) -> [Event] {
        pending.append(contentsOf: bytes)
        var rest = pending[...]
        var events: [Event] = []
        while try step(&rest, &events) {}
        pending = Array(rest)
        return events
    }

    /// Throws `invalid_request` when the body ended before its last boundary.
    func finish() throws(Problem) {
        switch place {
        case .epilogue: break
        case .preamble: throw Multipart.malformed("its boundary does not occur")
        default: throw Multipart.malformed("it ends before its last boundary")
        }
    }

    /// One step on; false when it takes more bytes.
    private mutating func step(_ rest: inout ArraySlice<UInt8>, _ events: inout [Event]) throws(Problem) -> Bool {
        switch place {
        case .preamble: skipPreamble(&rest)
        case .boundary: try readBoundary(&rest)
        case .head: try readHead(&rest, &events)
        case .content(let lead): readContent(&rest, lead, &events)
        case .epilogue: skipAll(&rest)
        }
    }

    private mutating func skipPreamble(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let found = Self.range(of: delimiter, in: rest) else {
            rest = rest.suffix(delimiter.count - 1)
            return false
        }
        rest = rest[found.upperBound...]
        place = .boundary
        return true
    }

    private mutating func readBoundary(_ rest: inout ArraySlice<UInt8>) throws(Problem) -> Bool {
        guard rest.count >= 2 else { return false }
        if rest.starts(with: Self.lastMark) {
            place = .epilogue
            return true
        }
        let line = rest.drop { $0 == 0x20 || $0 == 0x09 }
        guard rest.count - line.count <= Self.maximumPadding else { throw Multipart.malformed("a boundary is followed by many spaces") }
        guard line.count >= 2 else { return false }
        guard line.starts(with: Self.lineEnd) else { throw Multipart.malformed("a boundary is followed by other text") }
        partCount += 1
        guard partCount <= Self.maximumParts else { throw Multipart.malformed("it has more than \(Self.maximumParts) parts") }
        rest = line
        place = .head
        return true
    }

    private mutating func readHead(_ rest: inout ArraySlice<UInt8>, _ events: inout [Event]) throws(Problem) -> Bool {
        let end = Self.range(of: Self.headEnd, in: rest)
        let length = end.map { $0.lowerBound - rest.startIndex } ?? (rest.count - Self.headEnd.count + 1)
        guard length <= Self.maximumHead else { throw Multipart.malformed("a part has more than \(Self.maximumHead) bytes of headers") }
        guard let end else { return false }
        events.append(.begin(try Multipart.Head(rest[..<end.lowerBound])))
        // A part without content may end with the line end that ends its headers.
        rest = rest[(end.upperBound - Self.lineEnd.count)...]
        place = .content(lead: Self.lineEnd.count)
        return true
    }

    private mutating func readContent(_ rest: inout ArraySlice<UInt8>, _ lead: Int, _ events: inout [Event]) -> Bool {
        let found = Self.range(of: delimiter, in: rest)
        // The last bytes may begin a boundary that is not whole yet.
        let end = found?.lowerBound ?? max(rest.startIndex, rest.endIndex - delimiter.count + 1)
        let content = rest[..<end].dropFirst(lead)
        if !content.isEmpty { events.append(.bytes(content)) }
        guard let found else {
            place = .content(lead: max(0, lead - rest[..<end].count))
            rest = rest[end...]
            return false
        }
        events.append(.end)
        rest = rest[found.upperBound...]
        place = .boundary
        return true
    }

    private func skipAll(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest = []
        return false
    }

    /// Where a pattern that begins with a carriage return first stands. Looked for by `memchr`: a loop over single bytes is what a large
    /// upload would spend its time on.
    private static func range(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        let found = bytes.withUnsafeBytes { bytes -> Int? in
            var start = 0
            while start + pattern.count <= bytes.count, let base = bytes.baseAddress {
                let room = bytes.count - pattern.count + 1 - start
                guard let hit = memchr(base + start, Int32(pattern[0]), room) else { return nil }
                start += UnsafeRawPointer(hit) - (base + start)
                if memcmp(base + start, pattern, pattern.count) == 0 { return start }
                start += 1
            }
            return nil
        }
        return found.map { bytes.startIndex + $0..<bytes.startIndex + $0 + pattern.count }
    }
}
