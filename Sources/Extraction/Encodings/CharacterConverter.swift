import CICU

/// Converts text of an encoding of before Unicode, by ICU, strictly: what the encoding does not define is not guessed.
enum CharacterConverter {
    private static let capacity = 16 << 10

    /// Gives the code units of `bytes` to `consume`, piece by piece.
    /// - Parameter isWhole: false for a sample, whose last character may be cut.
    /// - Returns: false for bytes that `encoding` does not define, and for an encoding that ICU does not know.
    static func convert(
        _ bytes: ArraySlice<UInt8>, from encoding: String, isWhole: Bool, consume: (inout [UInt16]) -> Void
    ) -> Bool {
        guard let converter = bunko_icu_converter_open(encoding) else { return false }
        defer { bunko_icu_converter_close(converter) }
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return true }
            var consumed: Int64 = 0
            while true {
                var written: Int32 = 0
                var units = [UInt16](unsafeUninitializedCapacity: capacity) { target, count in
                    written = bunko_icu_convert(
                        converter, base, Int64(buffer.count), isWhole, &consumed, target.baseAddress, Int32(target.count))
                    count = max(0, Int(written))
                }
                guard written >= 0 else { return false }
                let isFull = units.count == capacity
                consume(&units)
                if !isFull && consumed == buffer.count { return true }
            }
        }
    }

    /// The scalars of a sample; nil when `encoding` does not define its bytes.
    static func scalars(of sample: ArraySlice<UInt8>, from encoding: String) -> [Unicode.Scalar]? {
        var all: [UInt16] = []
        guard convert(sample, from: encoding, isWhole: false, consume: { all.append(contentsOf: $0) }) else { return nil }
        return Array(String(decoding: all, as: UTF16.self).unicodeScalars)
    }

    /// Whether ICU converts from `encoding`.
    static func knows(_ encoding: String) -> Bool {
        guard let converter = bunko_icu_converter_open(encoding) else { return false }
        bunko_icu_converter_close(converter)
        return true
    }
}
