/// Headings in plain text. Only what stands alone between blank lines counts: a wrong heading cuts a text in the wrong place and
/// misnames every passage below it, a missed one costs little.
enum PlainTextHeading {
    private static let longestTitle = 80

    /// The level and words of the heading that `paragraph` is, nil for any other paragraph. Looks no further than the second line.
    /// - Parameter paragraph: bytes of whole lines without the white space around them.
    static func find(in paragraph: Range<Int>, of source: SourceText) -> (level: Int, words: String)? {
        let firstEnd = source.bytes[paragraph].firstIndex(of: 0x0A) ?? paragraph.upperBound
        let title = WhiteSpace.trim(paragraph.lowerBound..<firstEnd, in: source.bytes)
        // Bytes are compared before text is made: one scalar has at most four.
        guard title.count <= longestTitle * 4 else { return nil }
        let second = firstEnd..<paragraph.upperBound
        guard !source.bytes[second].dropFirst().contains(0x0A) else { return nil }
        let words = source.string(title)
        guard words.unicodeScalars.count <= longestTitle, !endsLikeSentence(words) else { return nil }
        let underline = WhiteSpace.trim(second, in: source.bytes)
        let level = second.isEmpty ? numberedLevel(words) : underlineLevel(source.bytes[underline])
        return level.map { ($0, words) }
    }

    /// 1 for a line of `=`, 2 for a line of `-`, at least three of them.
    private static func underlineLevel(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.count >= 3, let first = line.first, line.allSatisfy({ $0 == first }) else { return nil }
        return first == UInt8(ascii: "=") ? 1 : first == UInt8(ascii: "-") ? 2 : nil
    }

    private static func endsLikeSentence(_ text: String) -> Bool {
        guard let last = text.unicodeScalars.last else { return true }
        return ".,;:!?。、，；：！？".unicodeScalars.contains(last)
    }

    /// The level of a numbered title: parts 1, chapters 2, sections 3, articles 4 ("第1条", "제1장", "Chapter 3"); for numerals
    /// one more than they have ("1. SCOPE" 2, "2.3 Terms" 3).
    static func numberedLevel(_ text: String) -> Int? {
        eastAsianLevel(text) ?? englishLevel(text) ?? numeralLevel(text)
    }

    /// "第" or "제", a number, and what is counted.
    private static func eastAsianLevel(_ text: String) -> Int? {
        guard let first = text.first, "第제".contains(first) else { return nil }
        let rest = text.dropFirst().drop { $0 == " " }
        let afterNumber = rest.drop { $0.isNumber || "〇一二三四五六七八九十百千".contains($0) }
        guard afterNumber.startIndex != rest.startIndex, let counted = afterNumber.drop(while: { $0 == " " }).first else { return nil }
        switch counted {
        case "編", "编", "篇", "部", "편", "부": return 1
        case "章", "장": return 2
        case "節", "节", "절": return 3
        case "条", "條", "조": return 4
        default: return nil
        }
    }

    private static func englishLevel(_ text: String) -> Int? {
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, isNumber(words[1]) else { return nil }
        switch words[0].lowercased() {
        case "part", "book": return 1
        case "chapter": return 2
        case "section": return 3
        case "article": return 4
        default: return nil
        }
    }

    private static func isNumber(_ word: Substring) -> Bool {
        let digits = word.last.map { ".:".contains($0) } == true ? word.dropLast() : word
        return !digits.isEmpty && (digits.allSatisfy { $0.isASCII && $0.isNumber } || digits.allSatisfy { "IVXLC".contains($0) })
    }

    /// "1. SCOPE" in capitals only, because "1. Buy milk" is an item of a list; "2.3 Terms" with any capital.
    private static func numeralLevel(_ text: String) -> Int? {
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let capital = words[1].first, capital.isUppercase else { return nil }
        let numerals = words[0].split(separator: ".", omittingEmptySubsequences: false)
        let isDotted = numerals.last?.isEmpty == true
        let numbers = isDotted ? numerals.dropLast() : numerals[...]
        guard !numbers.isEmpty, numbers.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy { $0.isASCII && $0.isNumber } }) else {
            return nil
        }
        guard numbers.count > 1 || (isDotted && !words[1].contains(where: \.isLowercase)) else { return nil }
        return numbers.count + 1
    }
}
