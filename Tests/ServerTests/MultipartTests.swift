import Domain
import Foundation
import Testing

@testable import Server

@Suite("Multipart bodies")
struct MultipartTests {
    private func parts(_ body: String, boundary: String = "b") throws(Problem) -> [FormPart] {
        try FormPart.all(in: Array(body.utf8), boundary: boundary)
    }

    private func oneFile(disposition: String) throws -> FormPart {
        try #require(try parts("--b\r\nContent-Disposition: \(disposition)\r\n\r\ntext\r\n--b--\r\n").first)
    }

    @Test("A body as curl sends it")
    func curl() throws {
        let boundary = "------------------------d74496d66958873e"
        let body = """
            --\(boundary)\r\nContent-Disposition: form-data; name="assistant"\r\n\r\nhandbook\r\n--\(boundary)\r\n\
            Content-Disposition: form-data; name="file"; filename="notes.md"\r\nContent-Type: application/octet-stream\r\n\r\n\
            # Title\n\nText.\n\r\n--\(boundary)--\r\n
            """
        let found = try parts(body, boundary: boundary)
        #expect(
            found == [
                .init(name: "assistant", fileName: nil, bytes: Array("handbook".utf8)),
                .init(name: "file", fileName: "notes.md", bytes: Array("# Title\n\nText.\n".utf8)),
            ])
    }

    @Test("A body as browsers send it, raw UTF-8 in the name")
    func browser() throws {
        let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        let body = """
            --\(boundary)\r\nContent-Disposition: form-data; name="file"; filename="規則 – 第1章.txt"\r\n\
            Content-Type: text/plain\r\n\r\n本文\r\n--\(boundary)\r\n\
            Content-Disposition: form-data; name="tags"\r\n\r\na,b\r\n--\(boundary)--\r\n
            """
        let found = try parts(body, boundary: boundary)
        #expect(found.map(\.name) == ["file", "tags"])
        #expect(found.first?.fileName == "規則 – 第1章.txt")
        #expect(found.first?.bytes == Array("本文".utf8))
    }

    @Test("A body as Python's requests and httpx send it: no quotes around the type, headers in other orders and cases")
    func python() throws {
        let body = """
            --b\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; filename="a.txt"; name="file"\r\n\
            Content-Length: 4\r\n\r\ntext\r\n--b--
            """
        #expect(try parts(body) == [.init(name: "file", fileName: "a.txt", bytes: Array("text".utf8))])
    }

    @Test(
        "File names quoted, escaped, bare and after RFC 5987",
        arguments: [
            (#"form-data; name="file"; filename="a;b.txt""#, "a;b.txt"),
            (#"form-data; name="file"; filename="say \"hi\".txt""#, #"say "hi".txt"#),
            (#"form-data; name="file"; filename="C:\dir\a.txt""#, #"C:\dir\a.txt"#),
            (#"form-data; name=file; filename=bare.txt"#, "bare.txt"),
            (#"form-data; name="file"; filename*=UTF-8''na%C3%AFve%20file.txt"#, "naïve file.txt"),
            (#"form-data; name="file"; filename="fallback.txt"; filename*=utf-8'en'%E2%82%AC.txt"#, "€.txt"),
            (#"form-data; name="file"; filename="fallback.txt"; filename*=iso-8859-1''%A3.txt"#, "fallback.txt"),
            (#"form-data; name="file"; filename="fallback.txt"; filename*=UTF-8''%FF%FE"#, "fallback.txt"),
            (#"form-data; name="file"; filename="""#, ""),
        ])
    func fileNames(disposition: String, expected: String) throws {
        let part = try oneFile(disposition: disposition)
        #expect(part.name == "file")
        #expect(part.fileName == expected)
        #expect(part.bytes == Array("text".utf8))
    }

    @Test("Line ends at the edges of the content belong to it, but for the one before the boundary")
    func lineEnds() throws {
        for content in ["", "\r\n", "\n", "\r", "\r\n\r\n", "a\r\n", "\r\na", "--", "x--b", "\r\n-", "\r\n--"] {
            let found = try parts("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\(content)\r\n--b--")
            #expect(found.first?.bytes == Array(content.utf8), "content \(content.debugDescription)")
        }
    }

    @Test("A preamble, an epilogue and spaces after a boundary are passed over")
    func surroundings() throws {
        let body = "Ignore me.\r\n--b  \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\nand me \r\n--b"
        #expect(try parts(body) == [.init(name: "a", fileName: nil, bytes: Array("1".utf8))])
    }

    @Test("Every byte value passes unchanged, with runs that look like the boundary")
    func binary() throws {
        var generator = SeededGenerator(seed: 7)
        let boundary = "bound"
        let lookalikes: [[UInt8]] = ["\r\n--boun", "--bound", "\r--bound", "\n--bound", "\r\n-bound", "\r\n\r\n"].map { Array($0.utf8) }
        for _ in 0..<50 {
            var content = Array(UInt8.min...UInt8.max)
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                content.insert(
                    contentsOf: lookalikes.randomElement(using: &generator) ?? [], at: Int.random(in: 0...content.count, using: &generator))
            }
            // A random insertion can complete a real delimiter; such content is not allowed by the format.
            guard content.firstRange(of: Array("\r\n--bound".utf8)) == nil else { continue }
            let head = Array("--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n".utf8)
            let found = try FormPart.all(in: head + content + Array("\r\n--bound--\r\n".utf8), boundary: boundary)
            #expect(found == [.init(name: "file", fileName: "x", bytes: content)])
        }
    }

    @Test(
        "A malformed body is refused as the caller's fault",
        arguments: [
            "", "nothing of the kind", "--b", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut off",
            "--b\r\n\r\n--b--", "--b\r\nno header end\r\n--b--", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "--other\r\n\r\n\r\n--other--",
        ])
    func malformed(body: String) {
        let problem = #expect(throws: Problem.self) { try parts(body) }
        #expect(problem?.kind == .invalidRequest)
        #expect(problem?.code == "multipart_malformed")
        #expect(problem?.parameter == "body")
    }

    @Test("Headers of any number end somewhere")
    func headSize() throws {
        func body(_ length: Int) -> String {
            let disposition = "Content-Disposition: form-data; name=\"a\"\r\n"
            return "--b\r\n\(disposition)X: " + String(repeating: "x", count: length) + "\r\n\r\ntext\r\n--b--"
        }
        #expect(try parts(body(16_000)).map(\.name) == ["a"])
        for length in [16_400, 200_000] {
            let problem = #expect(throws: Problem.self) { try parts(body(length)) }
            #expect(problem?.detail.contains("16384 bytes of headers") == true)
        }
    }

    @Test("A part without content may end with the line end of its headers")
    func emptyParts() throws {
        let head = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
        for body in [head + "--b--", head + "\r\n--b--"] {
            #expect(try parts(body) == [FormPart(name: "a", fileName: nil, bytes: [])], "\(body.debugDescription)")
        }
    }

    @Test("Every way to cut a body gives the same parts, or the same refusal")
    func cuts() throws {
        var generator = SeededGenerator(seed: 4)
        let good =
            "Hi\r\n--b \t\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nX: y\r\n\r\n\r\n--\r\n--c\r\n\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"t\"\r\n\r\n--b\r\n"
            + "Content-Disposition: form-data; name=\"u\"\r\n\r\n\r\r\n\r\n--b--\r\n--b"
        var bodies = [Array(good.utf8)]
        for _ in 0..<60 {
            var body = bodies[0]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                Self.mutate(&body, ["\r\n", "--b", "\r\n--b", ":", "\r"].map { Array($0.utf8) }, &generator)
            }
            bodies.append(body)
        }
        #expect(try FormPart.all(in: bodies[0], boundary: "b").map(\.name) == ["file", "t", "u"])
        for body in bodies {
            let whole = Self.outcome(body, [])
            for cut in 0...body.count { #expect(Self.outcome(body, [cut]) == whole, "cut at \(cut)") }
            #expect(Self.outcome(body, Array(0...body.count)) == whole, "byte by byte")
            let some = (0..<5).map { _ in Int.random(in: 0...body.count, using: &generator) }.sorted()
            #expect(Self.outcome(body, some) == whole, "cut at \(some)")
        }
    }

    /// The parts, or why there are none.
    private static func outcome(_ body: [UInt8], _ cuts: [Int]) -> Result<[FormPart], Refusal> {
        do {
            return .success(try FormPart.all(in: body, boundary: "b", cutAt: cuts))
        } catch {
            return .failure(Refusal(detail: error.detail))
        }
    }

    private struct Refusal: Error, Equatable {
        let detail: String
    }

    @Test("A boundary is followed by spaces or the end of its line")
    func boundaryLine() throws {
        for (rest, reason) in [("x", "other text"), (" x", "other text"), (String(repeating: " ", count: 300), "many spaces")] {
            let problem = #expect(throws: Problem.self) {
                try parts("--b\(rest)\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--")
            }
            #expect(problem?.detail.contains(reason) == true, "\(rest)")
        }
    }

    @Test("100 parts are read and 101 refused")
    func partCount() throws {
        func body(_ count: Int) -> String {
            (0..<count).map { "--b\r\nContent-Disposition: form-data; name=\"p\($0)\"\r\n\r\n\($0)\r\n" }.joined() + "--b--\r\n"
        }
        #expect(try parts(body(100)).count == 100)
        let problem = #expect(throws: Problem.self) { try parts(body(101)) }
        #expect(problem?.detail.contains("more than 100") == true)
    }

    @Test(
        "The boundary of a content type",
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("multipart/form-data; boundary=\"a b;c\"", "a b;c"),
            ("multipart/form-data; charset=utf-8; BOUNDARY=x", "x"), ("multipart/form-data;boundary=x;charset=utf-8", "x"),
            ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil),
            ("multipart/form-data; boundary=\(String(repeating: "a", count: 71))", nil), ("multipart/form-data; boundary", nil),
        ] as [(String, String?)])
    func boundary(contentType: String, expected: String?) {
        #expect(Multipart.boundary(in: contentType) == expected)
    }

    @Test("Mutated and cut bodies are read or refused, never more bytes than came in")
    func mutations() throws {
        var generator = SeededGenerator(seed: 20_261_121)
        let pieces: [[UInt8]] = ["\r\n", "--b", "--b--", "\r\n--b", "\"", ";", "=", "\\\"", "\0", "filename*=UTF-8''%", "\u{301}"].map {
            Array($0.utf8)
        }
        let good = Array(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\ntext\r\n--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nv\r\n--b--\r\n"
                .utf8)
        var refused = 0
        for _ in 0..<3_000 {
            var body = good
            for _ in 0..<Int.random(in: 1...6, using: &generator) { Self.mutate(&body, pieces, &generator) }
            do {
                let found = try FormPart.all(in: body, boundary: "b")
                #expect(found.reduce(0) { $0 + $1.bytes.count } <= body.count)
            } catch {
                #expect(error.kind == .invalidRequest)
                refused += 1
            }
        }
        #expect((1..<3_000).contains(refused))
    }

    private static func mutate(_ body: inout [UInt8], _ pieces: [[UInt8]], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0...body.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: body.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
        case 1: body.removeSubrange(place..<min(body.count, place + Int.random(in: 0...9, using: &generator)))
        case 2: if place < body.count { body[place] = UInt8.random(in: .min ... .max, using: &generator) }
        default: if Int.random(in: 0..<5, using: &generator) == 0 { body.removeLast(body.count - place) }
        }
    }
}

/// A part of a form, put together from the parser's events.
struct FormPart: Equatable {
    let name: String
    let fileName: String?
    var bytes: [UInt8]

    /// Reads a body that comes in pieces that end at some places.
    static func all(in body: [UInt8], boundary: String, cutAt cuts: [Int] = []) throws(Problem) -> [FormPart] {
        var parser = MultipartParser(boundary: boundary)
        var parts: [FormPart] = []
        var isOpen = false
        var start = 0
        for end in cuts + [body.count] {
            for event in try parser.feed(body[start..<end]) {
                switch event {
                case .begin(let head):
                    #expect(!isOpen, "a part begins in another")
                    parts.append(FormPart(name: head.name, fileName: head.fileName, bytes: []))
                    isOpen = true
                case .bytes(let bytes):
                    #expect(isOpen && !bytes.isEmpty, "bytes belong to a part")
                    parts[parts.count - 1].bytes += bytes
                case .end:
                    #expect(isOpen, "a part ends that did not begin")
                    isOpen = false
                }
            }
            start = end
        }
        try parser.finish()
        return parts
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same sequence at every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
