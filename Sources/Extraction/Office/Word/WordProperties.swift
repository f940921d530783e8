/// What is read of `w:rPr`.
struct WordRunProperties {
    var style: String?
    /// Nil when nothing is said about it here.
    var isHidden: Bool?
    /// The mark that ends the paragraph was deleted or moved away: the next paragraph continues this one.
    var isMarkDeleted = false

    init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "rStyle": style = stream.attribute("val")
            case "vanish": isHidden = WordValue.isOn(stream.attribute("val"))
            case "del", "moveFrom": isMarkDeleted = true
            default: break
            }
        }
    }
}

/// Values of WordprocessingML.
enum WordValue {
    /// A switch: on when it stands there without a value.
    static func isOn(_ value: String?) -> Bool {
        !["0", "false", "off"].contains(value ?? "1")
    }
}

/// What is read of `w:pPr`.
struct WordParagraphProperties {
    var style: String?
    var numbering: NumberingReference?
    /// `w:outlineLvl`: from 0, and 9 for running text.
    var outlineLevel: Int?
    var isMarkDeleted = false

    init() {}

    /// Earlier properties stand below under `w:pPrChange` and are not looked at.
    init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "pStyle": style = stream.attribute("val")
            case "numPr": numbering = try NumberingReference(child, of: stream)
            case "outlineLvl": outlineLevel = stream.attribute("val").flatMap { Int($0) }
            case "rPr": isMarkDeleted = try WordRunProperties(child, of: stream).isMarkDeleted
            default: break
            }
        }
    }
}

/// What is read of `w:trPr`.
struct WordRowProperties {
    var isDeleted = false
    /// Columns of the grid left out in front of the first cell.
    var columnsBefore = 0

    init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "del", "moveFrom": isDeleted = true
            case "gridBefore": columnsBefore = max(0, stream.attribute("val").flatMap { Int($0) } ?? 0)
            default: break
            }
        }
    }
}

/// What is read of `w:tcPr`.
struct WordCellProperties {
    enum Merge {
        case none, begins, continues
    }

    var span = 1
    var merge: Merge = .none

    init() {}

    init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "gridSpan": span = stream.attribute("val").flatMap { Int($0) } ?? 1
            case "vMerge": merge = stream.attribute("val") == "restart" ? .begins : .continues
            default: break
            }
        }
    }
}
