import Dispatch
import Foundation
import Logging
import Synchronization
import VectorIndex

/// What share of the true nearest rows the index finds, as measured on some of the questions it was asked.
public struct LiveRecall: Sendable, Encodable {
    /// Questions that were asked again, since the start.
    public let questions: Int
    /// Mean and fifth percentile over the last thousand of them; nil without any.
    public let mean: Double?
    public let p5: Double?
    /// Partitions that were trained anew because they found too little.
    public let retrained: Int
}

/// Asks a small share of the questions again, exactly, in the background. A partition that finds clearly less than was asked for is trained anew.
///
/// Takes one part in fifty of one core at most, however many questions come and however long an exact search takes.
final class RecallMeter: Sendable {
    private struct Partition {
        var questions = 0
        var shortfall = 0.0
    }

    private struct State {
        var isBusy = false
        var restsUntil = ContinuousClock.now
        var questions = 0
        var last: [Double] = []
        var partitions: [UUID: Partition] = [:]
        var retrained = 0
    }

    /// One question in so many.
    private static let share = 100
    private static let window = 1_000
    /// How many times as long as an exact search took the meter rests afterwards.
    private static let rest = 50.0
    /// Questions to one partition that must have been measured, and how much less it must find, before it is trained anew. Of hundred
    /// questions the mean's standard error is about 0.008.
    private static let enoughQuestions = 100
    private static let tolerance = 0.03
    private static let mostPartitions = 10_000

    private let share: Int
    private let rest: Double
    private let logger: Logger
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "bunko.recall", qos: .background)

    init(share: Int = RecallMeter.share, rest: Double = RecallMeter.rest, logger: Logger) {
        self.share = share
        self.rest = rest
        self.logger = logger
    }

    var report: LiveRecall {
        state.withLock { state in
            let sorted = state.last.sorted()
            return LiveRecall(
                questions: state.questions, mean: sorted.isEmpty ? nil : sorted.reduce(0, +) / Double(sorted.count),
                p5: sorted.isEmpty ? nil : sorted[sorted.count / 20], retrained: state.retrained)
        }
    }

    /// Takes note of a question and its answer, and may ask it again later.
    func offer(_ request: SearchRequest, _ response: SearchResponse, _ index: PartitionedIndex) {
        guard !response.exact, Int.random(in: 0..<share) == 0 else { return }
        // An exact search of what does not fit into memory would put the rest out of it.
        guard !index.wouldCrowdOut(searching: request.partitions) else { return }
        let isFree = state.withLock { state in
            guard !state.isBusy, ContinuousClock.now >= state.restsUntil else { return false }
            state.isBusy = true
            return true
        }
        guard isFree else { return }
        queue.async { self.measure(request, response, index) }
    }

    private func measure(_ request: SearchRequest, _ response: SearchResponse, _ index: PartitionedIndex) {
        var exact = request
        exact.effort = .exact
        let start = ContinuousClock.now
        let truth: SearchResponse?
        do {
            truth = try index.search(exact)
        } catch {
            logger.warning("a question could not be asked again", metadata: ["error": "\(error)"])
            truth = nil
        }
        let end = ContinuousClock.now
        let weak = state.withLock { state -> [UUID] in
            state.isBusy = false
            state.restsUntil = end + (end - start) * rest
            guard let truth, let worst = truth.hits.last else { return [] }
            // A row as near as the last counts, whichever of them was found.
            let found = response.hits.count { $0.score >= worst.score - 1e-6 }
            let recall = Double(min(found, truth.hits.count)) / Double(truth.hits.count)
            state.questions += 1
            if state.last.count == Self.window { state.last.removeFirst() }
            state.last.append(recall)
            guard case .recall(let asked) = request.effort, request.partitions.count == 1, let partition = request.partitions.first else {
                return []
            }
            if state.partitions.count >= Self.mostPartitions { state.partitions = [:] }
            var measured = state.partitions[partition, default: Partition()]
            measured.questions += 1
            measured.shortfall += asked - recall
            let isWeak = measured.questions >= Self.enoughQuestions && measured.shortfall > Self.tolerance * Double(measured.questions)
            state.partitions[partition] = measured.questions >= Self.enoughQuestions ? nil : measured
            if isWeak { state.retrained += 1 }
            return isWeak ? [partition] : []
        }
        for partition in weak {
            logger.notice("a part of the index finds too little and is trained anew", metadata: ["partition": "\(partition)"])
            index.retrain(partition)
        }
    }
}
