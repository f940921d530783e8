/// Texts of cells with their formatting.
enum CellText {
    /// The text of `si` or `is`: its runs together, without the reading that stands above Japanese words.
    static func text(of element: XMLElement, _ stream: XMLStream) throws(ExtractionError) -> String {
        var text = ""
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "t": text += try stream.text(of: child)
            case "r": text += try self.text(of: child, stream)
            default: break
            }
        }
        return EscapedText.decoded(text)
    }
}
