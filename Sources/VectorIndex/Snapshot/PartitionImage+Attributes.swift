extension PartitionImage {
    /// Writes the attributes of the live rows to a segment, as `SnapshotFormat` describes them; nothing when no row ever had any. Dead rows
    /// have none any more.
    func writeAttributes(_ data: inout SegmentWriter) throws(SnapshotError) {
        guard let content = attributes.table?.withContent({ $0 }) else { return }
        let keys = Set(content.terms.map(\.key)).union(content.columns.keys).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, UInt32($0)) })
        try data.append(UInt32(keys.count))
        for key in keys { try data.append(text: key) }
        try data.append(UInt32(content.terms.count))
        for term in content.terms {
            try data.append(numbers[term.key] ?? 0)
            try data.append(text: term.keyword.text)
        }
        let columns = content.columns.map { (key: numbers[$0] ?? 0, column: $1) }.sorted { $0.key < $1.key }
        let slots = view.live.slots.filter { slot in
            !attributes.codes(at: slot).isEmpty || columns.contains { $0.column.value(at: slot) != nil }
        }
        try data.append(UInt32(slots.count))
        for slot in slots {
            let codes = attributes.codes(at: slot)
            let values = columns.compactMap { key, column in column.value(at: slot).map { (key: key, value: $0) } }
            try data.append(slot)
            try data.append(UInt32(codes.count))
            try data.append(UInt32(values.count))
            for code in codes { try data.append(code) }
            for (key, value) in values {
                try data.append(key)
                try data.append(value)
            }
        }
        try data.flush()
    }
}
