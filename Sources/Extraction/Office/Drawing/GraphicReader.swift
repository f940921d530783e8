/// Reads the words of diagrams (SmartArt) and charts, which stand in parts of their own.
struct GraphicReader {
    private let package: OfficePackage
    private let relationships: Relationships

    /// - Parameter relationships: of the part that the graphics stand in.
    init(_ package: OfficePackage, _ relationships: Relationships) {
        self.package = package
        self.relationships = relationships
    }

    /// What the diagram (`dgm:relIds`) or chart (`c:chart`) at `element` says; nothing when its part is missing.
    func blocks(at element: XMLElement, of stream: XMLStream) throws(ExtractionError) -> [DrawingBlock] {
        if element.is(.diagram, "relIds"), let id = stream.attribute("dm", in: .relationship) {
            return try read(id) { stream, root throws(ExtractionError) in try diagram(stream, root) }
        }
        if element.is(.chart, "chart"), let id = stream.attribute("id", in: .relationship) {
            return try read(id) { stream, root throws(ExtractionError) in try ChartReader(stream).blocks(in: root) }
        }
        return []
    }

    private func read(
        _ id: String, _ content: (XMLStream, XMLElement) throws(ExtractionError) -> [DrawingBlock]
    ) throws(ExtractionError) -> [DrawingBlock] {
        guard let part = relationships.part(id), let stream = try package.stream(part), let root = try stream.root() else { return [] }
        return try content(stream, root)
    }

    /// The texts of a diagram's points in the order in which they were written. Points of presentation repeat others.
    private func diagram(_ stream: XMLStream, _ root: XMLElement) throws(ExtractionError) -> [DrawingBlock] {
        var blocks: [DrawingBlock] = []
        while let list = try stream.nextChild(of: root) {
            guard list.is(.diagram, "ptLst") else { continue }
            while let point = try stream.nextChild(of: list) {
                guard stream.attribute("type") != "pres" else { continue }
                let text = try DrawingTextReader(stream: stream).text(in: point)
                if !text.isEmpty { blocks.append(.item("- \(text)", level: 0)) }
            }
        }
        return blocks
    }
}
