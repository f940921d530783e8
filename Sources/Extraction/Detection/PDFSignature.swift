/// The mark at the beginning of every PDF document.
enum PDFSignature {
    /// Whether "%PDF-" stands where readers look for it: among the first 1,024 bytes. Where other bytes come first, a text about the
    /// format is told from a document by the mark at the end of every document, unless the name says what it is.
    static func isPresent(in bytes: [UInt8], isNamedPDF: Bool) -> Bool {
        let head = bytes.prefix(1024)
        if head.starts(with: mark) { return true }
        guard ByteSearch.firstIndex(of: mark, in: head) != nil else { return false }
        return isNamedPDF || ByteSearch.firstIndex(of: Array("startxref".utf8), in: bytes.suffix(2048)) != nil
    }

    private static let mark = Array("%PDF-".utf8)
}

/// Finds bytes among bytes.
enum ByteSearch {
    /// Where `pattern` first stands in `bytes`.
    static func firstIndex(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = pattern.first else { return nil }
        var rest = bytes
        while let start = rest.firstIndex(of: first) {
            if bytes[start...].starts(with: pattern) { return start }
            rest = rest[(start + 1)...]
        }
        return nil
    }

    /// Where `pattern` last stands in `bytes`.
    static func lastIndex(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = pattern.first else { return nil }
        var rest = bytes
        while let start = rest.lastIndex(of: first) {
            if bytes[start...].starts(with: pattern) { return start }
            rest = rest[..<start]
        }
        return nil
    }
}
