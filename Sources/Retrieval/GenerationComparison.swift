public import Domain
public import Embeddings
public import Storage

/// A question that two generations are compared by.
public struct ComparedQuestion: Sendable {
    public let text: String
    /// Whose knowledge is searched, and what is shared with all; nil: everything.
    public let assistant: AssistantID?
    public let owner: UsageOwner

    public init(_ text: String, assistant: AssistantID?, owner: UsageOwner) {
        self.text = text
        self.assistant = assistant
        self.owner = owner
    }
}

/// The rows nearest to one question, the nearest first, by either generation.
public struct ComparedRankings: Sendable {
    public struct Hit: Sendable {
        public let id: ChunkID
        public let fileName: String?
        let score: Float
    }

    public fileprivate(set) var live: [Hit] = []
    public fileprivate(set) var shadow: [Hit] = []

    /// The share of the first k rows of one that are among the first k of the other; 1 where there are none.
    public func overlap(at k: Int) -> Double {
        let (one, other) = (live.prefix(k).map(\.id), shadow.prefix(k).map(\.id))
        guard !one.isEmpty else { return 1 }
        return Double(Set(one).intersection(other).count) / Double(one.count)
    }
}

/// Compares the live generation with the one beside it: every question by either's own model, every row exactly, in one pass.
public struct GenerationComparison: Sendable {
    private let database: Database
    private let live: any EmbeddingProvider
    private let shadow: any EmbeddingProvider
    private let usage: UsageRecorder
    private let scope: Scope

    private static let batchSize = 256
    /// Questions embedded at a time.
    private static let width = 4

    /// - Parameters:
    ///   - live: of the live generation's model, as `shadow` of the other's.
    ///   - scope: a system scope.
    public init(
        database: Database, live: any EmbeddingProvider, shadow: any EmbeddingProvider, usage: UsageRecorder, scope: Scope
    ) {
        self.database = database
        self.live = live
        self.shadow = shadow
        self.usage = usage
        self.scope = scope
    }

    /// The nearest rows of each question, in the questions' order. Takes time in proportion to rows times questions, and memory to questions.
    /// - Parameter depth: rows that are kept of each.
    /// - Throws: `unavailable` or `bad_gateway` when a model has no vectors to give.
    @concurrent
    public func rankings(of questions: [ComparedQuestion], depth: Int) async throws -> [ComparedRankings] {
        let vectors = try await vectors(of: questions)
        var nearest = questions.map { _ in (live: Nearest(depth), shadow: Nearest(depth)) }
        try await database.forEachPairedRow(scope, live: live.model.id, shadow: shadow.model.id, batchSize: Self.batchSize) { rows in
            try Task.checkCancellation()
            for row in rows {
                for (number, question) in questions.enumerated()
                where question.assistant == nil || row.assistant == nil || row.assistant == question.assistant {
                    nearest[number].live.offer(row, Self.cosine(vectors[number].live, row.live))
                    nearest[number].shadow.offer(row, Self.cosine(vectors[number].shadow, row.shadow))
                }
            }
        }
        return nearest.map { ComparedRankings(live: $0.live.hits, shadow: $0.shadow.hits) }
    }

    /// The best so far, best first.
    private struct Nearest {
        let depth: Int
        var hits: [ComparedRankings.Hit] = []

        init(_ depth: Int) {
            self.depth = depth
        }

        mutating func offer(_ row: PairedRow, _ score: Float) {
            guard score.isFinite, hits.count < depth || score > hits[hits.count - 1].score else { return }
            let place = hits.partitioningIndex { $0.score < score }
            hits.insert(.init(id: row.id, fileName: row.fileName, score: score), at: place)
            if hits.count > depth { hits.removeLast() }
        }
    }

    /// Of a unit vector with any: a model's are unit vectors, those that plain SQL wrote may not be.
    private static func cosine(_ question: [Float], _ row: [Float]) -> Float {
        var (product, square): (Float, Float) = (0, 0)
        for index in 0..<min(question.count, row.count) {
            product += question[index] * row[index]
            square += row[index] * row[index]
        }
        return product / square.squareRoot()
    }

    // MARK: - Questions

    private func vectors(of questions: [ComparedQuestion]) async throws -> [(live: [Float], shadow: [Float])] {
        try await withThrowingTaskGroup(of: (Int, [Float], [Float]).self) { group in
            var next = 0
            func add() {
                guard next < questions.count else { return }
                let (number, question) = (next, questions[next])
                next += 1
                group.addTask { (number, try await vector(of: question, by: live), try await vector(of: question, by: shadow)) }
            }
            for _ in 0..<Self.width { add() }
            var vectors = [(live: [Float], shadow: [Float])](repeating: ([], []), count: questions.count)
            while let (number, live, shadow) = try await group.next() {
                vectors[number] = (live, shadow)
                add()
            }
            return vectors
        }
    }

    private func vector(of question: ComparedQuestion, by embedder: any EmbeddingProvider) async throws -> [Float] {
        let charge = embedder.charge(for: [question.text])
        let call = UsageRecord(question.owner, apiName: "embeddings", model: embedder.model.id, tokens: charge.tokens, cost: charge.cost)
        do {
            return try await usage.measure(call) { call in
                let vector = try await embedder.queryVector(question.text)
                if let tokens = vector.tokens { (call.tokens, call.cost) = (tokens, embedder.cost(of: tokens)) }
                return vector.alone
            }
        } catch let error as EmbeddingError {
            throw Problem(error)
        }
    }
}

extension Array {
    /// The first place whose element fulfils a condition that all behind it fulfil as well.
    fileprivate func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
