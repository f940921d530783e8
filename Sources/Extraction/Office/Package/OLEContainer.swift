/// The container of Office formats before 2007 (MS-CFB), which also wraps newer documents that are locked with a password.
struct OLEContainer {
    /// The names of its storages and streams.
    private let names: Set<String>

    private static let signature: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
    private static let entryBytes = 128

    /// Nil when `bytes` do not begin like such a container. Takes time in proportion to the bytes.
    ///
    /// Sectors begin at multiples of 512 bytes, so entries of the directory stand at multiples of 128 wherever its sectors lie: they
    /// are found without following chains of sectors that may be broken or run in circles.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: Self.signature) else { return nil }
        var names: Set<String> = []
        for start in stride(from: 512, through: bytes.count - Self.entryBytes, by: Self.entryBytes) {
            if let name = Self.name(of: bytes[start..<(start + Self.entryBytes)]) { names.insert(name) }
        }
        self.names = names
    }

    /// Why the file is not read.
    var refusal: ExtractionError {
        if names.contains("EncryptedPackage") { return .locked(format: "Office document") }
        if names.contains("WordDocument") { return .unsupported(type: "application/msword") }
        if names.contains("Workbook") || names.contains("Book") { return .unsupported(type: "application/vnd.ms-excel") }
        if names.contains("PowerPoint Document") { return .unsupported(type: "application/vnd.ms-powerpoint") }
        return .unsupported(type: "application/x-ole-storage")
    }

    private static let known = ["EncryptedPackage", "WordDocument", "Workbook", "Book", "PowerPoint Document"]

    /// The name in an entry of the directory (UTF-16 in 64 bytes, its length with the closing zero, the type of the object), if it is
    /// one that tells a format.
    private static func name(of entry: ArraySlice<UInt8>) -> String? {
        let start = entry.startIndex
        let isStream = entry[start + 66] == 2
        guard isStream, entry[start + 65] == 0 else { return nil }
        return known.first { name in
            let units = name.utf8.count + 1
            return Int(entry[start + 64]) == units * 2 && entry[start..<(start + units * 2)].elementsEqual(utf16(name + "\0"))
        }
    }

    private static func utf16(_ name: String) -> [UInt8] {
        name.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }
}
