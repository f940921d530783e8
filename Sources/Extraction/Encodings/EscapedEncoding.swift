/// Finds the encodings that switch between character sets by escape sequences (ISO 2022). Their bytes are all ASCII, so that they would
/// pass for UTF-8.
enum EscapedEncoding {
    /// ICU's name of the encoding whose escape sequences stand in `bytes`, nil for none and for text with other bytes than ASCII.
    static func find(in bytes: [UInt8]) -> String? {
        guard let escape = bytes.firstIndex(of: 0x1B), bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        return bytes.indices[escape...].lazy.filter { bytes[$0] == 0x1B }.compactMap { name(of: bytes[($0 + 1)...].prefix(3)) }.first
    }

    private static func name(of sequence: ArraySlice<UInt8>) -> String? {
        if sequence.starts(with: "$B".utf8) || sequence.starts(with: "$@".utf8) || sequence.starts(with: "$(D".utf8) {
            return "ISO-2022-JP-2"
        }
        if sequence.starts(with: "(J".utf8) || sequence.starts(with: "(I".utf8) { return "ISO-2022-JP-2" }
        if sequence.starts(with: "$)C".utf8) { return "ISO-2022-KR" }
        if sequence.starts(with: "$)A".utf8) || sequence.starts(with: "$)G".utf8) { return "ISO-2022-CN" }
        return nil
    }
}
