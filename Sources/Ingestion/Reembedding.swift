public import Domain
public import Embeddings
public import Foundation
public import Storage

/// What filling a generation is expected to take.
public struct ReembeddingEstimate: Sendable {
    public let work: GenerationWork
    /// In the installation's currency.
    public let cost: Decimal
    /// At the rate of some passages that were embedded on trial, one call after the other; nil without any.
    public let time: Duration?
}

/// What a round of filling came to.
public struct ReembeddingOutcome: Sendable {
    public fileprivate(set) var filled = 0
    /// Passages whose text the model refuses, by itself.
    public fileprivate(set) var refused: [ChunkID] = []
    /// Passages that somebody was changing all the while.
    public fileprivate(set) var busy = 0
}

/// Embeds the stored passages again, into the generation of another model beside the live one, which is searched meanwhile.
///
/// Rows that are done stay done, whatever ends the work. Vectors that cost something are kept and accounted for as an import's are.
public struct Reembedding: Sendable {
    private let database: Database
    private let model: EmbeddingModel
    private let passages: PassageEmbedder
    private let scope: Scope

    /// Rows that are read at a time.
    private static let window = 512
    /// Passages of one call and one commit: what a crash between the two loses of work that costs nothing.
    private static let perCall = 32
    /// Calls under way at a time; a remote model's provider has its own limit.
    private static let width = 8
    /// Passages embedded on trial.
    private static let sample = 16
    /// Rounds in which nothing could be done, and the pause between them, before rows count as busy.
    private static let mostIdleRounds = 10
    private static let pause = Duration.milliseconds(500)

    /// - Parameters:
    ///   - embedder: of the generation's model.
    ///   - usage: takes down each call of it.
    ///   - scope: a system scope.
    public init(database: Database, embedder: any EmbeddingProvider, usage: UsageRecorder, scope: Scope) {
        self.database = database
        model = embedder.model
        passages = PassageEmbedder(MeteredEmbedder(embedder, usage), database)
        self.scope = scope
    }

    // MARK: - Filling

    /// What filling takes, by the rows' texts, the model's price, and the time that some of them take, which are embedded for that.
    /// - Throws: `conflict` when another generation is in the way, `unavailable` or `bad_gateway` when the model has no vectors to give.
    public func estimate() async throws -> ReembeddingEstimate {
        let work = try await database.read(scope) { transaction in
            try await transaction.checkGeneration(model.id)
            return try await transaction.generationWork()
        }
        let sample = try await database.read(scope) { try await $0.unfilledPassages(after: nil, limit: Self.sample) }
        var time: Duration?
        if let first = sample.first, work.rows > 0 {
            let texts = sample.filter { $0.userID == first.userID }.map(\.embeddingText)
            let owner = UsageOwner(first.userID, assistant: first.assistantID)
            let (took, count) = try await trial(texts, scope: try scope.acting(for: first.userID), owner)
            time = took * work.rows / count
        }
        return ReembeddingEstimate(work: work, cost: Decimal(work.tokens) * model.costPerMillionTokens / 1_000_000, time: time)
    }

    /// How long some of the texts take, as one of them may be one that the model refuses.
    private func trial(_ texts: [String], scope: Scope, _ owner: UsageOwner) async throws -> (time: Duration, count: Int) {
        do {
            return (try await passages.timed(texts, scope: scope, owner: owner), texts.count)
        } catch let problem as Problem where texts.count > 1 && problem.isRefusal {
            let half = texts.count / 2
            do {
                return try await trial(Array(texts[..<half]), scope: scope, owner)
            } catch let problem as Problem where problem.isRefusal {
                return try await trial(Array(texts[half...]), scope: scope, owner)
            }
        }
    }

