/// What one way of ranking did with a set's questions.
public struct ArmResult: Sendable {
    /// Such as `dense`, `lexical`, `rrf` or `fusion`.
    public let arm: String
    /// One for each question, in their order.
    public let questions: [RankingMetrics]

    /// - Parameter questions: at least one.
    public init(arm: String, questions: [RankingMetrics]) {
        self.arm = arm
        self.questions = questions
    }

    /// The mean of a metric over all questions.
    public func mean(_ value: (RankingMetrics) -> Double) -> Double {
        questions.reduce(0) { $0 + value($1) } / Double(questions.count)
    }

    /// The interval of that mean.
    public func interval(_ value: (RankingMetrics) -> Double) -> ClosedRange<Double> {
        Bootstrap.interval(of: questions.map(value))
    }

    /// How much better than another this one is, question by question: an interval that does not hold 0 is more than chance.
    /// - Parameter other: of the same questions.
    public func difference(from other: ArmResult, _ value: (RankingMetrics) -> Double) -> ClosedRange<Double> {
        Bootstrap.interval(of: zip(questions, other.questions).map { value($0) - value($1) })
    }
}
