import CICU

/// Unicode normal forms of text.
///
/// Both functions are total, take time linear in the text, and answer ASCII text without entering ICU. Text that Swift had to repair
/// (lone surrogates, invalid UTF-8) is normalised in its repaired form.
public enum TextNormalizer {
    /// Normalization Form C (UAX #15): canonically equivalent texts become equal scalar by scalar. Meaning, case and width stay.
    public static func nfc(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        return normalized(text, forSearch: false)
    }

    /// The form in which texts are compared for search: NFKC with full case folding and without default-ignorable characters
    /// (`toNFKC_Casefold` of the Unicode Standard, section 3.13).
    ///
    /// Full-width Latin and half-width Katakana become ordinary, "Straße" becomes "strasse", soft hyphens and zero-width spaces vanish.
    public static func searchForm(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return asciiLowercased(text) }
        return normalized(text, forSearch: true)
    }

    private static func asciiLowercased(_ text: String) -> String {
        let source = text.utf8
        return String(unsafeUninitializedCapacity: source.count) { target in
            var length = 0
            for byte in source {
                target[length] = byte &- 0x41 < 26 ? byte | 0x20 : byte
                length += 1
            }
            return length
        }
    }

    private static func normalized(_ text: String, forSearch: Bool) -> String {
        let source = Array(text.utf16)
        var capacity = source.count + source.count / 8 + 16
        while true {
            var needed = 0
            let target = [UInt16](unsafeUninitializedCapacity: capacity) { buffer, count in
                needed = Int(bunko_icu_normalize(forSearch, source, Int32(source.count), buffer.baseAddress, Int32(capacity)))
                count = max(0, min(needed, capacity))
            }
            precondition(needed >= 0, "ICU's normalisation data is missing: install ICU's data library (libicu)")
            if needed <= capacity { return String(decoding: target, as: UTF16.self) }
            capacity = needed
        }
    }
}
