/// What one part refers to: the parts behind ids such as `rId3`. Links that lead out of the document are left out.
struct Relationships {
    private struct Target {
        let type: String
        let part: String
    }

    private var targets: [String: Target] = [:]
    private var order: [String] = []

    /// The relationships of `part`, or of the document for an empty name; none when nothing is written about them.
    init(of part: String, in package: OfficePackage) throws(ExtractionError) {
        guard let stream = try package.stream(PartName.relationships(of: part)), let root = try stream.root() else { return }
        while let child = try stream.nextChild(of: root) {
            guard child.is(.packageRelationships, "Relationship"), stream.attribute("TargetMode") != "External",
                let id = stream.attribute("Id"), let type = stream.attribute("Type"), let target = stream.attribute("Target")
            else { continue }
            try stream.budget.keepRecord()
            order.append(id)
            targets[id] = Target(type: type.split(separator: "/").last.map(String.init) ?? "", part: PartName.resolve(target, from: part))
        }
    }

    /// The part with this id; nil when there is none or it lies outside.
    func part(_ id: String) -> String? {
        targets[id]?.part
    }

    /// The first part whose type ends with `type` ("styles", "notesSlide").
    func first(ofType type: String) -> String? {
        order.lazy.compactMap { targets[$0] }.first { $0.type == type }?.part
    }
}
