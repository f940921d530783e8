import ArgumentParser
import CBLAS
import Embeddings
import Foundation
import VectorIndex

struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "The built-in embedder's passages and questions a second, beside plain products of matrices.")

    @Option(help: "Words of a passage, each of them one piece; the model adds two.")
    var words = 126

    @Option(help: "Passages embedded in one call.")
    var passages = 240

    @Option(help: "Write <date>-embedder.md into this folder.")
    var results: String?

    func validate() throws {
        guard words > 0, passages > 0 else { throw ValidationError("words and passages must be positive") }
    }

    func run() async throws {
        BLASRuntime.useOneThread()
        let machine = Machine.current
        guard let folder = ModelFolder.find(home: NSHomeDirectory()) else {
            throw ValidationError("the model is not there: run scripts/setup.sh")
        }
        let threads = machine.cores
        let embedder = LocalEmbedder(try SentenceModel(directory: folder), threads: threads)
        let texts = (0..<passages).map(text)
        _ = try await embedder.embed(Array(texts.prefix(8)), purpose: .passage)
        // Both in turn, so that they meet the same machine.
        var rates: [(passages: Double, products: Double)] = []
        for _ in 0..<3 {
            let elapsed = try await seconds { _ = try await embedder.embed(texts, purpose: .passage) }
            rates.append((Double(passages) / elapsed, try products(threads: threads)))
        }
        var questions: [Double] = []
        for number in 0..<200 {
            let question = Self.vocabulary.indices.prefix(12).map { Self.vocabulary[($0 * 7 + number) % Self.vocabulary.count] }
            let text = question.joined(separator: " ")
            questions.append(try await seconds { _ = try await embedder.embed([text], purpose: .query) })
        }
        let best = rates.max { $0.passages < $1.passages } ?? (0, 1)
        let report = report(machine, best.passages, best.products, questions.sorted())
        print(report)
        if let results {
            let name = "\(Date.now.formatted(.iso8601.year().month().day()))-embedder.md"
            try report.write(to: URL(filePath: results).appending(path: name), atomically: true, encoding: .utf8)
        }
    }

    /// Common words, each of which is one piece of the model's vocabulary.
    private static let vocabulary = """
        water house morning ferry harbour street people letter office train garden river mountain question answer music paper window \
        market school doctor winter summer island bridge story picture village machine science history language kitchen number
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    private func text(_ number: Int) -> String {
        (0..<words).map { Self.vocabulary[($0 * (number + 3) + number) % Self.vocabulary.count] }.joined(separator: " ")
    }

    /// Floating-point operations of one passage: two for each weight of a layer and each piece, and attention's products.
    private var operations: Double {
        let (pieces, hidden, layers) = (Double(words + 2), 384.0, 6.0)
        return layers * (2 * pieces * 12 * hidden * hidden + 4 * pieces * pieces * hidden)
    }

    /// Operations a second of as many threads that multiply matrices of the encoder's largest form, and nothing else.
    private func products(threads: Int) throws -> Double {
        let (rows, columns, inner, times) = (512, 1_536, 384, 100)
        let elapsed = try onThreads(threads) { _ in
            let left = [Float](repeating: 0.5, count: rows * inner)
            let right = [Float](repeating: 0.25, count: columns * inner)
            var result = [Float](repeating: 0, count: rows * columns)
            for _ in 0..<times {
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(inner), 1, left, Int32(inner), right,
                    Int32(inner), 0, &result, Int32(columns))
            }
        }
        return Double(2 * rows * columns * inner * times * threads) / elapsed
    }

    private func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        try await ContinuousClock().measure { try await body() } / .seconds(1)
    }

    private func report(_ machine: Machine, _ rate: Double, _ products: Double, _ questions: [Double]) -> String {
        func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        let used = rate * operations
        return """
            # The built-in embedder

            all-MiniLM-L6-v2 and hashed terms, \(machine.cores) threads. \(machine.processor), \(machine.cores) cores; \(machine.blas); \
            load \(number(machine.load, 2)) at the start.

            ```
            make embedder
            ```

            | | |
            |---|---|
            | passages of \(words + 2) pieces | \(number(rate, 1)) a second |
            | the same in operations | \(number(used / 1e9, 1)) GFLOP/s |
            | products of matrices alone, 512 × 384 by 384 × 1,536 | \(number(products / 1e9, 1)) GFLOP/s |
            | part of it that the embedder reaches | \(number(100 * used / products, 0)) % |
            | a question of 12 words, p50 / p95 / p99 | \
            \([0.5, 0.95, 0.99].map { number(questions[Int($0 * Double(questions.count - 1))] * 1e3, 1) }.joined(separator: " / ")) ms |

            The best of three rounds of \(passages) passages, products measured after each.

            """
    }
}
