/// Reads PowerPoint presentations: each slide is a page.
///
/// A slide's title is a heading of level 2; the centred title of the first slide is the presentation's own and has level 1. A slide
/// without a title is headed "Slide 3", so that its text is not taken for a part of the slide before it. Hidden slides are left out,
/// as are hidden sheets of a workbook: whoever hid them did not mean them to be shown; they keep their number.
struct PresentationReader {
    private let package: OfficePackage
    private let main: String

    /// - Parameter main: the part that lists the slides.
    init(_ package: OfficePackage, main: String) {
        self.package = package
        self.main = main
    }

    func document() throws(ExtractionError) -> ExtractedDocument {
        var writer = OfficeWriter(budget: package.budget)
        for (index, part) in try slideParts().enumerated() {
            let slide = try SlideReader(package, part: part).read()
            guard !slide.isHidden else { continue }
            writer.beginPage(index + 1)
            try append(slide, number: index + 1, to: &writer)
        }
        let heading = writer.firstHeading.flatMap { DeclaredTitle.isMeaningful($0) ? $0 : nil }
        return writer.document(.presentation, title: try DeclaredTitle.title(of: package) ?? heading)
    }

    private func append(_ slide: Slide, number: Int, to writer: inout OfficeWriter) throws(ExtractionError) {
        guard slide.title != nil || !slide.blocks.isEmpty || !slide.notes.isEmpty else { return }
        let isPresentationTitle = slide.isTitleCentred && number == 1
        try writer.append(.heading(level: isPresentationTitle ? 1 : 2), slide.title ?? "Slide \(number)")
        for block in slide.blocks {
            switch block {
            case .paragraph(let text): try writer.append(.paragraph, text)
            case .item(let text, let level): try writer.append(.listItem, text, indentation: level * 2)
            case .table(let rows): try writer.appendTable(rows)
            }
        }
        if !slide.notes.isEmpty { try writer.append(.paragraph, "Notes: \(slide.notes)") }
    }

    /// The parts of the slides in the order of the presentation.
    private func slideParts() throws(ExtractionError) -> [String] {
        let relationships = try Relationships(of: main, in: package)
        var parts: [String] = []
        guard let stream = try package.stream(main), let root = try stream.root() else { throw missing(main) }
        while let child = try stream.nextChild(of: root) {
            guard child.is(.presentation, "sldIdLst") else { continue }
            while let slide = try stream.nextChild(of: child) {
                guard slide.name == "sldId", let id = stream.attribute("id", in: .relationship) else { continue }
                guard let part = relationships.part(id), package.contains(part) else { throw missing("of slide \(parts.count + 1)") }
                parts.append(part)
            }
        }
        return parts
    }

    private func missing(_ part: String) -> ExtractionError {
        .damaged(format: package.format, reason: "its part \(part) is missing")
    }
}
