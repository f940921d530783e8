extension RetrievalDataset.Passage {
    /// The passage as a Markdown file: its title as the heading, and its text as it stands, since whatever could be a mark is marked as none.
    public var markdown: String {
        let body = text.split(separator: "\n", omittingEmptySubsequences: false).map { Self.literal($0) }.joined(separator: "\n")
        let heading = title.split(whereSeparator: \.isNewline).joined(separator: " ")
        return heading.isEmpty ? body + "\n" : "# \(Self.literal(Substring(heading)))\n\n\(body)\n"
    }

    /// Spaces at a line's beginning would make code of it.
    private static func literal(_ line: Substring) -> String {
        var text = ""
        for scalar in line.drop(while: { $0 == " " || $0 == "\t" }).unicodeScalars {
            if marks.contains(scalar) { text.unicodeScalars.append("\\") }
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    /// What CommonMark and its tables, footnotes and links without brackets give a meaning; any of them may stand behind a backslash.
    private static let marks = Set("\\`*_{}[]<>()#+-.!|~&:=@\"'$^/".unicodeScalars)
}
