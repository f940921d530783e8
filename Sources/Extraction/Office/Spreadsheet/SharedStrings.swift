/// The texts that cells of a workbook share.
struct SharedStrings {
    private var strings: [String] = []

    /// The texts in `part`; none when it is missing.
    init(part: String?, of package: OfficePackage) throws(ExtractionError) {
        guard let part, let stream = try package.stream(part), let root = try stream.root() else { return }
        while let child = try stream.nextChild(of: root) {
            guard child.is(.spreadsheet, "si") else { continue }
            let text = try CellText.text(of: child, stream)
            try stream.budget.keepRecord()
            try stream.budget.write(text.utf8.count)
            strings.append(text)
        }
    }

    /// The text with the number a cell gives; nil when there is none.
    func text(_ number: String) -> String? {
        guard let index = Int(number), strings.indices.contains(index) else { return nil }
        return strings[index]
    }
}
