/// The names of the files in a ZIP archive, for telling the formats apart that are archives. Nothing is unpacked.
enum ZIPEntries {
    /// How many names are looked at; Office writes its main folder among the first few.
    private static let most = 4096

    /// Whether `bytes` begin like an archive with something in it.
    static func isArchive(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
    }

    /// The first 4,096 names, as the central directory has them; where that is missing (a file cut short), as their own headers do.
    static func names(in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let listed = directoryStart(in: bytes).map { directoryNames(in: bytes, from: $0) } ?? []
        return listed.isEmpty ? localNames(in: bytes) : listed
    }

    /// Where the central directory begins, by the record at the archive's end, after which only a comment of up to 64 KiB may stand.
    private static func directoryStart(in bytes: [UInt8]) -> Int? {
        let end = ByteSearch.lastIndex(of: [0x50, 0x4B, 0x05, 0x06], in: bytes.suffix(65_557))
        return end.flatMap { number(in: bytes, at: $0 + 16, length: 4) }
    }

    private static func directoryNames(in bytes: [UInt8], from start: Int) -> [ArraySlice<UInt8>] {
        var names: [ArraySlice<UInt8>] = []
        var position = start
        while names.count < most, hasSignature([0x50, 0x4B, 0x01, 0x02], in: bytes, at: position) {
            guard let nameLength = number(in: bytes, at: position + 28, length: 2),
                let extraLength = number(in: bytes, at: position + 30, length: 2),
                let commentLength = number(in: bytes, at: position + 32, length: 2), position + 46 + nameLength <= bytes.count
            else { break }
            names.append(bytes[(position + 46)..<(position + 46 + nameLength)])
            position += 46 + nameLength + extraLength + commentLength
        }
        return names
    }

    /// Searched, not followed: an entry's size may be unknown to the header in front of it.
    private static func localNames(in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var names: [ArraySlice<UInt8>] = []
        var position = 0
        while names.count < most, let found = ByteSearch.firstIndex(of: [0x50, 0x4B, 0x03, 0x04], in: bytes[position...]) {
            position = found + 4
            guard let length = number(in: bytes, at: found + 26, length: 2), found + 30 + length <= bytes.count else { break }
            names.append(bytes[(found + 30)..<(found + 30 + length)])
        }
        return names
    }

    private static func hasSignature(_ signature: [UInt8], in bytes: [UInt8], at position: Int) -> Bool {
        position <= bytes.count - 46 && bytes[position...].starts(with: signature)
    }

    /// An unsigned little-endian number, nil beyond the end.
    private static func number(in bytes: [UInt8], at position: Int, length: Int) -> Int? {
        guard position >= 0, position + length <= bytes.count else { return nil }
        return bytes[position..<(position + length)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
