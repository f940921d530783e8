/// A paragraph of DrawingML: the text of shapes, cells of tables on slides, diagrams and titles of charts.
struct DrawingParagraph {
    /// What a paragraph says about its bullet.
    enum Bullet: Equatable {
        /// Whatever the layout has.
        case inherited
        case none, sign
        /// A scheme such as "arabicPeriod" and where it starts.
        case number(scheme: String, start: Int)
    }

    var text = ""
    /// From 0.
    var level = 0
    var bullet: Bullet = .inherited
}

/// Reads text of DrawingML.
struct DrawingTextReader {
    let stream: XMLStream

    /// The paragraphs inside `element` that are not blank, in order.
    func paragraphs(in element: XMLElement) throws(ExtractionError) -> [DrawingParagraph] {
        var paragraphs: [DrawingParagraph] = []
        while let child = try stream.nextChild(of: element) {
            if child.is(.drawing, "p") {
                let paragraph = try paragraph(child)
                guard !paragraph.text.allSatisfy(\.isWhitespace) else { continue }
                try stream.budget.keepRecord()
                paragraphs.append(paragraph)
            } else {
                paragraphs += try self.paragraphs(in: child)
            }
        }
        return paragraphs
    }

    /// Their text, a line for each.
    func text(in element: XMLElement) throws(ExtractionError) -> String {
        try paragraphs(in: element).map(\.text).joined(separator: "\n")
    }

    private func paragraph(_ element: XMLElement) throws(ExtractionError) -> DrawingParagraph {
        var paragraph = DrawingParagraph()
        while let child = try stream.nextChild(of: element) {
            if child.is(.drawing, "pPr") {
                paragraph.level = min(max(stream.attribute("lvl").flatMap { Int($0) } ?? 0, 0), 8)
                paragraph.bullet = try bullet(child)
            } else {
                try readRun(child, into: &paragraph.text)
            }
        }
        return paragraph
    }

    private func readRun(_ element: XMLElement, into text: inout String) throws(ExtractionError) {
        switch element.name {
        case "t" where element.namespace == .drawing || element.namespace == .math:
            text += EscapedText.decoded(try stream.text(of: element))
        case "br": text += "\n"
        // The number of the slide and the date of today are no content.
        case "fld" where ["slidenum", "datetime"].contains { stream.attribute("type")?.hasPrefix($0) == true }: return
        case "Fallback", "rPr", "endParaRPr": return
        default: while let child = try stream.nextChild(of: element) { try readRun(child, into: &text) }
        }
    }

    private func bullet(_ element: XMLElement) throws(ExtractionError) -> DrawingParagraph.Bullet {
        var bullet = DrawingParagraph.Bullet.inherited
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "buNone": bullet = .none
            case "buChar", "buBlip": bullet = .sign
            case "buAutoNum":
                let start = stream.attribute("startAt").flatMap { Int32($0) }.map { Int($0) } ?? 1
                bullet = .number(scheme: stream.attribute("type") ?? "", start: start)
            default: break
            }
        }
        return bullet
    }
}
