/// Writes ZIP archives (APPNOTE 6.3) for tests, whole or with one thing wrong.
public struct OfficeArchive: Sendable {
    public struct Entry: Sendable {
        public var name: String
        /// As stored.
        public var data: [UInt8]
        public var method: UInt16 = 0
        public var unpackedBytes: Int
        public var checksum: UInt32
        public var isEncrypted = false

        /// An entry without compression.
        public init(_ name: String, _ content: [UInt8]) {
            self.name = name
            data = content
            unpackedBytes = content.count
            checksum = Checksum.crc32(content)
        }

        /// `prefix` and then about `count` spaces, deflated to a 159th; the checksum is wrong.
        public init(_ name: String, bomb prefix: String, spaces count: Int) {
            self.name = name
            data = Deflate.run(after: prefix, count: count)
            method = 8
            unpackedBytes = prefix.utf8.count + Deflate.runLength(count)
            checksum = 0
        }
    }

    public var entries: [Entry]

    public init(_ entries: [Entry]) {
        self.entries = entries
    }

    public init(_ parts: [(String, String)]) {
        entries = parts.map { Entry($0.0, Array($0.1.utf8)) }
    }

    public var bytes: [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = file.count
            file += Self.little(0x0403_4B50, 4) + Self.little(20, 2) + Self.common(entry) + Array(entry.name.utf8) + entry.data
            directory += Self.little(0x0201_4B50, 4) + Self.little(20, 2) + Self.little(20, 2) + Self.common(entry)
            directory += [UInt8](repeating: 0, count: 10) + Self.little(offset, 4) + Array(entry.name.utf8)
        }
        let end = Self.little(0x0605_4B50, 4) + [0, 0, 0, 0] + Self.little(entries.count, 2) + Self.little(entries.count, 2)
        return file + directory + end + Self.little(directory.count, 4) + Self.little(file.count, 4) + [0, 0]
    }

    /// The fields that stand alike in front of an entry and in the directory.
    private static func common(_ entry: Entry) -> [UInt8] {
        little(entry.isEncrypted ? 1 : 0, 2) + little(Int(entry.method), 2) + [0, 0, 0x21, 0x58] + little(Int(entry.checksum), 4)
            + little(entry.data.count, 4) + little(entry.unpackedBytes, 4) + little(entry.name.utf8.count, 2) + [0, 0]
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}

public enum Checksum {
    private static let table: [UInt32] = (0..<256).map { (byte: UInt32) in
        (0..<8).reduce(byte) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
    }

    public static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8) }
    }
}

/// Just enough of DEFLATE (RFC 1951) to write a bomb: one block with fixed codes.
public enum Deflate {
    /// What is written for `count`: one byte, and repetitions of 258.
    public static func runLength(_ count: Int) -> Int {
        1 + count / 258 * 258
    }

    public static func run(after prefix: String, count: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.write(1, 1)
        bits.write(1, 2)
        for byte in prefix.utf8 { bits.writeCode(0x30 + UInt32(byte), 8) }
        bits.writeCode(0x30 + 0x20, 8)
        for _ in 0..<(count / 258) {
            bits.writeCode(0b1100_0101, 8)
            bits.writeCode(0, 5)
        }
        bits.writeCode(0, 7)
        return bits.bytes
    }

    private struct BitWriter {
        var bytes: [UInt8] = []
        private var used = 8

        /// The lowest bit first.
        mutating func write(_ value: UInt32, _ count: Int) {
            for bit in 0..<count { append(value >> UInt32(bit) & 1) }
        }

        /// The highest bit first, as codes are written.
        mutating func writeCode(_ value: UInt32, _ count: Int) {
            for bit in (0..<count).reversed() { append(value >> UInt32(bit) & 1) }
        }

        private mutating func append(_ bit: UInt32) {
            if used == 8 {
                bytes.append(0)
                used = 0
            }
            bytes[bytes.count - 1] |= UInt8(bit) << UInt8(used)
            used += 1
        }
    }
}
