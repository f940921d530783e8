import TextAnalysis

@testable import Extraction

/// What decoding promises of any bytes.
enum EncodingContract {
    static func check(_ bytes: [UInt8]) {
        guard case .success(let (text, encoding)) = decode(bytes) else { return }
        require(!text.utf8.contains(0) && !text.utf8.contains(0x0D), "line ends are \\n, and U+0000 is refused")
        require(TextNormalizer.nfc(text).unicodeScalars.elementsEqual(text.unicodeScalars), "the text is in Form C")
        if encoding == .utf8, let source = String(validating: bytes.dropFirst(ByteOrderMark(bytes)?.length ?? 0), as: UTF8.self) {
            let folded = source.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r" }.count
            require(folded >= text.utf8.count { $0 == 0x0A } + 1, "decoding adds no lines")
        }
        for form in unicodeForms(of: text) {
            guard case .success(let (again, _)) = decode(form) else { fatalError("Broken promise: marked Unicode is read") }
            require(again.unicodeScalars.elementsEqual(text.unicodeScalars), "all Unicode forms of a text give the same text")
        }
    }

    private static func decode(_ bytes: [UInt8]) -> Result<(String, TextEncoding), ExtractionError> {
        do {
            let (text, encoding) = try SourceDecoder.decodeNaming(bytes)
            return .success((text, encoding))
        } catch {
            return .failure(error)
        }
    }

    /// The text in each encoding of Unicode, with its mark.
    private static func unicodeForms(of text: String) -> [[UInt8]] {
        let units = Array(("\u{FEFF}" + text).utf16)
        let scalars = Array(("\u{FEFF}" + text).unicodeScalars)
        return [
            Array(("\u{FEFF}" + text).utf8),
            units.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] },
            units.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] },
            scalars.flatMap { scalar in (0..<4).map { UInt8(truncatingIfNeeded: scalar.value >> (8 * UInt32($0))) } },
            scalars.flatMap { scalar in (0..<4).reversed().map { UInt8(truncatingIfNeeded: scalar.value >> (8 * UInt32($0))) } },
        ]
    }
}
