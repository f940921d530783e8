/// The number formats of a workbook's cells.
struct CellStyles {
    /// By the number that cells give (`s`).
    private var formats: [NumberFormat] = []

    /// The formats in `part`; all are general when it is missing.
    init(part: String?, of package: OfficePackage) throws(ExtractionError) {
        guard let part, let stream = try package.stream(part), let root = try stream.root() else { return }
        var custom: [Int: NumberFormat] = [:]
        while let child = try stream.nextChild(of: root) {
            while child.name == "numFmts" || child.name == "cellXfs", let entry = try stream.nextChild(of: child) {
                guard let id = stream.attribute("numFmtId").flatMap({ Int($0) }) ?? (entry.name == "xf" ? 0 : nil) else { continue }
                try stream.budget.keepRecord()
                if entry.name == "xf" {
                    formats.append(custom[id] ?? NumberFormat(builtIn: id))
                } else if let code = stream.attribute("formatCode") {
                    custom[id] = NumberFormat(code: code)
                }
            }
        }
    }

    /// The format of a cell that gives the number `style`.
    func format(_ style: String?) -> NumberFormat {
        let index = style.flatMap { Int($0) } ?? 0
        return formats.indices.contains(index) ? formats[index] : .general
    }
}
