/// Microsoft's container of before 2007 (OLE2), in which old Office documents are kept, and new ones when they are locked.
struct CompoundFile {
    private let bytes: [UInt8]

    /// Whether `bytes` begin like one.
    static func isPresent(in bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Why it is not read.
    func refusal(fileExtension: String) -> ExtractionError {
        let streams = streamNames()
        if streams.contains("EncryptedPackage") { return .locked(format: "Office document") }
        if streams.contains("WordDocument") { return .unsupported(type: "application/msword") }
        if streams.contains("PowerPoint Document") { return .unsupported(type: "application/vnd.ms-powerpoint") }
        if streams.contains("Workbook") || streams.contains("Book") { return .unsupported(type: "application/vnd.ms-excel") }
        return .unsupported(type: Self.typesByExtension[fileExtension] ?? "application/x-ole-storage")
    }

    /// The known names among the entries of the directory. Entries have 128 bytes each and may lie in any sector; all are looked at
    /// instead of following the chain of sectors, which damage breaks first.
    private func streamNames() -> Set<String> {
        var found: Set<String> = []
        for start in stride(from: 512, to: bytes.count - 127, by: 128) {
            for (name, pattern) in Self.knownNames where bytes[start...].starts(with: pattern) { found.insert(name) }
        }
        return found
    }

    private static let knownNames: [(name: String, pattern: [UInt8])] = [
        "EncryptedPackage", "WordDocument", "PowerPoint Document", "Workbook", "Book",
    ].map { name in
        // UTF-16LE and the zero that ends a name.
        let pattern: [UInt8] = name.utf8.flatMap { [$0, 0] } + [0, 0]
        return (name, pattern)
    }

    private static let typesByExtension = [
        "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
        "msg": "application/vnd.ms-outlook",
    ]
}
