import Domain
import Synchronization

/// How often vectors of passages that cost something were found kept in the database, and how often not, since the start.
public struct KeptVectorCounts: Sendable, Equatable {
    public internal(set) var hits = 0
    public internal(set) var misses = 0
}

/// Sees to it that this process pays for a text once: also when two files that hold it are at hand together, and when the database
/// went away between the provider's answer and its being kept.
final class PaymentDesk: Sendable {
    /// A text somebody's vectors are of.
    struct Item: Hashable, Sendable {
        let user: UserID
        let model: String
        let text: ContentDigest
    }

    private struct State {
        var taken: Set<Item> = []
        var unkept: [Item: [Float]] = [:]
        var counts = KeptVectorCounts()
    }

    private let state = Mutex(State())

    /// Vectors that wait for a database at most: those of a few calls for each of many files at a time.
    private static let mostUnkept = 2_048

    /// Those of some texts that nobody is paying for, for the caller alone until ``giveBack(_:)``.
    func take(_ texts: [Item: String]) -> [Item: String] {
        state.withLock { state in
            let free = texts.filter { !state.taken.contains($0.key) }
            state.taken.formUnion(free.keys)
            return free
        }
    }

    func giveBack(_ items: some Sequence<Item>) {
        state.withLock { $0.taken.subtract(items) }
    }

    /// Those of some texts whose vectors are not here either, in an order of their own.
    func unpaid(_ texts: [Item: String]) -> [(key: Item, value: String)] {
        state.withLock { state in Array(texts.filter { state.unkept[$0.key] == nil }) }
    }

    /// Vectors that were paid for and are not kept yet.
    func unkept(of items: some Sequence<Item>) -> [Item: [Float]] {
        state.withLock { state in
            items.reduce(into: [:]) { found, item in found[item] = state.unkept[item] }
        }
    }

    /// Holds vectors until they are kept. What nobody comes back for (its job was cancelled) makes room first.
    func note(_ vectors: [[Float]], for items: [Item]) {
        state.withLock { state in
            if state.unkept.count + vectors.count > Self.mostUnkept { state.unkept.removeAll() }
            for (item, vector) in zip(items, vectors) { state.unkept[item] = vector }
        }
    }

    /// Takes down what a look into the database found.
    func count(hits: Int, misses: Int) {
        state.withLock { state in
            state.counts.hits += hits
            state.counts.misses += misses
        }
    }

    var counts: KeptVectorCounts { state.withLock { $0.counts } }

    func forget(_ items: some Sequence<Item>) {
        state.withLock { state in
            for item in items { state.unkept[item] = nil }
        }
    }
}
