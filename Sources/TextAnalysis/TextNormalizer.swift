import CICU

/// Unicode normal forms of text.
///
/// Both functions are total, take time linear in the text, and answer ASCII text without entering ICU. Text that Swift had to repair
/// (lone surrogates, invalid UTF-8) is normalised in its repaired form.
public enum TextNormalizer {
    /// Normalization Form C (UAX #15): canonically equivalent texts become equal scalar by scalar. Meaning, case and width stay.
    public static func nfc(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        return normalized(text, bunko_icu_nfc)
    }

    /// The form in which texts are compared for search: NFKC with full case folding and without default-ignorable characters
    /// (`toNFKC_Casefold` of the Unicode Standard, section 3.13).
    ///
    /// Full-width Latin and half-width Katakana become ordinary, "Straße" becomes "strasse", soft hyphens and zero-width spaces vanish.
    public static func searchForm(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return asciiLowercased(text) }
        return normalized(text, bunko_icu_nfkc_casefold)
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

    private typealias FormOpener = (UnsafeMutablePointer<UErrorCode>) -> OpaquePointer?

    private static func normalized(_ text: String, _ open: FormOpener) -> String {
        var status = U_ZERO_ERROR
        let form = open(&status)
        precondition(status.rawValue <= U_ZERO_ERROR.rawValue, "ICU's normalisation data is missing: install ICU's data library (libicu)")
        let source = Array(text.utf16)
        var capacity = source.count + source.count / 8 + 16
        while true {
            status = U_ZERO_ERROR
            var needed = 0
            let target = [UInt16](unsafeUninitializedCapacity: capacity) { buffer, count in
                needed = Int(bunko_icu_normalize(form, source, Int32(source.count), buffer.baseAddress, Int32(capacity), &status))
                count = min(needed, capacity)
            }
            if status != U_BUFFER_OVERFLOW_ERROR { return String(decoding: target, as: UTF16.self) }
            capacity = needed
        }
    }
}
