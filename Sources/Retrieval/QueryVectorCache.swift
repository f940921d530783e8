import Embeddings
import Synchronization

/// Where the servers of one installation share the vectors of questions, by text keys.
///
/// Both may do nothing at any time, and must not take long: a question waits for ``value``, and not for ``keep``.
public struct SharedVectors: Sendable {
    public var value: @Sendable (_ key: String) async -> [UInt8]?
    public var keep: @Sendable (_ value: [UInt8], _ key: String) -> Void

    public init(
        value: @escaping @Sendable (_ key: String) async -> [UInt8]?, keep: @escaping @Sendable (_ value: [UInt8], _ key: String) -> Void
    ) {
        self.value = value
        self.keep = keep
    }
}

/// Where the vectors of questions came from since the start.
public struct QuestionStatistics: Sendable, Equatable {
    /// Questions whose vectors are in memory now.
    public internal(set) var remembered = 0
    /// Found in memory.
    public internal(set) var memoryHits = 0
    /// Found where servers share them.
    public internal(set) var sharedHits = 0
    /// Found there, but not what was put there; the model was asked.
    public internal(set) var damaged = 0
    /// The model was asked.
    public internal(set) var misses = 0
}

/// The vectors of the questions that were asked last, so that a question that comes again, or that is ranked in another way, costs no model:
/// in memory, and where there is such a place, shared with other servers and the next start.
///
/// The memory keeps between its capacity and half of it: when the younger half is full it becomes the older, whose unused entries are forgotten.
final class QueryVectorCache: Sendable {
    private struct State {
        var younger: [QuestionKey: QueryVector] = [:]
        var older: [QuestionKey: QueryVector] = [:]
        var statistics = QuestionStatistics()
    }

    private let half: Int
    private let shared: SharedVectors?
    private let state = Mutex(State())

    /// - Parameter capacity: questions that are remembered in memory; one takes some 12 KB.
    init(capacity: Int, shared: SharedVectors?) {
        half = max(1, capacity / 2)
        self.shared = shared
    }

    var statistics: QuestionStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.remembered = state.younger.count + state.older.count
            return statistics
        }
    }

    /// The vectors of a question, when they are remembered somewhere.
    /// - Parameter dimensions: of the model whose key it is.
    func vector(of question: QuestionKey, dimensions: Int) async -> QueryVector? {
        if let vector = state.withLock({ Self.vectorInMemory(of: question, half: half, &$0) }) { return vector }
        let bytes = await shared?.value(Self.sharedKey(of: question))
        let vector = bytes.flatMap { QueryVector($0, for: question, dimensions: dimensions) }
        state.withLock { state in
            if let vector {
                state.statistics.sharedHits += 1
                Self.remember(vector, of: question, half: half, &state)
            } else {
                state.statistics.misses += 1
                if bytes != nil { state.statistics.damaged += 1 }
            }
        }
        return vector
    }

    func remember(_ vector: QueryVector, of question: QuestionKey) {
        state.withLock { Self.remember(vector, of: question, half: half, &$0) }
        shared?.keep(vector.encoded(for: question), Self.sharedKey(of: question))
    }

    private static func sharedKey(of question: QuestionKey) -> String { "bunko:question:\(question.text)" }

    private static func vectorInMemory(of question: QuestionKey, half: Int, _ state: inout State) -> QueryVector? {
        if let vector = state.younger[question] {
            state.statistics.memoryHits += 1
            return vector
        }
        guard let vector = state.older.removeValue(forKey: question) else { return nil }
        state.statistics.memoryHits += 1
        remember(vector, of: question, half: half, &state)
        return vector
    }

    private static func remember(_ vector: QueryVector, of question: QuestionKey, half: Int, _ state: inout State) {
        if state.younger.count >= half { (state.older, state.younger) = (state.younger, [:]) }
        state.younger[question] = vector
    }
}
