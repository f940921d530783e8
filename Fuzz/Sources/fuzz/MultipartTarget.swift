import Domain

@testable import ServerMultipart

/// Takes multipart bodies apart, whole, byte by byte and in pieces of any size, which must come to the same; and bodies made of parts,
/// which must come out as they went in.
///
/// An input is: which boundary 1 byte, how many sizes of pieces 1 byte, the sizes, the body.
struct MultipartTarget: FuzzTarget {
    private static let boundaries = ["b", "--", "a b", String(repeating: "x", count: 70), "----WebKitFormBoundary7MA4YWxkTrZu0gW"]

    /// What a body comes to: its parts, or why it is none.
    private struct Outcome: Equatable {
        var parts: [Part] = []
        var problem: String?
    }

    private struct Part: Equatable {
        let head: Multipart.Head
        var content: [UInt8] = []
        var isWhole = false
    }

    func run(_ input: [UInt8]) {
        guard input.count >= 2 else { return }
        let boundary = Self.boundaries[Int(input[0]) % Self.boundaries.count]
        let sizes = input[2...].prefix(Int(input[1]) % 16).map { Int($0) + 1 }
        let body = Array(input[2...].dropFirst(sizes.count))
        let whole = read([body[...]], boundary)
        require(read(pieces(of: body, sizes.isEmpty ? [1] : sizes), boundary) == whole, "the cuts change nothing")
        require(read(pieces(of: body, [1]), boundary) == whole, "single bytes change nothing")
        require(whole.problem != nil || whole.parts.allSatisfy(\.isWhole), "every part of a sound body ends")
        checkRoundTrip(of: body, boundary, sizes)
        if let named = Multipart.boundary(in: String(decoding: body, as: UTF8.self)) {
            require((1...70).contains(named.utf8.count), "a boundary has 1 to 70 characters")
        }
    }

    private func read(_ pieces: [ArraySlice<UInt8>], _ boundary: String) -> Outcome {
        var parser = MultipartParser(boundary: boundary)
        var outcome = Outcome()
        do {
            for piece in pieces {
                for event in try parser.feed(piece) { take(event, into: &outcome.parts) }
            }
            try parser.finish()
        } catch {
            require(error.code == "multipart_malformed", "errors are of one kind")
            // How many parts are told of before the error does depend on the cuts.
            return Outcome(problem: error.detail)
        }
        return outcome
    }

    private func take(_ event: MultipartParser.Event, into parts: inout [Part]) {
        if case .begin(let head) = event {
            require(parts.last?.isWhole != false, "a part begins after the one before has ended")
            return parts.append(Part(head: head))
        }
        guard let last = parts.indices.last, !parts[last].isWhole else { fatalError("Broken promise: what is told belongs to a part") }
        if case .bytes(let bytes) = event {
            require(!bytes.isEmpty, "no empty content is told of")
            parts[last].content += bytes
        } else {
            parts[last].isWhole = true
        }
    }

    private func pieces(of body: [UInt8], _ sizes: [Int]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = body[...]
        while !rest.isEmpty {
            let size = sizes[pieces.count % sizes.count]
            pieces.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return pieces
    }

    /// The body as the content of two parts.
    private func checkRoundTrip(of content: [UInt8], _ boundary: String, _ sizes: [Int]) {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard !contains(delimiter, Array("\r\n".utf8) + content + delimiter.dropLast()) else { return }
        let head = Array("\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b \\\"c\\\" 港\"\r\n\r\n".utf8)
        let part = delimiter + head + content
        let body = part + part + delimiter + Array("--\r\n".utf8)
        let outcome = read(pieces(of: body, sizes.isEmpty ? [body.count] : sizes), boundary)
        let expected = Part(head: Multipart.Head(name: "a", fileName: "b \"c\" 港"), content: content, isWhole: true)
        require(outcome == Outcome(parts: [expected, expected]), "parts come out as they went in")
    }

    private func contains(_ pattern: [UInt8], _ bytes: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: pattern) }
    }

    func seeds() -> [[UInt8]] {
        let bodies = [
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; "
                + "filename*=UTF-8''%E6%B8%AF.md; filename=\"x.md\"\r\nContent-Type: text/markdown\r\n\r\n# 港\r\n\r\n--b--\r\nepilogue",
            "preamble\r\n--b  \t\r\ncontent-disposition:form-data;name=a\r\n\r\n\r\n--b--", "--b\r\n\r\n--b--", "\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--bb\r\n--\r\n\r\n--b--", "multipart/form-data; boundary=\"a b\"",
        ]
        let starts: [[UInt8]] = [[0, 0], [0, 3, 0, 4, 17], [3, 1, 200]]
        return bodies.flatMap { body in starts.map { $0 + Array(body.utf8) } }
    }

    let words = [
        "\r\n--b", "\r\n--b--", "--b\r\n", "\r\n\r\n", "Content-Disposition: form-data; name=\"a\"", "filename=\"", "filename*=UTF-8''%",
        "\r",
        "\r\r\n", "boundary=", "  \t",
    ]
}
