/// A number as decimal digits, for writing without the noise of binary fractions.
struct DecimalText {
    private let isNegative: Bool
    /// Without zeros in front; the value is 0.d₁d₂d₃… × 10^`exponent`. Empty for zero.
    private var digits: [UInt8]
    private var exponent: Int
    /// For what has no digits: infinity and not-a-number.
    private let name: String?

    init(_ value: Double) {
        isNegative = value < 0
        name = value.isFinite ? nil : value.description
        let (all, wholeCount, power) = Self.parsed(value.magnitude.description)
        let zeros = all.prefix { $0 == 0 }.count
        digits = value.isFinite ? Array(all.dropFirst(zeros)) : []
        exponent = wholeCount - zeros + power
        trim()
    }

    /// At most 15 significant digits, as spreadsheets show numbers; from 10^21 and below 10^-9 as 1.5E+21.
    var general: String {
        rounded(toDigits: 15).text
    }

    /// A hundred times the number with a percent sign.
    func percent(decimals: Int) -> String {
        var shifted = rounded(toDigits: 15)
        shifted.exponent += 2
        return shifted.rounded(toDigits: shifted.exponent + decimals).text + "%"
    }

    /// The digits of a number such as `12.5e-07`, how many stand before its point, and its power of ten.
    private static func parsed(_ text: String) -> (digits: [UInt8], wholeCount: Int, power: Int) {
        let mantissa = text.utf8.prefix { $0 != UInt8(ascii: "e") }
        let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }
        let digits = mantissa.compactMap { (0x30...0x39).contains($0) ? $0 - 0x30 : nil }
        return (digits, whole.count, Int(String(text.utf8.dropFirst(mantissa.count + 1)) ?? "") ?? 0)
    }

    private func rounded(toDigits count: Int) -> DecimalText {
        guard digits.count > count else { return self }
        var result = self
        guard count >= 0 else {
            result.digits = []
            return result
        }
        result.digits = Array(digits[..<count])
        if digits[count] >= 5 { result.increment() }
        result.trim()
        return result
    }

    /// Adds one to the last digit.
    private mutating func increment() {
        var index = digits.count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 {
            digits[index] += 1
        } else {
            digits.insert(1, at: 0)
            exponent += 1
        }
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
    }

    private var text: String {
        if let name { return name }
        guard !digits.isEmpty else { return "0" }
        let sign = isNegative ? "-" : ""
        return sign + (exponent > 21 || exponent < -8 ? scientific : plain)
    }

    private var plain: String {
        if exponent <= 0 { return "0." + String(repeating: "0", count: -exponent) + Self.string(digits[...]) }
        if digits.count <= exponent { return Self.string(digits[...]) + String(repeating: "0", count: exponent - digits.count) }
        return Self.string(digits[..<exponent]) + "." + Self.string(digits[exponent...])
    }

    private var scientific: String {
        let power = exponent - 1
        let fraction = digits.count > 1 ? "." + Self.string(digits[1...]) : ""
        return Self.string(digits[..<1]) + fraction + "E" + (power < 0 ? "-" : "+") + String(power.magnitude)
    }

    private static func string(_ digits: ArraySlice<UInt8>) -> String {
        String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self)
    }
}
