/// What a word of ASCII letters costs, in hundredths of a token.
enum WordTokens {
    /// Where a word stands as far as it tells a name: one in a list of capitals is mostly a name.
    enum Place {
        case anywhere
        case afterComma
    }

    /// The cost of `word`: lower-case letters, the first possibly upper-case; at least 100.
    ///
    /// First the tokens to be expected: a ridge regression of token counts on the word's length, its capital and its letter pairs (with
    /// the word's edges as a letter), fitted to 19,000 distinct words of English text and code. Unusual pairs mark the names and terms
    /// that vocabularies cut in pieces. Letters cannot tell a rare word from a frequent one that looks alike, so the expectation is too
    /// low wherever rare words gather. The second step raises it, by lines whose slopes and bends a linear program found: 8,300 passages
    /// of the documentation that a Linux system brings (manual pages, READMEs, the help of Perl, Vim, Python and Swift) at their count
    /// wherever that could be had, and the mean as low as that allows. Slopes were then rounded to tenths by hand.
    static func hundredths(_ word: UnsafeBufferPointer<UInt8>, _ place: Place) -> Int {
        guard word.count > 1 else { return 100 }
        let isCapital = word[0] < 0x61
        let expected = expectation(word, isCapital: isCapital)
        guard isCapital else { return 106 + 28 * max(0, expected - 115) / 10 }
        switch place {
        case .anywhere: return 109 + (24 * max(0, expected - 115) + 21 * max(0, expected - 145)) / 10
        case .afterComma: return 100 + (17 * max(0, expected - 115) + 30 * max(0, expected - 130)) / 10
        }
    }

    private static func expectation(_ word: UnsafeBufferPointer<UInt8>, isCapital: Bool) -> Int {
        let short = min(word.count, 6)
        let long = word.count - short
        var cost = 90 + 12 * short + 22 * long
        if isCapital { cost += 5 * short + 4 * long - 14 }
        var row = 0
        pairCosts.withUnsafeBufferPointer { pairs in
            for byte in word {
                let letter = Int(byte & 0x1F)
                cost += Int(pairs[row + letter])
                row = letter * 32
            }
            cost += Int(pairs[row])
        }
        return cost
    }

    /// 32 x 32 costs in hundredths by first and second letter, 0 being the word's edge.
    private static let pairCosts: [Int16] = {
        var costs = [Int16](repeating: 0, count: 32 * 32)
        for (first, row) in pairRows.enumerated() {
            for (second, tenths) in row.utf8.enumerated() { costs[first * 32 + second] = (Int16(tenths) - 0x4D) * 10 }
        }
        return costs
    }()

    /// One row for the edge and each letter from a to z, one character for the second letter in the same order; M is no cost, each step
    /// in the alphabet a tenth of a token.
    private static let pairRows = [
        "MMMMLMNMMMLNNNMMMLMMMONMPMO",
        "NRKKLSLKQKLMKMKSLNLLKMKKLMO",
        "PMPSPLQNNLKMLPLLNMLMLKMNMMM",
        "NLMKOLNMKLMMLPPLNLMLLLMOMOR",
        "LLOOLLNNLLMMNJRMMLMMOLKLMON",
        "LLNKKLLKINPMLLLNMJKLLOKLLNQ",
        "MKNORKLLMKMMLNNKMMKNLLMMMNM",
        "LMMMLLNLIMMMONJMMNLLKNMNONM",
        "MMKNLMNPMMMMPKGLMLNNMPNMMPL",
        "QLLKLLKLNKNMLMLKLNLMLMLNMNL",
        "PMMNMMMMMPMMMMNLMLMNMMMMMMM",
        "LNNMNKLLQLMNMMINMMLKMSONMOM",
        "LMMLKLLMOLNOLPLKLMNMKLLMMLL",
        "LKKROJLMNKMNLJSMJMLKNMMMMTM",
        "LLTKLMMKMLMMMJLNNMOLKLKNMNP",
        "MNLMLOLMNNLMMMKKMQLOMLLLLKQ",
        "LLNOKLMLMMMNLJOKKMKMLMMMMOM",
        "OLOMMMMMMNMMMMMNMMMMMMMMMMM",
        "MLPLKLMJOLNLKLMLJQLLLLKKNMM",
        "LMOKJKKMJLNMKOOKKLIKKLRLRKQ",
        "LLMLMLMMKKNMLKLLNMLLKMNKMLM",
        "NLLLKMLMNLPMLMKOLOKLKMRNMQO",
        "OLMMMLMMMLMMMPMLMMPMMLMMMNM",
        "MMNOQLLMKLMMINLLLMMMLNMLMMM",
        "MLMKNLNMJMMMONNPKMMNMOMMLTM",
        "KNNPQMOPMLNMPONMNOOMPNPKMNL",
        "PPMNOMMLTNMNNNNNOMMMMMMMMLN",
    ]
}
