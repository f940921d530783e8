/// One line of a record: where a value stands in it, and the value.
struct RecordEntry: Equatable {
    enum Content: Equatable {
        case line(String)
        /// A text that stands in paragraphs of its own.
        case text(String)
        /// Objects of the same few members, the names first.
        case table([[String]])
    }

    let path: String
    let content: Content
}

/// Lists what an object or array holds, in the order of the source and without recursion. What says nothing (null, "") is left out.
struct RecordEntries {
    /// Strings beyond this many bytes are texts, not values.
    private static let longestLine = 200
    private static let longestPath = 64

    private var entries: [RecordEntry] = []
    private var open: [Level] = []

    /// An array or object that is being listed.
    private struct Level {
        var children: JSONValue.Children
        let isArray: Bool
        let name: String
        var count = 0
    }

    /// The entries of `value`.
    /// - Parameter skipped: the member of `value` itself that stands elsewhere.
    static func list(_ value: JSONValue, named name: String = "", skipping skipped: String? = nil) -> [RecordEntry] {
        var list = RecordEntries()
        list.add(value, name: name)
        while var level = list.open.popLast() {
            guard let (key, child) = level.children.next() else { continue }
            let name = level.isArray ? "[\(level.count)]" : key
            level.count += 1
            list.open.append(level)
            let isSkipped = skipped != nil && list.open.count == 1 && key == skipped
            if !isSkipped { list.add(child, name: name) }
        }
        return list.entries
    }

    private mutating func add(_ value: JSONValue, name: String) {
        guard !value.isEmpty else { return }
        switch value.kind {
        case .object: open.append(Level(children: value.members, isArray: false, name: name))
        case .array: addArray(value, name: name)
        case .key, .string, .number, .literal: addScalar(value, path: path(to: name))
        }
    }

    private mutating func addArray(_ value: JSONValue, name: String) {
        if let table = UniformObjects.table(of: value) {
            entries.append(RecordEntry(path: path(to: name), content: .table(table)))
        } else if value.elements.allSatisfy({ !$0.value.isContainer }) {
            let path = path(to: name)
            addList(value, path: path)
        } else {
            open.append(Level(children: value.elements, isArray: true, name: name))
        }
    }

    /// Short elements share a line as long as it stays one.
    private mutating func addList(_ value: JSONValue, path: String) {
        var shared: [String] = []
        var length = 0
        for (_, element) in value.elements where !element.isEmpty {
            if length + element.byteCount > 4 * Self.longestLine || element.byteCount > Self.longestLine {
                if !shared.isEmpty { entries.append(RecordEntry(path: path, content: .line(shared.joined(separator: ", ")))) }
                (shared, length) = ([], 0)
            }
            if element.byteCount > Self.longestLine {
                addScalar(element, path: path)
            } else {
                shared.append(element.text)
                length += element.byteCount
            }
        }
        if !shared.isEmpty { entries.append(RecordEntry(path: path, content: .line(shared.joined(separator: ", ")))) }
    }

    private mutating func addScalar(_ value: JSONValue, path: String) {
        let text = value.text
        let isText = text.utf8.count > Self.longestLine || text.contains(where: \.isNewline)
        entries.append(RecordEntry(path: path, content: isText ? .text(text) : .line(text)))
    }

    /// The names from the record down to `name`, the inner ones where they are long: a file of long names would else give many times
    /// its size.
    private func path(to name: String) -> String {
        var parts = [name[...]]
        var length = name.utf8.count
        for level in open.reversed() where !level.name.isEmpty {
            length += level.name.utf8.count + 1
            if length > Self.longestPath { break }
            parts.append(level.name[...])
        }
        let joined = parts.reversed().filter { !$0.isEmpty }.reduce(into: "") { path, part in
            path += (path.isEmpty || part.hasPrefix("[") ? "" : ".") + part
        }
        return joined.utf8.count <= 4 * Self.longestPath ? joined : String(joined.prefix(Self.longestPath)) + "…"
    }
}
