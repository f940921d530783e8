/// One level of a list, as `word/numbering.xml` defines it.
struct ListLevel {
    var start = 1
    var format = "decimal"
    /// The label with the numbers of levels as `%1` … `%9`; empty for no label.
    var template = ""
    /// The level (from 1) whose items let this one begin again; 0 for none. Nil: every level above it.
    var restartsAfter: Int?
    /// The style whose paragraphs stand on this level.
    var paragraphStyle: String?
    /// Numbers of other levels are written in decimal.
    var isLegal = false
}

/// A list that others are made from; they go on counting together.
struct AbstractList {
    var levels: [Int: ListLevel] = [:]
    /// The numbering style that defines the levels instead.
    var numberingStyle: String?
}

/// A list as paragraphs refer to it.
struct ListInstance {
    var abstract: String
    var starts: [Int: Int] = [:]
    var levels: [Int: ListLevel] = [:]
}

/// The lists of a document.
struct WordNumbering {
    private var abstracts: [String: AbstractList] = [:]
    private var instances: [String: ListInstance] = [:]
    private let styles: WordStyles

    /// The lists in `part`; none when it is missing.
    init(part: String?, of package: OfficePackage, styles: WordStyles) throws(ExtractionError) {
        self.styles = styles
        guard let part, let stream = try package.stream(part), let root = try stream.root() else { return }
        while let child = try stream.nextChild(of: root) {
            try stream.budget.keepRecord()
            if child.name == "abstractNum", let id = stream.attribute("abstractNumId") {
                abstracts[id] = try AbstractList(child, of: stream)
            } else if child.name == "num", let id = stream.attribute("numId") {
                instances[id] = try ListInstance(child, of: stream)
            }
        }
    }

    /// The list called `id`, its levels taken from the numbering style where it names one.
    func list(_ id: String) -> (instance: ListInstance, levels: [Int: ListLevel])? {
        guard let instance = instances[id], var abstract = abstracts[instance.abstract] else { return nil }
        if abstract.levels.isEmpty, let style = abstract.numberingStyle, let linked = styles.list(ofNumberingStyle: style),
            let other = instances[linked].flatMap({ abstracts[$0.abstract] })
        {
            abstract = other
        }
        return (instance, abstract.levels.merging(instance.levels) { _, own in own })
    }
}

extension AbstractList {
    fileprivate init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "numStyleLink": numberingStyle = stream.attribute("val")
            case "lvl":
                guard let level = ListLevel.index(stream.attribute("ilvl")) else { continue }
                levels[level] = try ListLevel(child, of: stream)
            default: break
            }
        }
    }
}

extension ListInstance {
    fileprivate init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        abstract = ""
        while let child = try stream.nextChild(of: element) {
            if child.name == "abstractNumId" {
                abstract = stream.attribute("val") ?? ""
            } else if child.name == "lvlOverride", let level = ListLevel.index(stream.attribute("ilvl")) {
                try readOverride(of: level, child, stream)
            }
        }
    }

    private mutating func readOverride(of level: Int, _ element: XMLElement, _ stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "startOverride": starts[level] = ListLevel.number(stream.attribute("val"))
            case "lvl": levels[level] = try ListLevel(child, of: stream)
            default: break
            }
        }
    }
}

extension ListLevel {
    fileprivate init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "start": start = Self.number(stream.attribute("val")) ?? 1
            case "numFmt": format = stream.attribute("val") ?? format
            case "lvlText": template = stream.attribute("val") ?? ""
            case "lvlRestart": restartsAfter = Self.number(stream.attribute("val"))
            case "pStyle": paragraphStyle = stream.attribute("val")
            case "isLgl": isLegal = WordValue.isOn(stream.attribute("val"))
            // Formats of newer versions, with the one for older readers beside them.
            case "AlternateContent": format = try Self.fallbackFormat(child, of: stream) ?? format
            default: break
            }
        }
    }

    private static func fallbackFormat(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) -> String? {
        var format: String?
        while let branch = try stream.nextChild(of: element) {
            guard branch.name == "Fallback" else { continue }
            while let child = try stream.nextChild(of: branch) {
                if child.name == "numFmt" { format = stream.attribute("val") }
            }
        }
        return format
    }

    fileprivate static func index(_ value: String?) -> Int? {
        value.flatMap { Int($0) }.flatMap { (0...8).contains($0) ? $0 : nil }
    }

    /// Counting goes up from it, hence not the whole range of `Int`.
    fileprivate static func number(_ value: String?) -> Int? {
        value.flatMap { Int32($0) }.map { Int($0) }
    }
}
