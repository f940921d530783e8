/// What is asked of our own index beside the sweep. The default configuration answers, with a recall of 0.95 wanted, under the sweep's rules.
public enum Scenario: String, CaseIterable, Sendable {
    /// One batch on all cores, and single queries on as many threads.
    case batch
    /// Rows are replaced while a thread searches.
    case churn
    /// Partitions of 2,000 and 10,000 rows.
    case partitions
    /// Searches that 1, 10 and 50 % of the rows match.
    case filters

    /// Whether it searches the index of the sweep; others build indexes of their own.
    public var usesSweptIndex: Bool { self == .batch || self == .churn }

    /// The scenarios of a list of names, in the order they are to be measured; `all` and `none` are lists too. Nil when a name is unknown.
    public static func named(_ list: String) -> [Scenario]? {
        if list == "all" { return allCases }
        if list == "none" { return [] }
        let names = list.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } }
        let chosen = names.compactMap { Scenario(rawValue: String($0)) }
        return chosen.count == names.count ? allCases.filter(chosen.contains) : nil
    }
}
