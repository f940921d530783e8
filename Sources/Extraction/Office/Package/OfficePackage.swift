/// The parts of an Office document: a ZIP archive of XML texts that refer to each other.
///
/// One pass keeps the small parts in memory; large ones are unpacked while they are read, each by a pass of its own, so that the
/// memory taken does not grow with them. Of entries with the same name the first counts.
struct OfficePackage {
    let budget: ReadingBudget
    /// What errors call the file.
    let format: String
    private let file: UnsafeRawBufferPointer
    private let entries: [String: Entry]

    private enum Entry {
        case kept([UInt8])
        case packed
        case encrypted
    }

    /// Largest part kept, and the largest sum of them, in bytes.
    private static let keptPartBytes = 256 << 10
    private static let keptBytes = 32 << 20
    /// What opening a part costs beside its bytes, as bytes: its reader, and a look at every entry where it is not kept.
    private static let openingBytes = 4 << 10
    private static let entryBytes = 128

    /// - Parameters:
    ///   - file: must outlive the package.
    ///   - keeps: which parts are worth keeping; all XML ones when not given.
    init(
        _ file: UnsafeRawBufferPointer, format: String, budget: ReadingBudget, keeps: (String) -> Bool = Self.isXML
    ) throws(ExtractionError) {
        self.file = file
        self.format = format
        self.budget = budget
        var entries: [String: Entry] = [:]
        var room = Self.keptBytes
        let pass = try ZipPass(file, format: format)
        while let entry = try pass.next() {
            try budget.keepRecord()
            let key = PartName.key(entry.name)
            guard entries[key] == nil else { continue }
            if entry.isEncrypted {
                entries[key] = .encrypted
            } else if keeps(key), entry.declaredBytes <= min(room, Self.keptPartBytes),
                let bytes = try Self.content(of: pass, upTo: min(room, Self.keptPartBytes), budget: budget)
            {
                room -= bytes.count
                entries[key] = .kept(bytes)
            } else {
                entries[key] = .packed
            }
        }
        self.entries = entries
    }

    private init(_ other: OfficePackage, format: String) {
        budget = other.budget
        self.format = format
        file = other.file
        entries = other.entries
    }

    /// The same document under a name that says more.
    func named(_ format: String) -> OfficePackage {
        OfficePackage(self, format: format)
    }

    func contains(_ part: String) -> Bool {
        entries[PartName.key(part)] != nil
    }

    /// The elements of `part`; nil when there is no such part.
    /// - Throws: ``ExtractionError/locked(format:)`` for an encrypted one.
    func stream(_ part: String) throws(ExtractionError) -> XMLStream? {
        let key = PartName.key(part)
        try budget.unpack(Self.openingBytes)
        switch entries[key] {
        case nil: return nil
        case .encrypted: throw .locked(format: format)
        case .kept(let bytes): return try stream(PartSource(bytes, budget: budget), part)
        case .packed:
            try budget.unpack(entries.count * Self.entryBytes)
            let pass = try ZipPass(file, format: format)
            while let entry = try pass.next() {
                if PartName.key(entry.name) == key { return try stream(PartSource(pass, budget: budget), part) }
            }
            return nil
        }
    }

    private func stream(_ source: PartSource, _ part: String) throws(ExtractionError) -> XMLStream {
        try XMLStream(source, part: part, format: format)
    }

    static func isXML(_ key: String) -> Bool {
        key.hasSuffix(".xml") || key.hasSuffix(".rels")
    }

    /// The current entry of `pass`, nil when it is longer than `limit`.
    private static func content(of pass: ZipPass, upTo limit: Int, budget: ReadingBudget) throws(ExtractionError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = try block.withUnsafeMutableBufferPointer { (buffer) throws(ExtractionError) in
                try pass.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if count == 0 { return bytes }
            try budget.unpack(count, partBytes: bytes.count + count)
            guard bytes.count + count <= limit else { return nil }
            bytes.append(contentsOf: block[..<count])
        }
    }
}
