/// Gathers the characters of a text piece by piece, with every line end as `\n`.
struct DecodedText {
    private(set) var text = ""
    private var previousIsReturn = false
    /// The first half of a surrogate pair that a piece was cut in.
    private var pendingLead: UInt16?

    /// - Parameter capacity: the bytes of UTF-8 expected.
    init(capacity: Int) {
        text.reserveCapacity(capacity)
    }

    /// Adds code units. Half a surrogate pair becomes U+FFFD unless the other half comes next.
    mutating func append(_ units: inout [UInt16]) {
        foldLineEnds(&units)
        if let lead = pendingLead { units.insert(lead, at: 0) }
        pendingLead = units.last.flatMap { UTF16.isLeadSurrogate($0) ? $0 : nil }
        if pendingLead != nil { units.removeLast() }
        text.append(String(decoding: units, as: UTF16.self))
    }

    /// The text of valid UTF-8, in one copy.
    static func text(ofUTF8 bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(0x0D) else { return String(decoding: bytes, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: bytes.count) { target in
            var length = 0
            var previous: UInt8 = 0
            for byte in bytes {
                if !(byte == 0x0A && previous == 0x0D) {
                    target[length] = byte == 0x0D ? 0x0A : byte
                    length += 1
                }
                previous = byte
            }
            return length
        }
    }

    private mutating func foldLineEnds(_ units: inout [UInt16]) {
        var length = 0
        for index in units.indices {
            let unit = units[index]
            if !(unit == 0x0A && previousIsReturn) {
                units[length] = unit == 0x0D ? 0x0A : unit
                length += 1
            }
            previousIsReturn = unit == 0x0D
        }
        units.removeSubrange(length...)
    }
}
