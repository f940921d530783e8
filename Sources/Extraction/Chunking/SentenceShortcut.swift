/// Tells without the rules of sentences that a text has only one: they need not be asked for each short item of a list, which costs far
/// more than reading it.
enum SentenceShortcut {
    /// Whether no sentence can end before the last byte. True only for ASCII, Kana, Han and Hangul without a mark that ends sentences.
    static func isOneSentence(_ bytes: ArraySlice<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes.dropLast() {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"): return false
            case 0x0A where previous == 0x0A: return false
            case 0xC0..<0xE3, 0xEE...: return false
            case 0x80..<0x81 where previous == 0xE3, 0x80..<0xB0 where previous == 0xEA: return false
            default: previous = byte
            }
        }
        return true
    }
}
