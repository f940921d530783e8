import Foundation

/// The server's `numeric`: groups of four decimal digits, the first of which counts 10000^`weight`
/// (`numeric_send` in `src/backend/utils/adt/numeric.c`).
struct BinaryNumeric {
    var weight: Int
    var isNegative: Bool
    var displayScale: Int
    var groups: [Int16]
    var special: Double?

    private static let base = 10_000
    private static let negative: UInt16 = 0x4000
    private static let notANumber: UInt16 = 0xC000
    private static let positiveInfinity: UInt16 = 0xD000
    private static let negativeInfinity: UInt16 = 0xF000

    init(from cell: PostgresCell, for wanted: (some Any).Type) throws(PostgresDecodingError) {
        let bytes = try cell.nonNull(wanted)
        guard bytes.count >= 8 else { throw cell.malformed(wanted) }
        let count = Int(bytes.bigEndian(UInt16.self, at: 0))
        guard bytes.count == 8 + count * 2 else { throw cell.malformed(wanted) }
        weight = Int(bytes.bigEndian(Int16.self, at: 2))
        let sign = bytes.bigEndian(UInt16.self, at: 4)
        isNegative = sign == Self.negative
        displayScale = Int(bytes.bigEndian(UInt16.self, at: 6))
        groups = (0..<count).map { bytes.bigEndian(Int16.self, at: 8 + $0 * 2) }
        special =
            switch sign {
            case Self.notANumber: .nan
            case Self.positiveInfinity: .infinity
            case Self.negativeInfinity: -.infinity
            default: nil
            }
    }

    /// The decimal text, such as `-12.0340`.
    var text: String {
        let digits = (0..<Swift.max(weight + 1, 0)).map { Self.padded(group(at: $0)) }.joined().drop { $0 == "0" }
        let whole = digits.isEmpty ? "0" : String(digits)
        let groupCount = (displayScale + 3) / 4
        let fraction = (0..<groupCount).map { Self.padded(group(at: weight + 1 + $0)) }.joined().prefix(displayScale)
        return (isNegative ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// The nearest float64.
    var double: Double { special ?? Double(text) ?? .nan }

    /// The value, when it is whole and in the range of Int64.
    func wholeNumber(_ cell: PostgresCell, for wanted: (some Any).Type) throws(PostgresDecodingError) -> Int64 {
        let parts = text.split(separator: ".")
        guard special == nil, let value = parts.first.flatMap({ Int64($0) }), parts.dropFirst().allSatisfy({ $0.allSatisfy { $0 == "0" } })
        else {
            throw cell.malformed(wanted)
        }
        return value
    }

    private func group(at index: Int) -> Int16 { groups.indices.contains(index) ? groups[index] : 0 }

    private static func padded(_ group: Int16) -> String {
        let text = String(group)
        return String(repeating: "0", count: Swift.max(0, 4 - text.count)) + text
    }
}

extension BinaryNumeric {
    /// Parses plain decimal text as `Decimal` describes itself: an optional sign, digits, an optional fraction.
    init?(text: String) {
        var body = Substring(text)
        isNegative = body.first == "-"
        if isNegative { body = body.dropFirst() }
        let parts = body.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        displayScale = fraction.count
        let whole = String(repeating: "0", count: (4 - parts[0].count % 4) % 4) + parts[0]
        let padded = whole + fraction + String(repeating: "0", count: (4 - fraction.count % 4) % 4)
        weight = whole.count / 4 - 1
        groups = stride(from: 0, to: padded.count, by: 4).compactMap { Int16(padded.dropFirst($0).prefix(4)) }
        special = nil
    }

    func write(into buffer: inout PostgresBuffer) {
        buffer.write(Int16(groups.count))
        buffer.write(Int16(weight))
        buffer.write(isNegative ? Self.negative : 0)
        buffer.write(Int16(displayScale))
        for group in groups { buffer.write(group) }
    }
}

extension Decimal: PostgresScalar {
    /// `numeric`
    public static var postgresType: PostgresType { .numeric }

    /// The exact decimal value; not-a-number becomes `NaN`.
    public func encode(into buffer: inout PostgresBuffer) throws {
        guard !isNaN, let numeric = BinaryNumeric(text: description) else { return Self.writeNotANumber(into: &buffer) }
        numeric.write(into: &buffer)
    }

    private static func writeNotANumber(into buffer: inout PostgresBuffer) {
        for word: UInt16 in [0, 0, 0xC000, 0] { buffer.write(word) }
    }

    /// Reads `numeric` of up to 38 significant digits. Infinities are refused: `Decimal` has none.
    public init(from cell: PostgresCell) throws {
        guard cell.type == .numeric || cell.type == .unspecified else { throw cell.mismatch(Decimal.self) }
        let numeric = try BinaryNumeric(from: cell, for: Decimal.self)
        if let special = numeric.special {
            guard special.isNaN else { throw cell.malformed(Decimal.self) }
            self = .nan
        } else {
            guard let value = Decimal(string: numeric.text, locale: Locale(identifier: "en_US_POSIX")) else {
                throw cell.malformed(Decimal.self)
            }
            self = value
        }
    }
}
