/// Tables of contents, which only repeat the headings.
enum WordContents {
    /// Whether `w:sdtPr` describes a table of contents.
    static func isContents(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) -> Bool {
        while let child = try stream.nextChild(of: element) {
            guard child.name == "docPartObj" else { continue }
            while let part = try stream.nextChild(of: child) {
                if part.name == "docPartGallery" { return stream.attribute("val") == "Table of Contents" }
            }
        }
        return false
    }

    /// Whether a paragraph with the instruction `field` is an entry of one: it begins one or names the page of a heading.
    static func isEntry(_ field: String) -> Bool {
        let words = field.split(whereSeparator: \.isWhitespace)
        return words.first == "TOC" || (words.first == "PAGEREF" && words.dropFirst().first?.hasPrefix("_Toc") == true)
    }
}
