/// Parses JSON (RFC 8259) strictly and without recursion. Takes time in proportion to the text.
struct JSONParser {
    /// The deepest nesting read.
    static let deepest = 256

    private var scanner: JSONScanner
    private var tree = JSONTree()
    /// The containers that are open, the innermost last.
    private var open: [Int] = []

    init(_ bytes: ArraySlice<UInt8>) {
        scanner = JSONScanner(bytes)
    }

    /// The one value that the text is.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONSyntaxError) -> JSONTree {
        var parser = JSONParser(bytes)
        let tree = try parser.value()
        let end = parser.position
        guard end == bytes.endIndex else { throw JSONSyntaxError(offset: end, problem: "more text after the end of the value") }
        return tree
    }

    /// The first byte, after white space, that is not parsed yet.
    var position: Int { scanner.position }

    /// The next value.
    mutating func value() throws(JSONSyntaxError) -> JSONTree {
        tree = JSONTree()
        try beginValue()
        while let container = open.last {
            try proceed(in: container)
        }
        scanner.skipSpace()
        return tree
    }

    /// Reads the next member, element or end of a container.
    private mutating func proceed(in container: Int) throws(JSONSyntaxError) {
        let isObject = tree.kinds[container] == .object
        let closing = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        let isEmpty = tree.count == container + 1
        if scanner.skip(closing) {
            tree.close(container, at: scanner.lastEnd)
            open.removeLast()
            return
        }
        if !isEmpty { try scanner.expect(UInt8(ascii: ","), or: isObject ? "a comma or }" : "a comma or ]") }
        if isObject {
            let key = try scanner.string(expecting: isEmpty ? "a name in quotation marks or }" : "a name in quotation marks")
            tree.append(.key, from: key.lowerBound, to: key.upperBound)
            try scanner.expect(UInt8(ascii: ":"), or: "a colon")
        }
        try beginValue()
    }

    private mutating func beginValue() throws(JSONSyntaxError) {
        switch scanner.peek() {
        case UInt8(ascii: "{"): try beginContainer(.object)
        case UInt8(ascii: "["): try beginContainer(.array)
        case UInt8(ascii: "\""):
            let range = try scanner.string(expecting: "a value")
            tree.append(.string, from: range.lowerBound, to: range.upperBound)
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte):
            let range = try scanner.number()
            tree.append(.number, from: range.lowerBound, to: range.upperBound)
        default:
            let range = try scanner.literal()
            tree.append(.literal, from: range.lowerBound, to: range.upperBound)
        }
    }

    private mutating func beginContainer(_ kind: JSONTree.Kind) throws(JSONSyntaxError) {
        guard open.count < Self.deepest else {
            throw JSONSyntaxError(offset: scanner.position, problem: "it nests deeper than \(Self.deepest) levels")
        }
        open.append(tree.count)
        tree.append(kind, from: scanner.position)
        scanner.advance()
    }
}
