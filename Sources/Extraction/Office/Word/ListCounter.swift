/// What stands in front of a paragraph of a list.
struct ListLabel: Equatable {
    /// From 0.
    let level: Int
    /// Nil for a bullet, empty for a level without a label.
    let number: String?
}

/// Counts the items of a document's lists in the order of its text.
struct ListCounter {
    private let numbering: WordNumbering
    /// For each list that counts by itself the number of the last item on each level.
    private var counts: [String: [Int: Int]] = [:]
    private var startedLists: Set<String> = []

    init(_ numbering: WordNumbering) {
        self.numbering = numbering
    }

    /// The label of the next paragraph of `reference`; nil when that is no list.
    /// - Parameter style: the style the reference comes from, which may name its level.
    mutating func next(_ reference: NumberingReference, style: String?) -> ListLabel? {
        guard let id = reference.list, id != "0", let (instance, levels) = numbering.list(id) else { return nil }
        let named = style.flatMap { style in levels.first { $0.value.paragraphStyle == style }?.key }
        let level = min(max(named ?? reference.level ?? 0, 0), 8)
        guard let definition = levels[level] else { return nil }
        count(level, of: instance, id: id, levels: levels)
        if definition.format == "bullet" { return ListLabel(level: level, number: nil) }
        return ListLabel(level: level, number: label(definition, counts: counts[instance.abstract] ?? [:], levels: levels))
    }

    private mutating func count(_ level: Int, of instance: ListInstance, id: String, levels: [Int: ListLevel]) {
        var counts = counts[instance.abstract] ?? [:]
        if startedLists.insert(id).inserted {
            // A list with starts of its own begins anew although it counts together with others.
            for overridden in instance.starts.keys { counts[overridden] = nil }
        }
        func start(_ level: Int) -> Int { instance.starts[level] ?? levels[level]?.start ?? 1 }
        for above in 0..<level where counts[above] == nil { counts[above] = start(above) }
        counts[level] = counts[level].map { $0 + 1 } ?? start(level)
        for below in (level + 1)..<10 where restarts(below, after: level, levels) { counts[below] = nil }
        self.counts[instance.abstract] = counts
    }

    private func restarts(_ level: Int, after other: Int, _ levels: [Int: ListLevel]) -> Bool {
        levels[level]?.restartsAfter.map { $0 > other } ?? true
    }

    private func label(_ definition: ListLevel, counts: [Int: Int], levels: [Int: ListLevel]) -> String {
        var label = ""
        var rest = Substring(definition.template)
        while let next = rest.popFirst() {
            if next == "%", let digit = rest.first?.wholeNumberValue, (1...9).contains(digit) {
                rest.removeFirst()
                label += number(onLevel: digit - 1, definition, counts: counts, levels: levels)
            } else {
                label.append(next)
            }
        }
        return label
    }

    private func number(onLevel level: Int, _ definition: ListLevel, counts: [Int: Int], levels: [Int: ListLevel]) -> String {
        guard let count = counts[level] else { return "" }
        let format = levels[level]?.format ?? "decimal"
        return ListNumberFormat.text(count, format: definition.isLegal ? "decimal" : format)
    }
}
