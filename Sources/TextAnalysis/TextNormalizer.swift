import CICU

/// Unicode normal forms of text.
///
/// All functions are total, take time linear in the text, and answer ASCII text without entering ICU. Text that Swift had to repair
/// (lone surrogates, invalid UTF-8) is normalised in its repaired form.
public enum TextNormalizer {
    /// Normalization Form C (UAX #15): canonically equivalent texts become equal scalar by scalar. Meaning, case and width stay.
    ///
    /// Text that is in this form already is returned as it is. Beside the result it takes some 100 KiB, whatever the length of the text,
    /// unless the text runs for longer than that without any ASCII.
    public static func nfc(_ text: String) -> String {
        var text = text
        return text.withUTF8 { composed($0) } ?? text
    }

    /// The form in which texts are compared for search: NFKC with full case folding and without default-ignorable characters
    /// (`toNFKC_Casefold` of the Unicode Standard, section 3.13).
    ///
    /// Full-width Latin and half-width Katakana become ordinary, "Straße" becomes "strasse", soft hyphens and zero-width spaces vanish.
    public static func searchForm(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return asciiLowercased(text) }
        return normalized(Array(text.utf16), bunko_icu_nfkc_casefold)
    }

    /// Normalization Form D (UAX #15): letters and their accents are scalars of their own, Hangul syllables fall apart into Jamo.
    public static func nfd(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        return normalized(Array(text.utf16), bunko_icu_nfd)
    }

    // MARK: - Form C, piece by piece

    private static let pieceLength = 16 << 10

    /// The Form C of `bytes`; nil when they have it already.
    private static func composed(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var result: String?
        var start = 0
        while start < bytes.count {
            let end = pieceEnd(in: bytes, from: start)
            let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
            if let changed = composedPiece(piece) {
                if result == nil { result = unchanged(bytes, upTo: start) }
                result?.append(changed)
            } else if result != nil {
                result?.append(String(decoding: piece, as: UTF8.self))
            }
            start = end
        }
        return result
    }

    /// Where the piece that begins at `start` may end: nothing before an ASCII character composes with it.
    private static func pieceEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var end = min(start + pieceLength, bytes.count)
        while end < bytes.count, bytes[end] >= 0x80 { end += 1 }
        return end
    }

    /// The Form C of a piece that does not have it; nil for one that has.
    private static func composedPiece(_ piece: UnsafeBufferPointer<UInt8>) -> String? {
        // No scalar below U+0300, whose UTF-8 begins with 0xCC, is changed by composition.
        guard piece.contains(where: { $0 >= 0xCC }) else { return nil }
        let units = Array(String(decoding: piece, as: UTF8.self).utf16)
        return bunko_icu_is_nfc(units, Int32(units.count)) ? nil : normalized(units, bunko_icu_nfc)
    }

    /// The text before the first piece that changes, with room for the rest.
    private static func unchanged(_ bytes: UnsafeBufferPointer<UInt8>, upTo end: Int) -> String {
        var text = String()
        text.reserveCapacity(bytes.count + bytes.count / 16)
        text.append(String(decoding: UnsafeBufferPointer(rebasing: bytes[..<end]), as: UTF8.self))
        return text
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

    private static func normalized(_ source: [UInt16], _ form: bunko_icu_form) -> String {
        var capacity = source.count + source.count / 8 + 16
        while true {
            var needed = 0
            let target = [UInt16](unsafeUninitializedCapacity: capacity) { buffer, count in
                needed = Int(bunko_icu_normalize(form, source, Int32(source.count), buffer.baseAddress, Int32(capacity)))
                count = max(0, min(needed, capacity))
            }
            precondition(needed >= 0, "ICU's normalisation data is missing: install ICU's data library (libicu)")
            if needed <= capacity { return String(decoding: target, as: UTF16.self) }
            capacity = needed
        }
    }
}
