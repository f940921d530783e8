/// Why bytes are no attributes; `offset` is the byte where that shows.
package struct AttributeDamage: Error {
    package let reason: String
    package let offset: Int
}

// All numbers of four bytes: how many keys there are, and each as a text; how many keywords, each with its key's number; how many rows with
// attributes, each with its slot, how many keywords and numbers it has, those keywords, and each number with its key. A text is the number of
// its bytes and its UTF-8.

extension AttributeWriter {
    /// Bytes that are collected before the sink gets them.
    private static let bytesPerStep = 1 << 16

    /// Gives `sink` the bytes of what live rows have, in steps; none when no row ever had attributes.
    package func encode<Failure: Error>(
        _ live: Bitmap, _ sink: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        guard let content = table?.withContent({ $0 }) else { return }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.bytesPerStep + 1_024)
        func flush() throws(Failure) {
            try bytes.span.bytes.withUnsafeBytes { part throws(Failure) in try sink(part) }
            bytes.removeAll(keepingCapacity: true)
        }
        func append(_ value: some BitwiseCopyable) {
            withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
        }
        func append(text: String) {
            append(UInt32(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        let keys = Set(content.terms.map(\.key)).union(content.columns.keys).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, UInt32($0)) })
        append(UInt32(keys.count))
        for key in keys { append(text: key) }
        append(UInt32(content.terms.count))
        for term in content.terms {
            append(numbers[term.key] ?? 0)
            append(text: term.keyword.text)
            if bytes.count >= Self.bytesPerStep { try flush() }
        }
        let columns = content.columns.map { (key: numbers[$0] ?? 0, column: $1) }.sorted { $0.key < $1.key }
        let slots = live.slots.filter { slot in !codes(at: slot).isEmpty || columns.contains { $0.column.value(at: slot) != nil } }
        append(UInt32(slots.count))
        for slot in slots {
            let codes = codes(at: slot)
            let values = columns.compactMap { key, column in column.value(at: slot).map { (key: key, value: $0) } }
            append(slot)
            append(UInt32(codes.count))
            append(UInt32(values.count))
            for code in codes { append(code) }
            for (key, value) in values {
                append(key)
                append(value)
            }
            if bytes.count >= Self.bytesPerStep { try flush() }
        }
        try flush()
    }

    /// The attributes of live rows, from what ``encode(_:_:)`` made of them.
    /// - Throws: when the bytes are anything else: nothing in them is trusted.
    package init(decoding bytes: UnsafeRawBufferPointer, of live: Bitmap) throws(AttributeDamage) {
        self.init()
        guard !bytes.isEmpty else { return }
        var decoder = AttributeDecoder(bytes: bytes)
        self = try decoder.attributes(of: live)
    }
}

/// Reads attributes number by number, never past their end.
private struct AttributeDecoder {
    /// Rows whose attributes are held apart before the table takes them.
    private static let rowsPerStep = 1_024

    let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private struct Row {
        var codes: [UInt32]
        var numbers: [(key: UInt32, value: Double)]
    }

    /// The attributes of rows that are live.
    mutating func attributes(of live: Bitmap) throws(AttributeDamage) -> AttributeWriter {
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
        guard offset == bytes.count else { throw damaged("\(bytes.count - offset) bytes follow the attributes") }
        return writer
    }

    private mutating func row(terms: Int, keys: Int) throws(AttributeDamage) -> Row {
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

    private mutating func number() throws(AttributeDamage) -> UInt32 {
        try value()
    }

    private mutating func number(below limit: Int, _ what: StaticString) throws(AttributeDamage) -> UInt32 {
        let number: UInt32 = try value()
        guard number < limit else { throw damaged("\(what) has number \(number), but there are \(limit)") }
        return number
    }

    private mutating func text() throws(AttributeDamage) -> String {
        let count = Int(try number())
        let start = try skip(count)
        guard let text = String(validating: bytes[start..<start + count], as: UTF8.self) else {
            throw damaged("a text is not UTF-8")
        }
        return text
    }

    private mutating func value<Value: BitwiseCopyable>() throws(AttributeDamage) -> Value {
        bytes.loadUnaligned(fromByteOffset: try skip(MemoryLayout<Value>.size), as: Value.self)
    }

    /// Returns where the bytes start.
    private mutating func skip(_ count: Int) throws(AttributeDamage) -> Int {
        guard count <= bytes.count - offset else { throw damaged("the attributes end early") }
        offset += count
        return offset - count
    }

    private func damaged(_ reason: String) -> AttributeDamage {
        AttributeDamage(reason: reason, offset: offset)
    }
}
