/// YAML in front of a Markdown text: a first line `---`, keys and values, and a closing line `---` or `...`.
struct FrontMatter {
    /// How many lines it takes, its marks included.
    let lineCount: Int
    /// The value of the key `title` when it is written on one line.
    let title: String?

    /// The front matter of `table`, nil when its first lines are something else (a rule, a table, an unclosed block).
    init?(_ table: LineTable) {
        guard table.count > 2, Self.isMark(table, 0, "---") else { return nil }
        let inner = 1..<table.count
        guard let end = inner.first(where: { Self.isMark(table, $0, "---") || Self.isMark(table, $0, "...") }) else { return nil }
        let lines = (1..<end).lazy.filter { !table.isBlank($0) }
        // YAML that is only comments, entries or continuations is rather a text between two rules.
        guard lines.allSatisfy({ Self.isYAML(table, $0) }), lines.contains(where: { Self.key(of: table.text($0)) != nil }) else {
            return nil
        }
        lineCount = end + 1
        let titleLine = lines.first {
            table.trimmed($0).lowerBound == table.lines[$0].lowerBound && Self.key(of: table.text($0)) == "title"
        }
        title = titleLine.flatMap { Self.plainValue(of: table.text($0)) }
    }

    private static func isMark(_ table: LineTable, _ line: Int, _ mark: String) -> Bool {
        let trimmed = table.trimmed(line)
        return trimmed.lowerBound == table.lines[line].lowerBound && table.source.bytes[trimmed].elementsEqual(mark.utf8)
    }

    /// A key, an entry, a comment, or the indented continuation of one.
    private static func isYAML(_ table: LineTable, _ line: Int) -> Bool {
        let start = table.trimmed(line).lowerBound
        if start > table.lines[line].lowerBound { return true }
        return [UInt8(ascii: "#"), UInt8(ascii: "-")].contains(table.source.bytes[start]) || key(of: table.text(line)) != nil
    }

    private static func key(of line: String) -> Substring? {
        guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return nil }
        let key = line[..<colon]
        let rest = line[line.index(after: colon)...]
        guard rest.isEmpty || rest.first == " ", key.allSatisfy({ $0.isLetter || $0.isNumber || "_-. \"'".contains($0) }) else {
            return nil
        }
        return key
    }

    /// The value after the colon without quotation marks and comment; nil for a block, a list, an alias or nothing.
    private static func plainValue(of line: String) -> String? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        guard let first = value.first, !"|>&*[{#!".contains(first) else { return nil }
        let title = first == "\"" || first == "'" ? quoted(value, by: first) : withoutComment(value)
        return title.allSatisfy(\.isWhitespace) ? nil : title
    }

    private static func withoutComment(_ value: Substring) -> String {
        var title = value
        for index in value.indices where value[index] == "#" && value[value.index(before: index)] == " " {
            title = value[..<index]
            break
        }
        while title.last?.isWhitespace == true { title.removeLast() }
        return String(title)
    }

    /// The inside of a quoted scalar; `''` and the escapes `\"` and `\\` stand for one character.
    private static func quoted(_ value: Substring, by mark: Character) -> String {
        var title = ""
        var rest = value.dropFirst()
        while let next = rest.popFirst() {
            if next == "\\", mark == "\"", let escaped = rest.popFirst() {
                title.append(escaped)
            } else if next == mark {
                guard mark == "'", rest.first == mark else { break }
                title.append(next)
                rest.removeFirst()
            } else {
                title.append(next)
            }
        }
        return title
    }
}
