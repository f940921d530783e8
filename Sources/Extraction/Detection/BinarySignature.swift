/// Recognises content that is no text and no document, by the first bytes of well-known formats and by zero bytes.
enum BinarySignature {
    /// A phrase for people ("a PNG image"), nil for what may be text. Reads the first 8 KiB.
    static func name(of bytes: [UInt8]) -> String? {
        let head = bytes.prefix(8192)
        if let known = signatures.first(where: { $0.matches(head) }) { return known.name }
        return head.firstIndex(of: 0).map { "binary data (a zero byte at offset \($0))" }
    }

    private struct Signature {
        let name: String
        let offset: Int
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8], at offset: Int = 0) {
            self.name = name
            self.offset = offset
            self.bytes = bytes
        }

        func matches(_ head: ArraySlice<UInt8>) -> Bool {
            head.dropFirst(offset).starts(with: bytes)
        }
    }

    private static let signatures = [
        Signature("an empty ZIP archive", [0x50, 0x4B, 0x05, 0x06]),
        Signature("a PNG image", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        Signature("a JPEG image", [0xFF, 0xD8, 0xFF]),
        Signature("a GIF image", Array("GIF87a".utf8)),
        Signature("a GIF image", Array("GIF89a".utf8)),
        Signature("a WebP image", Array("WEBP".utf8), at: 8),
        Signature("a TIFF image", [0x49, 0x49, 0x2A, 0x00]),
        Signature("a TIFF image", [0x4D, 0x4D, 0x00, 0x2A]),
        Signature("a gzip archive", [0x1F, 0x8B]),
        Signature("a bzip2 archive", Array("1AY&SY".utf8), at: 4),
        Signature("an xz archive", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
        Signature("a Zstandard archive", [0x28, 0xB5, 0x2F, 0xFD]),
        Signature("a 7-Zip archive", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        Signature("a WAVE recording", Array("WAVEfmt ".utf8), at: 8),
        Signature("an MP4 video or recording", Array("ftyp".utf8), at: 4),
        Signature("an Ogg recording", Array("OggS\0".utf8)),
        Signature("an MP3 recording", Array("ID3\u{3}".utf8)),
        Signature("an MP3 recording", Array("ID3\u{4}".utf8)),
        Signature("an SQLite database", Array("SQLite format 3\0".utf8)),
        Signature("an ELF program", [0x7F, 0x45, 0x4C, 0x46]),
    ]
}
