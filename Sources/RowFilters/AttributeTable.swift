/// The attributes of a partition's rows by slot, dead rows included: what filters are evaluated on.
///
/// Slots ascend and a slot's attributes never change, so the table only grows. Readers with older views need no older table: the slots that
/// came since are not live to them. A lock is held to look up a keyword or to add a few rows, never while bitmaps are combined; what a reader
/// took is copied before it changes. When slots are numbered anew, so is a new table made.
package final class AttributeTable: Sendable {
    package struct Term {
        package let key: String
        package let keyword: Keyword

        package init(key: String, keyword: Keyword) {
            self.key = key
            self.keyword = keyword
        }
    }

    package struct Content {
        package fileprivate(set) var terms: [Term] = []
        package fileprivate(set) var postings: [KeywordPostings] = []
        fileprivate(set) var codes: [String: [Keyword: UInt32]] = [:]
        package fileprivate(set) var columns: [String: NumberColumn] = [:]
    }

    private let content = Guarded(Content())

    /// The row's keywords as codes, made where they are new.
    package func withContent<Result>(_ body: (inout Content) -> Result) -> Result {
        content.withLock { body(&$0) }
    }

    /// Slots whose keyword or number under the key equals one of the values; others beyond those of `live` are left out.
    package func rows(_ key: String, equalToOneOf values: [RowFilter.Value], live: Bitmap) -> Bitmap {
        let found = content.withLock { content -> [KeywordPostings] in
            guard let codes = content.codes[key] else { return [] }
            return values.compactMap { value in
                guard case .text(let text) = value else { return nil }
                return codes[Keyword(text)].map { content.postings[Int($0)] }
            }
        }
        if values.count == 1, let bitmap = found.first?.bitmap, !bitmap.words.isEmpty { return bitmap }
        var rows = Bitmap(capacity: live.capacity)
        for postings in found { postings.mark(in: &rows) }
        for case .number(let number) in values where !number.isNaN { column(key)?.mark(number...number, in: &rows) }
        return rows
    }

    /// Slots with a number under the key in the range.
    package func rows(_ key: String, in range: ClosedRange<Double>, live: Bitmap) -> Bitmap {
        var rows = Bitmap(capacity: live.capacity)
        column(key)?.mark(range, in: &rows)
        return rows
    }

    /// Slots with a keyword under the key that fulfils the condition. Looks at every keyword of the key.
    package func rows(_ key: String, live: Bitmap, where fulfils: (String) -> Bool) -> Bitmap {
        let terms = content.withLock { Array(($0.codes[key] ?? [:])) }
        let wanted = terms.filter { fulfils($0.key.text) }.map(\.value)
        let found = content.withLock { content in wanted.map { content.postings[Int($0)] } }
        var rows = Bitmap(capacity: live.capacity)
        for postings in found { postings.mark(in: &rows) }
        return rows
    }

    private func column(_ key: String) -> NumberColumn? {
        content.withLock { $0.columns[key] }
    }

    package var bytes: Int {
        content.withLock { content in
            // A keyword of 32 bytes takes part in two tables of texts.
            let terms = content.terms.count * 2 * (MemoryLayout<Term>.stride + 32)
            let postings = content.postings.reduce(content.postings.capacity * MemoryLayout<KeywordPostings>.stride) { $0 + $1.bytes }
            return terms + postings + content.columns.values.reduce(0) { $0 + $1.bytes }
        }
    }
}

extension AttributeTable.Content {
    /// The number that stands for a keyword under a key.
    package mutating func code(_ key: String, _ keyword: Keyword) -> UInt32 {
        if let code = codes[key]?[keyword] { return code }
        let code = UInt32(terms.count)
        codes[key, default: [:]][keyword] = code
        terms.append(AttributeTable.Term(key: key, keyword: keyword))
        postings.append(KeywordPostings())
        return code
    }

    /// Gives a slot, higher than any before, its keywords and numbers.
    package mutating func append(_ slot: Slot, codes: some Sequence<UInt32>, numbers: some Sequence<(key: String, value: Double)>) {
        for code in codes { postings[Int(code)].append(slot) }
        for (key, value) in numbers { columns[key, default: NumberColumn()].append(value, at: slot) }
    }

    /// The numbers of a slot.
    package func numbers(at slot: Slot) -> [(key: String, value: Double)] {
        columns.compactMap { key, column in column.value(at: slot).map { (key, $0) } }
    }
}
