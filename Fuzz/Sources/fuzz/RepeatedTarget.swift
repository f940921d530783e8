import Glibc
import TextAnalysis

@testable import Extraction

/// Reads and cuts long documents of one short piece, again and again: what takes more than linear time shows.
///
/// An input is: a name 1 byte, how to cut 1 byte, how many bytes stand in front once 1 byte, those, the piece.
struct RepeatedTarget: FuzzTarget {
    private static let names = ["a.md", "a.txt", "a.csv", "a.json", "a.jsonl", "a.tsv"]
    private static let length = 64 << 10
    /// Of processor time, instrumented; what is linear takes a tenth at most.
    private static let longest = 6.0

    func run(_ input: [UInt8]) {
        guard input.count > 3 else { return }
        let name = Self.names[Int(input[0]) % Self.names.count]
        let front = input[3...].prefix(Int(input[2]) % 32)
        let piece = Array(String(decoding: input[3...].dropFirst(front.count).prefix(100), as: UTF8.self).utf8)
        guard !piece.isEmpty else { return }
        var bytes = Array(String(decoding: front, as: UTF8.self).utf8)
        while bytes.count < Self.length { bytes += piece }
        guard MediaType.isReadHere(bytes, name) else { return }
        let begin = clock()
        let choice = CuttingChoice(input[1])
        do {
            let document = try TextExtractor().extract(bytes, fileName: name)
            let chunks = try Chunker(configuration: choice.configuration, counter: choice.counter).chunks(of: document)
            require(chunks.allSatisfy { $0.tokenCount <= choice.configuration.maximumTokens }, "no passage exceeds the maximum")
            require(document.source.bytes.count <= 64 * bytes.count, "what is written is in proportion to what is given")
        } catch {
            require(error is ExtractionError, "errors are of the documented type")
        }
        let seconds = Double(clock() - begin) / Double(CLOCKS_PER_SEC)
        require(seconds < Self.longest, "the time is in proportion to the bytes, but these took \(seconds) s")
    }

    func seeds() -> [[UInt8]] {
        let pieces = [
            "a", "word ", "One. ", "港。", "> a\n", "# a\n", "- a\n  b\n", "|a|b|\n|-|-|\n", "a,\"b\"\n", "{\"a\":1}\n", "[", "\u{2028}",
            "a\u{301}",
        ]
        var seeds: [[UInt8]] = []
        for (number, piece) in pieces.enumerated() {
            seeds.append([UInt8(number % Self.names.count), 0, 0] + Array(piece.utf8))
            seeds.append([UInt8((number + 1) % Self.names.count), 1, 1, 0x61] + Array(piece.utf8))
        }
        return seeds
    }

    var words: [String] {
        let documents = [DocumentTarget.markdown, .table, .json]
        return documents.flatMap(\.words) + ["1.A", "「", "\u{85}"]
    }
}
