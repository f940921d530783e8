import Embeddings
import Synchronization

/// The vectors of the questions that were asked last, so that a question that comes again, or that is ranked in another way, costs no model.
///
/// Keeps between its capacity and half of it: when the younger half is full it becomes the older, whose unused entries are forgotten.
final class QueryVectorCache: Sendable {
    private struct State {
        var younger: [String: QueryVector] = [:]
        var older: [String: QueryVector] = [:]
    }

    private let half: Int
    private let state = Mutex(State())

    /// - Parameter capacity: questions that are remembered; one takes some 12 KB.
    init(capacity: Int) {
        half = max(1, capacity / 2)
    }

    /// The vectors of a question, when they are remembered.
    func vector(of question: String) -> QueryVector? {
        state.withLock { state in
            if let vector = state.younger[question] { return vector }
            guard let vector = state.older.removeValue(forKey: question) else { return nil }
            remember(vector, of: question, &state)
            return vector
        }
    }

    func remember(_ vector: QueryVector, of question: String) {
        state.withLock { remember(vector, of: question, &$0) }
    }

    private func remember(_ vector: QueryVector, of question: String, _ state: inout State) {
        if state.younger.count >= half { (state.older, state.younger) = (state.younger, [:]) }
        state.younger[question] = vector
    }
}
