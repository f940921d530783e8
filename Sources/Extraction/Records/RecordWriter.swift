/// Writes JSON values as text that can be found and read: a record's lines in a paragraph, its long texts in paragraphs of their own.
struct RecordWriter {
    /// Containers beyond this many bytes are divided among blocks.
    private static let largestRecord = 4096
    /// How deep large containers are divided; what is deeper is listed with its path.
    private static let deepestDivision = 6
    private static let longestTitle = 200

    private(set) var builder: DocumentBuilder

    init(builder: DocumentBuilder = DocumentBuilder()) {
        self.builder = builder
    }

    /// Writes a value of the top level.
    mutating func write(_ value: JSONValue) {
        write(value, level: 1)
    }

    /// Writes one record of many, which has a heading when it has a title and something else.
    mutating func writeRecord(_ record: JSONValue) {
        record.byteCount > Self.largestRecord ? write(record, level: 3) : writeSmall(record, level: 3)
    }

    private mutating func write(_ value: JSONValue, level: Int) {
        if value.byteCount <= Self.largestRecord || level > Self.deepestDivision {
            writeSmall(value, level: level)
        } else if value.kind == .object {
            writeMembers(of: value, level: level)
        } else if value.kind == .array {
            writeElements(of: value, level: level)
        } else {
            writeSmall(value, level: level)
        }
    }

    // MARK: - Large containers

    /// Large members stand under a heading with their name, the others in lines between them.
    private mutating func writeMembers(of object: JSONValue, level: Int) {
        let title = writeTitle(of: object, level: level)
        var entries: [RecordEntry] = []
        for (key, value) in object.members where key != title {
            if value.isContainer, value.byteCount > Self.largestRecord {
                write(entries)
                entries = []
                let heading = min(level + 1, 6)
                builder.append(.heading(level: heading), String(key.prefix(Self.longestTitle)))
                write(value, level: level + 1)
            } else {
                entries += RecordEntries.list(value, named: key)
            }
        }
        write(entries)
    }

    /// Elements with structure are records, unless they are rows; the others are listed.
    private mutating func writeElements(of array: JSONValue, level: Int) {
        if level > 1, let columns = UniformObjects.columns(of: array) {
            var table = BoundedTable(head: columns)
            for (_, element) in array.elements { table.append(UniformObjects.row(of: element, columns: columns), to: &builder) }
            table.finish(&builder)
        } else {
            var entries: [RecordEntry] = []
            for (_, element) in array.elements {
                if element.kind == .object || element.byteCount > Self.largestRecord || entries.count >= 100 {
                    write(entries)
                    entries = []
                }
                if element.kind == .object || element.byteCount > Self.largestRecord {
                    write(element, level: max(3, level + 1))
                } else {
                    entries += RecordEntries.list(element)
                }
            }
            write(entries)
        }
    }

    // MARK: - Records

    private mutating func writeSmall(_ value: JSONValue, level: Int) {
        let title = value.kind == .object ? writeTitle(of: value, level: level) : nil
        if level == 1, value.kind == .array, value.elements.allSatisfy({ $0.value.kind == .object }) {
            for (_, element) in value.elements { writeSmall(element, level: 3) }
        } else {
            write(RecordEntries.list(value, skipping: title))
        }
    }

    /// Writes the title of a record that has more than a title, and tells which member it is.
    private mutating func writeTitle(of record: JSONValue, level: Int) -> String? {
        guard let title = Self.title(of: record), record.members.contains(where: { $0.key != title.key && !$0.value.isEmpty }) else {
            return nil
        }
        builder.append(.heading(level: min(level, 6)), title.text)
        return title.key
    }

    /// The member that says whose record it is.
    static func title(of record: JSONValue) -> (key: String, text: String)? {
        for name in ["title", "name"] {
            for (key, value) in record.members where value.kind == .string && key.lowercased() == name && !value.isEmpty {
                let text = value.text
                if text.utf8.count <= longestTitle, !text.contains(where: \.isNewline), !text.allSatisfy(\.isWhitespace) {
                    return (key, text)
                }
            }
        }
        return nil
    }

    // MARK: - Blocks

    private mutating func write(_ entries: [RecordEntry]) {
        var lines: [String] = []
        var length = 0
        for entry in entries {
            switch entry.content {
            case .line(let text):
                lines.append(entry.path.isEmpty ? text : "\(entry.path): \(text)")
            case .text(let text):
                if !entry.path.isEmpty { lines.append(entry.path + ":") }
                flush(&lines)
                for paragraph in Paragraphs.of(text) { builder.append(.paragraph, paragraph) }
            case .table(let rows):
                if !entry.path.isEmpty { lines.append(entry.path + ":") }
                flush(&lines)
                var table = BoundedTable(head: rows[0])
                for row in rows.dropFirst() { table.append(row, to: &builder) }
                table.finish(&builder)
            }
            length = lines.isEmpty ? 0 : length + (lines.last?.utf8.count ?? 0)
            if length > Self.largestRecord {
                flush(&lines)
                length = 0
            }
        }
        flush(&lines)
    }

    private mutating func flush(_ lines: inout [String]) {
        if !lines.isEmpty { builder.append(.paragraph, lines.joined(separator: "\n")) }
        lines.removeAll()
    }
}
