import Foundation

extension BytePairTokenizer {
    /// "Bunko's vocabulary" and the version of its form; read on a machine of another byte order it is another number.
    private static let signature = 0x0001_4B4E_5542_4356

    /// The tables of this vocabulary as they are in memory. Reading them again takes some milliseconds, where reading the vocabulary's own
    /// file takes from some tenths of a second to several seconds: for processes that count the tokens of one text and end.
    public var prepared: [UInt8] {
        var tables = FlatWriter()
        tables.number(takesWholePieces ? 1 : 0)
        pattern.write(to: &tables)
        vocabulary.write(to: &tables)
        switch merges {
        case .byRank: tables.number(0)
        case .pairs(let pairs):
            tables.number(1)
            pairs.write(to: &tables)
        }
        var whole = FlatWriter()
        whole.number(Self.signature)
        whole.number(Int(truncatingIfNeeded: tables.bytes.withUnsafeBufferPointer { StableHash.of($0) }))
        return whole.bytes + tables.bytes
    }

    /// Reads what ``prepared`` gave.
    /// - Parameter fileName: stands in errors.
    /// - Throws: for bytes that are damaged or of another version.
    public init(prepared bytes: UnsafeRawBufferPointer, fileName: String) throws(VocabularyError) {
        var reader = FlatReader(bytes)
        do throws(FlatReader.Broken) {
            let (signature, hash) = (try reader.number(), try reader.number())
            guard signature == Self.signature, hash == Int(truncatingIfNeeded: StableHash.of(reader.remaining)) else {
                throw FlatReader.Broken()
            }
            let takesWholePieces = try reader.number() == 1
            let pattern = try SplitPattern(&reader)
            let vocabulary = try TokenVocabulary(&reader)
            let merges = try reader.number() == 0 ? Merges.byRank : .pairs(try MergeTable(&reader))
            self.init(vocabulary, merges: merges, takesWholePieces: takesWholePieces, pattern: pattern)
        } catch {
            throw VocabularyError(
                file: fileName, line: nil, reason: "its prepared form is damaged or another version's",
                remedy: "Remove the file and start the server again, which prepares it anew.")
        }
    }

    /// As ``init(prepared:fileName:)``, of a file.
    public init(preparedFile path: String) throws(VocabularyError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        } catch {
            throw VocabularyError(
                file: path, line: nil, reason: "it cannot be read", remedy: "Start the server again, which prepares it anew.")
        }
        self = try data.withUnsafeBytes { bytes in
            Result { () throws(VocabularyError) in try BytePairTokenizer(prepared: bytes, fileName: path) }
        }.get()
    }
}

extension SplitPattern {
    fileprivate func write(to writer: inout FlatWriter) {
        writer.number(words.rawValue)
        writer.number(digits ?? 0)
        writer.array(Array(afterSigns.utf8))
        writer.number(joinsSpaceAtEnd ? 1 : 0)
    }

    fileprivate init(_ reader: inout FlatReader) throws(FlatReader.Broken) {
        guard let words = Words(rawValue: try reader.number()) else { throw FlatReader.Broken() }
        let digits = try reader.number()
        let afterSigns: [UInt8] = try reader.array()
        self.init(
            words: words, digits: digits == 0 ? nil : digits, afterSigns: String(decoding: afterSigns, as: UTF8.self),
            joinsSpaceAtEnd: try reader.number() == 1)
    }
}

extension StableHash {
    fileprivate static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.withMemoryRebound(to: UInt8.self) { of($0) }
    }
}
