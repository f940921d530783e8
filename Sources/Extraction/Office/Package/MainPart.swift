/// The part a reader begins with.
struct MainPart {
    let kind: OfficeKind
    let name: String

    /// Looks where the document says its main part is, then where it usually is. Nil when the archive is no Office document.
    init?(of package: OfficePackage) throws(ExtractionError) {
        let declared = try Relationships(of: "", in: package).first(ofType: "officeDocument")
        if let declared, package.contains(declared), let kind = try Self.kind(of: declared, in: package) {
            self.init(kind: kind, name: declared)
        } else if let kind = OfficeKind.allCases.first(where: { package.contains($0.usualMainPart) }) {
            self.init(kind: kind, name: kind.usualMainPart)
        } else {
            return nil
        }
    }

    private init(kind: OfficeKind, name: String) {
        self.kind = kind
        self.name = name
    }

    private static func kind(of part: String, in package: OfficePackage) throws(ExtractionError) -> OfficeKind? {
        guard let stream = try package.stream("[Content_Types].xml"), let root = try stream.root() else { return nil }
        while let child = try stream.nextChild(of: root) {
            guard child.is(.contentTypes, "Override"), let name = stream.attribute("PartName"),
                PartName.key(name) == PartName.key(part)
            else { continue }
            return stream.attribute("ContentType").flatMap(OfficeKind.init(contentType:))
        }
        return nil
    }
}
