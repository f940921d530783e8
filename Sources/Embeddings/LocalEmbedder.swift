import Glibc
import NIOPosix
import TextAnalysis

/// The built-in embedder: 384 components of all-MiniLM-L6-v2, which knows meanings of English, beside 1,152 of hashed terms, which know
/// the words of every language.
///
/// Both parts have length 1 and stand in a vector with weights whose squares add up to 1. The first weighs as much as the text is in
/// the model's language, so that the cosine of two texts is a blend of both parts for English and the terms' alone for Korean or Japanese.
/// A text of neither words nor letters has the terms' fixed vector.
///
/// Works on threads of its own, of which those for passages give way to all others: a query never waits behind an import.
public final class LocalEmbedder: EmbeddingProvider {
    /// Names the model.
    public static let modelID = "bunko-minilm-1536-v1"

    /// The model ``modelID`` of 1,536 dimensions.
    public let model = EmbeddingModel(id: modelID, dimensions: dimensions)

    private static let dimensions = 1_536
    private static let space = TermVectorSpace(dimensions: dimensions - SentenceModel.dimensions)
    /// The square of the first part's weight in a text that is all in the model's language.
    private static let semanticMass: Float = 0.5
    /// Below this share of Latin letters the model is not asked: a name or two in a Korean text tell it little, and the text's other pieces
    /// take its time.
    private static let leastShare: Float = 0.2
    /// Bytes of text a thread takes at a time: about 500 pieces, which take a tenth of a second.
    private static let bytesOfJob = 2_048
    /// Of a query no more pieces are read, so that the longest takes no longer than a second.
    private static let piecesOfQuery = 1_016
    /// How much threads for passages give way, in steps of `nice`.
    private static let niceness: Int32 = 10

    /// A passage takes a core some twenty milliseconds.
    public let isCostly = true

    private let sentences: SentenceModel
    private let passageThreads: NIOThreadPool
    private let queryThreads: NIOThreadPool

    /// - Parameters:
    ///   - sentences: the model.
    ///   - threads: for passages, and as many for queries; as many as there are cores is best.
    public init(_ sentences: SentenceModel, threads: Int) {
        self.sentences = sentences
        passageThreads = NIOThreadPool(numberOfThreads: threads)
        queryThreads = NIOThreadPool(numberOfThreads: threads)
        passageThreads.start()
        queryThreads.start()
    }

    deinit {
        for pool in [passageThreads, queryThreads] { pool.shutdownGracefully { _ in } }
    }

    /// The unit vectors of `texts`, in order. Of a query's text that is longer than some 4,000 characters the meaning of the beginning
    /// counts, and the terms of all.
    ///
    /// Never throws `EmbeddingError`; throws `CancellationError` when the task is cancelled, after what is being computed.
    public func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        let jobs = Self.jobs(of: texts)
        guard jobs.count > 1 else { return try await vectors(of: texts, purpose) }
        return try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
            for job in jobs {
                let part = Array(texts[job])
                group.addTask { (job.lowerBound, try await self.vectors(of: part, purpose)) }
            }
            var vectors = [[Float]](repeating: [], count: texts.count)
            for try await (start, part) in group { vectors.replaceSubrange(start..<start + part.count, with: part) }
            return vectors
        }
    }

    /// Beside words the meaning alone, where the question is in the model's language.
    public func queryVector(_ question: String) async throws -> QueryVector {
        let vector = try await vectors(of: [question], .query)[0]
        let share = LatinShare.of(question)
        // Without a meaning nothing would be asked for.
        guard share >= Self.leastShare, vector[..<SentenceModel.dimensions].contains(where: { $0 != 0 }) else {
            return QueryVector(vector, meaning: 0)
        }
        let terms = [Float](repeating: 0, count: Self.dimensions - SentenceModel.dimensions)
        // A passage that is all in the model's language has the square root of its meaning's mass in those components.
        return QueryVector(
            alone: vector, besideWords: vector[..<SentenceModel.dimensions] + terms, meaning: share, ceiling: Self.semanticMass.squareRoot()
        )
    }

    /// Texts that are embedded together.
    private static func jobs(of texts: [String]) -> [Range<Int>] {
        var jobs: [Range<Int>] = []
        var (start, bytes) = (0, 0)
        for (index, text) in texts.enumerated() {
            if bytes > 0, bytes + text.utf8.count > bytesOfJob {
                jobs.append(start..<index)
                (start, bytes) = (index, 0)
            }
            bytes += text.utf8.count
        }
        if start < texts.count { jobs.append(start..<texts.count) }
        return jobs
    }

    private func vectors(of texts: [String], _ purpose: EmbeddingPurpose) async throws -> [[Float]] {
        try Task.checkCancellation()
        let sentences = sentences
        switch purpose {
        case .query: return try await queryThreads.runIfActive { Self.compute(texts, purpose, sentences) }
        case .passage:
            return try await passageThreads.runIfActive {
                // On Linux a thread has a priority of its own. Where it cannot be lowered, embedding is only less polite.
                _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, Self.niceness)
                return Self.compute(texts, purpose, sentences)
            }
        }
    }

    private static func compute(_ texts: [String], _ purpose: EmbeddingPurpose, _ sentences: SentenceModel) -> [[Float]] {
        var terms = TermEncoder(space)
        let masses = texts.map { text in
            let share = LatinShare.of(text)
            return share < leastShare ? 0 : semanticMass * share
        }
        let pieces = zip(texts, masses).map { text, mass in
            let pieces = mass > 0 ? sentences.pieces(of: text) : []
            return purpose == .query ? Array(pieces.prefix(piecesOfQuery)) : pieces
        }
        let meanings = sentences.vectors(of: pieces)
        return texts.indices.map { index in
            blend(meanings[index], terms.vector(of: texts[index], purpose: purpose), mass: masses[index])
        }
    }

    /// The two parts one behind the other; all of the second when there is no first.
    private static func blend(_ meaning: [Float]?, _ terms: [Float], mass: Float) -> [Float] {
        guard let meaning else { return [Float](repeating: 0, count: SentenceModel.dimensions) + terms }
        let (first, second) = (mass.squareRoot(), (1 - mass).squareRoot())
        return meaning.map { $0 * first } + terms.map { $0 * second }
    }
}
