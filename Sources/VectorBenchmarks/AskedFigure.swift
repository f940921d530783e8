/// A figure that was asked for, and what the run gave: a member of `asked` in the form of `bench --json`.
public struct AskedFigure: Encodable, Sendable, Equatable {
    /// Which side of the bound is right.
    public enum Bound: String, Encodable, Sendable {
        case atLeast = "at_least"
        case atMost = "at_most"
    }

    /// In words.
    public var what: String
    /// Nil where a figure is of interest, but none was asked for.
    public var bound: Bound?
    public var asked: Double?
    /// The run's.
    public var reached: Double
    /// Of both; empty where they are mere numbers.
    public var unit: String
    /// What it was asked for, such as "200,000 rows".
    public var asks: String
    /// Whether the run was that.
    public var isAsAsked: Bool

    /// Whether the bound is kept; nil without one.
    public var isMet: Bool? {
        guard let bound, let asked else { return nil }
        return bound == .atLeast ? reached >= asked : reached <= asked
    }

    /// A value of this figure with its unit, in as many digits as are worth reading.
    func formatted(_ value: Double) -> String {
        let digits = value == value.rounded() ? 0 : abs(value) < 2 ? 3 : abs(value) < 100 ? 1 : 0
        return number(value, digits) + (unit.isEmpty ? "" : " \(unit)")
    }

    enum CodingKeys: String, CodingKey {
        case what, bound, asked, reached, unit, asks
        case isAsAsked = "as_asked"
        case isMet = "met"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(what, forKey: .what)
        try container.encodeIfPresent(bound, forKey: .bound)
        try container.encodeIfPresent(asked, forKey: .asked)
        try container.encode(reached, forKey: .reached)
        try container.encode(unit, forKey: .unit)
        try container.encode(asks, forKey: .asks)
        try container.encode(isAsAsked, forKey: .isAsAsked)
        try container.encodeIfPresent(isMet, forKey: .isMet)
    }

    init(
        _ what: String, _ bound: Bound?, _ asked: Double?, _ reached: Double, _ unit: String = "", asks: String = "any number of rows",
        isAsAsked: Bool = true
    ) {
        (self.what, self.bound, self.asked, self.reached, self.unit) = (what, bound, asked, reached, unit)
        (self.asks, self.isAsAsked) = (asks, isAsAsked)
    }
}
