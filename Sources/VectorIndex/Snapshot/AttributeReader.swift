/// Reads the attributes of a partition's rows from a segment, number by number, never past its end. Trusts nothing in it.
struct AttributeReader {
    /// Rows whose attributes are held apart before the table takes them.
    private static let rowsPerStep = 1_024

    private let data: SegmentReader
    private let end: Int
    private var offset: Int

    private struct Row {
        var codes: [UInt32]
        var numbers: [(key: UInt32, value: Double)]
    }

    init(_ segment: Range<Int>, of data: SegmentReader) {
        self.data = data
        offset = segment.lowerBound
        end = segment.upperBound
    }

    /// The attributes of rows that are live.
    mutating func attributes(of live: Bitmap) throws(SnapshotError) -> AttributeWriter {
        var keys: [String] = []
        for _ in 0..<(try number()) {
            let key = try text()
            guard keys.last.map({ $0 < key }) ?? true else { throw damaged("the keys do not ascend") }
            keys.append(key)
        }
        var terms: [AttributeTable.Term] = []
        for _ in 0..<(try number()) {
            let key = try number(below: keys.count, "a key")
            terms.append(AttributeTable.Term(key: keys[Int(key)], keyword: Keyword(try text())))
        }
        var writer = AttributeWriter()
        var known = [UInt32?](repeating: nil, count: terms.count)
        var rows: [(to: Slot, from: Row)] = []
        func take() {
            writer.append(rows) { content, row in
                let codes = row.codes.map { code in
                    if let code = known[Int(code)] { return code }
                    let term = terms[Int(code)]
                    let new = content.code(term.key, term.keyword)
                    known[Int(code)] = new
                    return new
                }
                return (codes, row.numbers.map { (key: keys[Int($0.key)], value: $0.value) })
            }
            rows.removeAll(keepingCapacity: true)
        }
        var next: UInt64 = 0
        for _ in 0..<(try number()) {
            let slot = try number()
            guard slot >= next, live.contains(slot) else { throw damaged("row \(slot) has attributes, but is not the next that is live") }
            next = UInt64(slot) + 1
            rows.append((to: slot, from: try row(terms: terms.count, keys: keys.count)))
            if rows.count == Self.rowsPerStep { take() }
        }
        take()
        guard offset == end else { throw damaged("\(end - offset) bytes follow the attributes") }
        return writer
    }

    private mutating func row(terms: Int, keys: Int) throws(SnapshotError) -> Row {
        let (codeCount, numberCount) = (try number(), try number())
        var row = Row(codes: [], numbers: [])
        for _ in 0..<codeCount { row.codes.append(try number(below: terms, "a keyword")) }
        for _ in 0..<numberCount {
            let key = try number(below: keys, "a key")
            // Of two numbers under one key a column would give the second to another row.
            guard row.numbers.last.map({ $0.key < key }) ?? true else { throw damaged("the keys of a row's numbers do not ascend") }
            let value: Double = try value()
            guard !value.isNaN else { throw damaged("a number is NaN") }
            row.numbers.append((key, value))
        }
        return row
    }

    private mutating func number() throws(SnapshotError) -> UInt32 {
        try value()
    }

    private mutating func number(below limit: Int, _ what: StaticString) throws(SnapshotError) -> UInt32 {
        let number: UInt32 = try value()
        guard number < limit else { throw damaged("\(what) has number \(number), but there are \(limit)") }
        return number
    }

    private mutating func text() throws(SnapshotError) -> String {
        let count = Int(try number())
        let start = try skip(count)
        guard let text = String(validating: UnsafeRawBufferPointer(start: data.bytes.base + start, count: count), as: UTF8.self) else {
            throw damaged("a text is not UTF-8")
        }
        return text
    }

    private mutating func value<Value: BitwiseCopyable>() throws(SnapshotError) -> Value {
        (data.bytes.base + (try skip(MemoryLayout<Value>.size))).loadUnaligned(as: Value.self)
    }

    /// Returns where the bytes start.
    private mutating func skip(_ count: Int) throws(SnapshotError) -> Int {
        guard count <= end - offset else { throw damaged("the attributes end early") }
        offset += count
        return offset - count
    }

    private func damaged(_ reason: String) -> SnapshotError {
        data.damaged(reason, at: offset)
    }
}