    /// Gives every row that lacks it its vector, also those that come meanwhile, until none is left.
    /// - Parameter onProgress: gets how many more rows have theirs; called by several tasks.
    /// - Throws: `conflict` when another generation is in the way, or another process is at it; `unavailable` or `bad_gateway` when the model
    ///   has no vectors to give. What was done stays.
    public func fill(onProgress: @escaping @Sendable (Int) -> Void) async throws -> ReembeddingOutcome {
        try await database.aloneWithGenerations(scope) {
            try await database.write(scope) { try await $0.beginGeneration(model.id) }
            var outcome = ReembeddingOutcome()
            var idleRounds = 0
            while idleRounds < Self.mostIdleRounds {
                let before = outcome.filled
                let open = try await round(&outcome, onProgress)
                outcome.busy = open - outcome.refused.count
                if outcome.busy <= 0 { break }
                if outcome.filled == before {
                    idleRounds += 1
                    try await Task.sleep(for: Self.pause)
                } else {
                    idleRounds = 0
                }
            }
            return outcome
        }
    }

    /// Goes once through the rows that lack their vector.
    /// - Returns: how many lacked it and still do.
    private func round(_ outcome: inout ReembeddingOutcome, _ onProgress: @escaping @Sendable (Int) -> Void) async throws -> Int {
        var place: PassagePlace?
        var open = 0
        while true {
            let rows = try await database.read(scope) { [place] in try await $0.unfilledPassages(after: place, limit: Self.window) }
            guard let last = rows.last else { return open }
            let refused = Set(outcome.refused)
            let wanted = rows.filter { !refused.contains($0.id) }
            open += rows.count
            let done = try await fill(wanted, onProgress)
            outcome.filled += done.filled
            outcome.refused += done.refused
            // A model that takes no text at all does not refuse texts.
            if outcome.filled == 0, let refusal = done.refusal { throw refusal }
            open -= done.filled
            place = PassagePlace(last.userID, last.id)
        }
    }

    /// What became of some rows.
    private struct Done: Sendable {
        var filled = 0
        var refused: [ChunkID] = []
        /// What the model said to the last that it refused.
        var refusal: Problem?

        mutating func add(_ other: Done) {
            filled += other.filled
            refused += other.refused
            refusal = other.refusal ?? refusal
        }
    }

    private func fill(_ rows: [UnfilledPassage], _ onProgress: @escaping @Sendable (Int) -> Void) async throws -> Done {
        var calls = Self.calls(of: rows)[...]
        return try await withThrowingTaskGroup(of: Done.self) { group in
            func add() {
                guard let call = calls.popFirst() else { return }
                group.addTask {
                    let done = try await embed(call)
                    onProgress(done.filled)
                    return done
                }
            }
            for _ in 0..<Self.width { add() }
            var all = Done()
            while let done = try await group.next() {
                all.add(done)
                add()
            }
            return all
        }
    }

    /// Rows that are embedded by one call: of one assistant, whose use of the model it is.
    private static func calls(of rows: [UnfilledPassage]) -> [[UnfilledPassage]] {
        var calls: [[UnfilledPassage]] = []
        for row in rows {
            if let last = calls.last?.last, calls[calls.count - 1].count < perCall, last.userID == row.userID,
                last.assistantID == row.assistantID
            {
                calls[calls.count - 1].append(row)
            } else {
                calls.append([row])
            }
        }
        return calls
    }

    /// Where the model refuses the texts, those are looked for that it does not take.
    private func embed(_ rows: [UnfilledPassage]) async throws -> Done {
        let first = rows[0]
        let owner = try scope.acting(for: first.userID)
        do {
            let vectors = try await passages.vectors(
                of: rows.map(\.embeddingText), scope: owner, owner: UsageOwner(first.userID, assistant: first.assistantID))
            let filled = try await database.write(owner) { transaction in
                try await transaction.fillGeneration(model.id, Array(zip(rows, vectors)))
            }
            return Done(filled: filled)
        } catch let problem as Problem where problem.isTransactionConflict {
            return Done()
        } catch let fault as ProviderFault {
            guard fault.problem.isRefusal else { throw fault.problem }
            guard rows.count > 1 else { return Done(refused: [first.id], refusal: fault.problem) }
            let half = rows.count / 2
            var done = try await embed(Array(rows[..<half]))
            done.add(try await embed(Array(rows[half...])))
            return done
        }
    }
}

extension Problem {
    /// Whether the model would refuse the same texts again.
    fileprivate var isRefusal: Bool {
        if case .rejected? = underlying as? EmbeddingError { true } else { false }
    }
}
