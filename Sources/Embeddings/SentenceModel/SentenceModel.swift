import CVectorKernels
import Crypto
import Domain
import Foundation
import TextAnalysis

/// all-MiniLM-L6-v2: a small model of English whose vectors of 384 components tell what a text is about.
///
/// Reads `model.safetensors` and `vocab.txt` as they are published, and computes in this process, on the calling thread.
public struct SentenceModel: Sendable {
    /// The length of the vectors.
    public static let dimensions = EncoderShape.miniLM.hidden
    /// The pieces it was trained to see at a time, the first and the last mark among them.
    static let window = 256
    /// Pieces encoded at a time: enough that products of matrices run at their speed, and few enough for the processor's cache.
    private static let batch = 512

    private let tokenizer: WordPieceTokenizer
    private let encoder: SentenceEncoder

    /// Loads the model: 90 MB of memory, and 0.2 s when the system has the files in its cache.
    /// - Parameter directory: holds `model.safetensors` and `vocab.txt`. Files that differ from the published ones in a single bit are
    ///   refused: vectors are stored under the model's name.
    public init(directory: String) throws(ModelFileError) {
        let vocabulary = "\(directory)/vocab.txt"
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: vocabulary))
        } catch {
            throw ModelFileError(path: vocabulary, reason: "it cannot be read (\(error.localizedDescription))")
        }
        try Self.check(SHA256.hash(data: bytes).hexadecimal, vocabulary)
        do {
            tokenizer = try WordPieceTokenizer(Array(bytes), fileName: vocabulary)
        } catch {
            throw ModelFileError(path: vocabulary, reason: error.reason)
        }
        let weights = "\(directory)/model.safetensors"
        let file = try SafetensorsFile(path: weights)
        try Self.check(file.sha256, weights)
        encoder = SentenceEncoder(weights: try EncoderWeights(file, .miniLM))
    }

    private static func check(_ sha256: String, _ path: String) throws(ModelFileError) {
        let published = ModelFolder.checksums[URL(filePath: path).lastPathComponent]
        guard sha256 == published else {
            throw ModelFileError(path: path, reason: "its SHA-256 is \(sha256), where the published file's is \(published ?? "unknown")")
        }
    }

    /// The pieces of `text`, without marks.
    func pieces(of text: String) -> [UInt32] {
        tokenizer.encode(text)
    }

    /// The unit vectors of texts that were cut into pieces; nil for those without any.
    ///
    /// A text longer than the window is read in windows of equal length, and its vector is the mean of theirs. Costs about 0.3 ms for each
    /// piece of a single core that multiplies matrices at 75 GFLOP/s.
    func vectors(of texts: [[UInt32]]) -> [[Float]?] {
        var windows: [(text: Int, pieces: [UInt32])] = []
        for (index, pieces) in texts.enumerated() {
            for window in Self.windows(pieces.count) {
                windows.append((index, [tokenizer.start] + pieces[window] + [tokenizer.end]))
            }
        }
        // Windows of like length behind one another keep the products of attention alike.
        windows.sort { ($0.pieces.count, $0.text) < ($1.pieces.count, $1.text) }
        var sums = [[Float]?](repeating: nil, count: texts.count)
        var first = 0
        while first < windows.count {
            var end = first
            var pieces = 0
            repeat {
                pieces += windows[end].pieces.count
                end += 1
            } while end < windows.count && pieces + windows[end].pieces.count <= Self.batch
            let vectors = encoder.encode(windows[first..<end].map(\.pieces))
            for (window, vector) in zip(windows[first..<end], vectors) {
                sums[window.text] = sums[window.text].map { zip($0, vector).map(+) } ?? vector
            }
            first = end
        }
        return sums.map { sum in
            guard var vector = sum else { return nil }
            return bunko_normalize(&vector, vector.count) ? vector : nil
        }
    }

    /// Where a text of `count` pieces is cut: as few windows as hold it, whose lengths differ by one at most.
    static func windows(_ count: Int) -> [Range<Int>] {
        let room = window - 2
        let number = (count + room - 1) / room
        return (0..<number).map { $0 * count / number..<($0 + 1) * count / number }
    }
}
