/// One style as it is written, before inheritance.
struct WordStyleDefinition {
    let id: String
    var isDefaultParagraph = false
    var basedOn: String?
    /// What its outline level or its name says by itself.
    var role: ParagraphRole?
    var numbering: NumberingReference?
    var isHidden: Bool?
}

extension WordStyles {
    /// The styles in `part`; none when it is missing.
    init(part: String?, of package: OfficePackage) throws(ExtractionError) {
        var definitions: [WordStyleDefinition] = []
        if let part, let stream = try package.stream(part), let root = try stream.root() {
            while let child = try stream.nextChild(of: root) {
                guard child.is(.word, "style"), let id = stream.attribute("styleId") else { continue }
                try stream.budget.keepRecord()
                definitions.append(try WordStyleDefinition(id: id, at: child, of: stream))
            }
        }
        self.init(definitions)
    }
}

extension WordStyleDefinition {
    fileprivate init(id: String, at element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        self.id = id
        isDefaultParagraph = stream.attribute("type") == "paragraph" && WordValue.isOn(stream.attribute("default") ?? "0")
        var named: ParagraphRole?
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "name": named = stream.attribute("val").flatMap(ParagraphRole.init(styleName:))
            case "basedOn": basedOn = stream.attribute("val")
            case "pPr": try readParagraphProperties(child, of: stream)
            case "rPr": isHidden = try WordRunProperties(child, of: stream).isHidden
            default: break
            }
        }
        // A table of contents has outline levels of its own in some documents; a name says more than a level.
        role = named ?? role
    }

    private mutating func readParagraphProperties(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "outlineLvl": role = stream.attribute("val").flatMap { Int($0) }.map(ParagraphRole.init(outlineLevel:))
            case "numPr": numbering = try NumberingReference(child, of: stream)
            default: break
            }
        }
    }
}

extension NumberingReference {
    /// Reads `w:numPr`.
    init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "ilvl": level = stream.attribute("val").flatMap { Int($0) }
            case "numId": list = stream.attribute("val")
            default: break
            }
        }
    }
}
