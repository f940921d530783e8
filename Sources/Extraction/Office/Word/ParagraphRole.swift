/// What a paragraph's style makes of it.
enum ParagraphRole: Equatable {
    case body
    /// Levels from 1 to 9.
    case heading(level: Int)
    /// The title of the document.
    case title
    case code
    case quote
    /// An entry or the heading of a table of contents or of figures: it repeats what stands elsewhere.
    case contents

    /// The role behind one of the names of styles that are the same in every language; nil for other names.
    ///
    /// Word writes the names of its own styles in English whatever language it is shown in; other writers add their own.
    init?(styleName: String) {
        let name = styleName.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" }
        if let level = Self.level(in: name, after: "heading"), (1...9).contains(level) {
            self = .heading(level: level)
        } else if Self.level(in: name, after: "toc") != nil || Self.level(in: name, after: "contents") != nil
            || Self.contentsNames.contains(name)
        {
            self = .contents
        } else if name == "title" {
            self = .title
        } else if Self.codeNames.contains(name) {
            self = .code
        } else if name.hasSuffix("quote") || name == "quotations" || name == "blocktext" {
            self = .quote
        } else {
            return nil
        }
    }

    /// The role of `w:outlineLvl`, which counts from 0 and says 9 for running text.
    init(outlineLevel: Int) {
        self = (0...8).contains(outlineLevel) ? .heading(level: outlineLevel + 1) : .body
    }

    private static func level(in name: String, after prefix: String) -> Int? {
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil
    }

    private static let contentsNames: Set<String> = ["tocheading", "contentsheading", "tableoffigures", "tableofauthorities", "toaheading"]
    private static let codeNames: Set<String> = [
        "code", "codeblock", "sourcecode", "htmlpreformatted", "preformattedtext", "macrotext", "macro", "programlisting",
    ]
}
