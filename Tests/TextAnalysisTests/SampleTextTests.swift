import Foundation
import Testing

private let sampleFolders = (RealVocabularies.variable("BUNKO_SAMPLE_TEXTS") ?? "").split(separator: ":").map(String.init)

/// The estimate against cl100k and o200k on texts of the caller's: the folders that the variable BUNKO_SAMPLE_TEXTS names, apart by ":".
///
/// Read are .md, .txt and .jsonl files in UTF-8; all should be English, Japanese or Korean. A line of a .jsonl file with a "text" is a
/// passage, and those of one "title" make a document; other files are documents, with passages of six paragraphs. Texts of less than
/// 200 characters are passed over.
@Suite(
    .enabled(if: RealVocabularies.folder != nil, RealVocabularies.absence),
    .enabled(if: !sampleFolders.isEmpty, "BUNKO_SAMPLE_TEXTS names no folder with texts"))
struct SampleTextTests {
    private struct Line: Decodable {
        let title: String?
        let text: String?
    }

    private struct Sample {
        let name: String
        let text: String
    }

    @Test(arguments: sampleFolders) func theEstimateIsNeverFarUnderAndNotFarOver(folder: String) throws {
        let vocabularies = try RealVocabularies.shared()
        let (passages, documents) = try Self.samples(in: folder)
        #expect(!passages.isEmpty, "\(folder) holds no texts")
        for (kind, samples) in [("passages", passages), ("documents", documents)] where !samples.isEmpty {
            let counts = samples.map { vocabularies.counts(of: $0.text) }
            for (sample, count) in zip(samples, counts) {
                #expect(count.ratio >= 0.95, "\(sample.name) begins “\(sample.text.prefix(60))”")
            }
            let ratios = counts.map(\.ratio).sorted()
            let mean = ratios.reduce(0, +) / Double(ratios.count)
            // A handful of texts has no mean to speak of.
            if ratios.count >= 10 { #expect(mean <= 1.15, "\(kind) of \(folder)") }
            let figures = [("least", 0), ("1 of 100", 0.01), ("median", 0.5), ("99 of 100", 0.99), ("most", 1)].map { name, part in
                "\(name) \(Self.rounded(ratios[Int(Double(ratios.count - 1) * part)]))"
            }
            let sums = counts.reduce(into: (0, 0)) { $0 = ($0.0 + $1.cl100k, $0.1 + $1.o200k) }
            print(
                "\(folder), \(samples.count) \(kind) of \(sums.0) tokens by cl100k and \(sums.1) by o200k: "
                    + "\(figures.joined(separator: ", ")); mean \(Self.rounded(mean))")
        }
    }

    private static func rounded(_ ratio: Double) -> String {
        ratio.formatted(.number.precision(.fractionLength(3)).locale(Locale(identifier: "en_US_POSIX")))
    }

    private static func samples(in folder: String) throws -> (passages: [Sample], documents: [Sample]) {
        var (passages, documents): ([Sample], [Sample]) = ([], [])
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
            guard ["md", "txt", "jsonl"].contains(URL(fileURLWithPath: file).pathExtension),
                let text = try String(validating: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)")), as: UTF8.self)
            else { continue }
            if file.hasSuffix(".jsonl") {
                let lines = try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
                passages += lines.compactMap { line in line.text.map { Sample(name: file, text: $0) } }
                let titled = Dictionary(grouping: lines) { $0.title ?? "" }.filter { !$0.key.isEmpty && $0.value.count > 1 }
                documents += titled.map { Sample(name: "\(file), \($0.key)", text: $0.value.compactMap(\.text).joined(separator: "\n\n")) }
            } else {
                passages += RealVocabularies.passages(of: text).map { Sample(name: file, text: $0) }
                documents.append(Sample(name: file, text: text))
            }
        }
        func isLong(_ sample: Sample) -> Bool { sample.text.unicodeScalars.count >= 200 }
        return (passages.filter(isLong), documents.filter(isLong))
    }
}
