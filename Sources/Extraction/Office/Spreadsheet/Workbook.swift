/// What the cells of a workbook share.
struct Workbook {
    let strings: SharedStrings
    let styles: CellStyles
    /// Whether days are counted from 1904, as older Macs did.
    let uses1904: Bool

    /// A cell's value as people see it: dates in ISO 8601, percentages as such, other numbers plain.
    /// - Parameters:
    ///   - value: as it is written in the sheet; for a formula its last result.
    ///   - type: the cell's `t`.
    ///   - style: the cell's `s`.
    func text(_ value: String, type: String, style: String?) -> String {
        switch type {
        case "s": strings.text(value) ?? ""
        case "str": EscapedText.decoded(value)
        case "b": value == "1" || value == "true" ? "TRUE" : "FALSE"
        case "n": number(value, styles.format(style))
        default: value
        }
    }

    private func number(_ text: String, _ format: NumberFormat) -> String {
        // Most numbers are small and whole, and written as people write them.
        if format == .general, text.utf8.count < 16, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return text }
        guard let value = Double(text) else { return text }
        let general = DecimalText(value).general
        switch format {
        case .general: return general
        // Two decimals at least: what a format rounds away may be what is asked for.
        case .percent(let decimals): return DecimalText(value).percent(decimals: max(decimals, 2))
        case .duration: return SerialDate.duration(value) ?? general
        case .date(let hasDate, let hasTime):
            // Below 1 there is no day, only a time; and 0 under a date is an empty cell that was calculated with.
            if value == 0, hasDate { return "0" }
            return SerialDate(value, uses1904: uses1904)?.text(hasDate: hasDate && (value >= 1 || uses1904), hasTime: hasTime) ?? general
        }
    }
}
