/// Characters of the fonts Symbol and Wingdings, which draw their own pictures at the places of letters.
enum SymbolFont {
    /// What `w:sym` shows; empty for a picture without a counterpart in Unicode.
    /// - Parameter character: four hexadecimal digits; fonts of this sort use U+F020 to U+F0FF.
    static func text(font: String?, character: String?) -> String {
        guard let code = character.flatMap({ UInt32($0, radix: 16) }) else { return "" }
        let isPrivate = (0xF000...0xF0FF).contains(code)
        let place = isPrivate ? code - 0xF000 : code
        if let table = tables[font?.lowercased() ?? ""], let sign = table[place] { return String(sign) }
        guard !isPrivate, let scalar = Unicode.Scalar(code) else { return "" }
        return String(Character(scalar))
    }

    private static let tables: [String: [UInt32: Character]] = [
        "symbol": symbol, "wingdings": wingdings,
        "wingdings 2": [0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"],
    ]

    private static let symbol: [UInt32: Character] = {
        var table = run(from: 0x41, "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ").merging(run(from: 0x61, "αβχδεφγηιϕκλμνοπθρστυϖωξψζ")) { $1 }
        for digit in UInt32(0x30)...0x39 { table[digit] = Unicode.Scalar(digit).map(Character.init) }
        return table.merging([
            0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2B: "+", 0x2D: "−", 0x3C: "<", 0x3D: "=", 0x3E: ">", 0x40: "≅", 0x5E: "⊥",
            0x7E: "∼", 0xA2: "′", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±",
            0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xC5: "⊕",
            0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃", 0xCA: "⊇", 0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈", 0xCF: "∉", 0xD1: "∇", 0xD2: "®",
            0xD3: "©", 0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD8: "¬", 0xD9: "∧", 0xDA: "∨", 0xDB: "⇔", 0xDE: "⇒", 0xE2: "®", 0xE3: "©",
            0xE4: "™", 0xE5: "∑", 0xF2: "∫",
        ]) { $1 }
    }()

    private static let wingdings: [UInt32: Character] = run(from: 0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿").merging([
        0x28: "☎", 0x2A: "✉", 0x46: "☞", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "❑", 0x76: "❖", 0xA7: "▪",
        0xA8: "☐", 0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒",
        0xFE: "☑",
    ]) { $1 }

    private static func run(from start: UInt32, _ signs: String) -> [UInt32: Character] {
        Dictionary(uniqueKeysWithValues: signs.enumerated().map { (start + UInt32($0.offset), $0.element) })
    }
}
