/// What one slide shows and what its speaker wrote about it.
struct Slide {
    var isHidden = false
    var title: String?
    /// Whether the title is that of a title slide.
    var isTitleCentred = false
    var blocks: [DrawingBlock] = []
    var notes = ""
}

/// Reads one slide: the text of its shapes in the order in which they were put on it, groups, tables, diagrams and charts.
struct SlideReader {
    private let package: OfficePackage
    private let part: String
    private let relationships: Relationships
    private var slide = Slide()

    init(_ package: OfficePackage, part: String) throws(ExtractionError) {
        self.package = package
        self.part = part
        relationships = try Relationships(of: part, in: package)
    }

    consuming func read() throws(ExtractionError) -> Slide {
        guard let stream = try package.stream(part), let root = try stream.root() else { return slide }
        slide.isHidden = ["0", "false"].contains(stream.attribute("show"))
        guard !slide.isHidden else { return slide }
        try readShapes(root, stream)
        slide.notes = try notes()
        return slide
    }

    private mutating func readShapes(_ element: XMLElement, _ stream: XMLStream) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            switch child.name {
            case "sp" where child.namespace == .presentation: take(try SlideShape(child, of: stream))
            case "tbl" where child.namespace == .drawing:
                slide.blocks += try SlideTableReader(stream: stream).table(child).map { [.table($0)] } ?? []
            case "relIds", "chart": slide.blocks += try GraphicReader(package, relationships).blocks(at: child, of: stream)
            case "AlternateContent": try readAlternatives(child, stream)
            default: try readShapes(child, stream)
            }
        }
    }

    /// The first branch with anything to read; the others hold the same for older programs.
    private mutating func readAlternatives(_ element: XMLElement, _ stream: XMLStream) throws(ExtractionError) {
        let before = slide.blocks.count
        while let branch = try stream.nextChild(of: element) {
            if slide.blocks.count == before { try readShapes(branch, stream) }
        }
    }

    private mutating func take(_ shape: SlideShape) {
        switch shape.role {
        case .title where slide.title == nil && !shape.paragraphs.isEmpty:
            slide.title = shape.paragraphs.map(\.text).joined(separator: " ").split(whereSeparator: \.isWhitespace).joined(separator: " ")
            slide.isTitleCentred = shape.isCentred
        case .furniture: break
        case .title, .body, .text:
            var list = DrawingList(hasBullets: shape.role == .body)
            for paragraph in shape.paragraphs { slide.blocks.append(list.block(paragraph)) }
        }
    }

    private func notes() throws(ExtractionError) -> String {
        guard let part = relationships.first(ofType: "notesSlide"), let stream = try package.stream(part), let root = try stream.root()
        else { return "" }
        var lines: [String] = []
        try readNotes(root, stream, into: &lines)
        return lines.joined(separator: "\n")
    }

    /// Beside what the speaker wrote, a page of notes holds a picture of the slide and its number.
    private func readNotes(_ element: XMLElement, _ stream: XMLStream, into lines: inout [String]) throws(ExtractionError) {
        while let child = try stream.nextChild(of: element) {
            guard child.is(.presentation, "sp") else {
                try readNotes(child, stream, into: &lines)
                continue
            }
            let shape = try SlideShape(child, of: stream)
            if shape.role == .body { lines += shape.paragraphs.map(\.text) }
        }
    }
}
