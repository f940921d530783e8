import CVectorKernels

/// The form in which vectors of questions leave the process, all numbers little-endian. What a provider newly means by one of these members,
/// for the same model, takes a new version: other servers and days ago still have the old one.
///
/// | bytes | |
/// |---|---|
/// | 4 | `BQV` and the version of this form, 1 |
/// | 4 | dimensions |
/// | 4 | vectors: 1 where ``QueryVector/alone`` serves both searches, else 2 |
/// | 4, 4 | ``QueryVector/meaning`` and ``QueryVector/ceiling``, float32 |
/// | 8 | ``QueryVector/tokens``, -1 for none |
/// | 4 each | components, float32 |
/// | 4 | CRC-32C of the key's digest and of all before |
extension QueryVector {
    private static let magic: [UInt8] = Array("BQV".utf8) + [1]
    private static let headerLength = 28
    private static let checksumLength = 4

    /// The vectors as bytes that only this key opens.
    public func encoded(for key: QuestionKey) -> [UInt8] {
        let vectors = besideWords == alone ? [alone] : [alone, besideWords]
        var bytes = Self.magic
        bytes.reserveCapacity(Self.headerLength + vectors.count * alone.count * 4 + Self.checksumLength)
        bytes.append(UInt32(alone.count))
        bytes.append(UInt32(vectors.count))
        bytes.append(meaning.bitPattern)
        bytes.append(ceiling.bitPattern)
        bytes.append(UInt64(bitPattern: Int64(tokens ?? -1)))
        for vector in vectors { for component in vector { bytes.append(component.bitPattern) } }
        bytes.append(Self.checksum(bytes[...], key))
        return bytes
    }

    /// Nil for anything but what ``encoded(for:)`` made for the same key, of vectors of this length.
    public init?(_ bytes: [UInt8], for key: QuestionKey, dimensions: Int) {
        guard bytes.starts(with: Self.magic), bytes.count >= Self.headerLength + Self.checksumLength else { return nil }
        let end = bytes.count - Self.checksumLength
        let count = Int(bytes.number(at: 8, as: UInt32.self))
        guard bytes.number(at: 4, as: UInt32.self) == dimensions, (1...2).contains(count),
            end == Self.headerLength + count * dimensions * 4,
            bytes.number(at: end, as: UInt32.self) == Self.checksum(bytes[..<end], key)
        else { return nil }
        let vectors = (0..<count).map { vector in
            (0..<dimensions).map { component in
                Float(bitPattern: bytes.number(at: Self.headerLength + (vector * dimensions + component) * 4, as: UInt32.self))
            }
        }
        let meaning = Float(bitPattern: bytes.number(at: 12, as: UInt32.self))
        let ceiling = Float(bitPattern: bytes.number(at: 16, as: UInt32.self))
        let tokens = Int64(bitPattern: bytes.number(at: 20, as: UInt64.self))
        guard (0...1).contains(meaning), ceiling > 0, ceiling <= 1, tokens >= -1,
            vectors.allSatisfy({ $0.allSatisfy(\.isFinite) })
        else { return nil }
        self.init(
            alone: vectors[0], besideWords: vectors[count - 1], meaning: meaning, ceiling: ceiling, tokens: tokens < 0 ? nil : Int(tokens))
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>, _ key: QuestionKey) -> UInt32 {
        let start = key.digest.withUnsafeBytes { bunko_crc32c(0, $0.baseAddress, $0.count) }
        return bytes.withUnsafeBytes { bunko_crc32c(start, $0.baseAddress, $0.count) }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }
}
