/// Opening brackets at sentence boundaries: UAX #29 has one class for opening and closing ones and leaves both with the sentence before.
enum OpeningBrackets {
    private static let opening = Set("「『（【〈《〔".map { Array(String($0).utf8) })

    /// The boundary moved before the opening brackets that directly precede `end`, except at the end of the text.
    static func boundary(in bytes: [UInt8], before end: Int) -> Int {
        guard end < bytes.count else { return end }
        var boundary = end
        while boundary > 3, opening.contains(Array(bytes[(boundary - 3)..<boundary])) { boundary -= 3 }
        return boundary
    }
}
