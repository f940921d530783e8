import Foundation
import VectorIndex

/// The exact answers to some queries over what is live and allowed now: the judge where a file's truth does not hold.
///
/// They come from the exhaustive search, whose scores are the same exact cosines as those of every other search.
struct ExactAnswers: Sendable {
    /// Answers within this of the k-th exact score are as good as it.
    private static let tie: Float = 1e-6

    private let truth: [SearchResponse]

    /// Searches exhaustively on all cores.
    init(_ contender: IndexContender, _ queries: QuerySet) async throws {
        let cores = availableCores()
        let exact = contender.limited(to: [.exact])
        let answers = try await onCores([cores]) { _ in
            try exact.searchBatch(queries.measured, k: queries.k, threads: cores.count, .exact)
        }
        truth = answers[0]
    }

    /// Rows in scope, the same for every query.
    var matched: Int { truth.first?.matched ?? 0 }

    /// Mean share of the nearest rows that were found. A row found twice counts once; where no row is in scope nothing can be missed.
    func recall(of answers: [SearchResponse]) -> Double {
        let shares = zip(answers, truth).map { answer, exact in
            guard let last = exact.hits.last else { return 1.0 }
            let known = Set(exact.hits.map(\.id))
            var seen = Set<UUID>()
            let found = answer.hits.count { seen.insert($0.id).inserted && (known.contains($0.id) || $0.score >= last.score - Self.tie) }
            return Double(found) / Double(exact.hits.count)
        }
        return shares.reduce(0, +) / Double(max(1, shares.count))
    }

    /// Answers with fewer rows than there are to be found.
    func short(_ answers: [SearchResponse]) -> Int {
        zip(answers, truth).count { $0.hits.count < $1.hits.count }
    }
}
