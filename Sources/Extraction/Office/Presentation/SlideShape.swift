/// The text of one shape and what it is to the slide.
struct SlideShape {
    enum Role {
        case title
        /// A placeholder for text, whose paragraphs have bullets unless they say otherwise.
        case body
        /// Any other text.
        case text
        /// The slide's number, the date, headers and footers: the same on every slide.
        case furniture
    }

    private(set) var role = Role.text
    /// Whether it is the title of a title slide.
    private(set) var isCentred = false
    private(set) var paragraphs: [DrawingParagraph] = []

    /// Reads `p:sp`.
    init(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "nvSpPr": try readPlaceholder(child, of: stream)
            case "txBody": paragraphs = try DrawingTextReader(stream: stream).paragraphs(in: child)
            default: break
            }
        }
    }

    private mutating func readPlaceholder(_ element: XMLElement, of stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            if child.is(.presentation, "ph") {
                let type = stream.attribute("type") ?? "obj"
                role = Self.role(ofPlaceholder: type)
                isCentred = type == "ctrTitle"
            } else {
                try readPlaceholder(child, of: stream)
            }
        }
    }

    private static func role(ofPlaceholder type: String) -> Role {
        switch type {
        case "title", "ctrTitle": .title
        case "subTitle": .text
        case "sldNum", "dt", "ftr", "hdr", "sldImg": .furniture
        default: .body
        }
    }
}
