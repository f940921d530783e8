import CFuzzer
import Foundation

@testable import TextAnalysis

/// Cuts texts into tokens, sentences and terms of search.
///
/// An input is a text, read as UTF-8 with what is broken in it replaced.
struct TokenTarget: FuzzTarget {
    private struct Pattern {
        let scanner: PieceScanner
        let tokenizer: BytePairTokenizer
        let expression: NSRegularExpression
    }

    /// Patterns beside the expressions they stand for, as published but for `\s` and `$`, which Foundation's engine reads otherwise.
    private static let patterns: [Pattern] = {
        let (space, sign) = (#"[\p{White_Space}]"#, #"[^\p{White_Space}\p{L}\p{N}]"#)
        let spaces = #"\#(space)*[\r\n]+|\#(space)+(?![^\p{White_Space}])|\#(space)+"#
        let (capital, small) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
        let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
        let published: [(SplitPattern, String)] = [
            (.gpt2, #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?\#(sign)+|\#(space)+(?![^\p{White_Space}])|\#(space)+"#),
            (
                .cl100k,
                #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?\#(sign)++[\r\n]*+|\#(space)++\z|\#(space)*[\r\n]|"#
                    + #"\#(space)+(?![^\p{White_Space}])|\#(space)"#
            ),
            (.llama3, #"\#(contractions)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?\#(sign)+[\r\n]*|\#(spaces)"#),
            (.qwen2, #"\#(contractions)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?\#(sign)+[\r\n]*|\#(spaces)"#),
            (
                .o200k,
                #"[^\r\n\p{L}\p{N}]?\#(capital)*\#(small)+\#(contractions)?|[^\r\n\p{L}\p{N}]?\#(capital)+\#(small)*\#(contractions)?|"#
                    + #"\p{N}{1,3}| ?\#(sign)+[\r\n/]*|\#(spaces)"#
            ),
        ]
        // What Foundation keeps of an expression looks like a leak.
        __lsan_disable()
        defer { __lsan_enable() }
        return published.map { pattern, expression in
            do {
                return Pattern(
                    scanner: PieceScanner(pattern), tokenizer: Vocabulary.plain.tokenizer(pattern),
                    expression: try NSRegularExpression(pattern: expression))
            } catch {
                fatalError("\(expression) is no expression: \(error)")
            }
        }
    }()

    func run(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        let bytes = Array(text.utf8)
        checkNormalForms(of: text)
        checkSentences(of: text, bytes)
        checkTerms(of: text)
        let estimate = TokenCounter.estimate.count(text)
        require((estimate == 0) == text.isEmpty && estimate == TokenCounter.estimate.count(bytes[...]), "an estimate is 0 for nothing only")
        for pattern in Self.patterns { checkTokens(of: text, bytes, pattern) }
    }

    private func checkTokens(of text: String, _ bytes: [UInt8], _ pattern: Pattern) {
        let vocabulary = Vocabulary.plain
        let ids = pattern.tokenizer.encode(text)
        require(ids.flatMap { vocabulary.tokens[$0] } == bytes, "a text is what its tokens stand for")
        require(pattern.tokenizer.count(text) == ids.count, "as many tokens are counted as there are")
        let framed = [0x20] + bytes + [0x61]
        require(pattern.tokenizer.count(framed[1..<(framed.count - 1)]) == ids.count, "what stands around a part changes nothing")
        guard bytes.count <= 512 else { return }
        let pieces = pieces(of: bytes, pattern.scanner)
        require(pieces.flatMap(vocabulary.slowlyJoined) == ids, "merging follows the definition")
        checkPieces(pieces, of: text, pattern.expression)
    }

    private func pieces(of bytes: [UInt8], _ scanner: PieceScanner) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = scanner.end(ofPieceAt: start, in: bytes.span)
            require(end > start && end <= bytes.count, "a piece has at least a byte")
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    private func checkPieces(_ pieces: [[UInt8]], of text: String, _ expression: NSRegularExpression) {
        // Scalars that one of the two Unicode versions at hand does not know yet are no finding.
        guard !text.unicodeScalars.contains(where: { $0.properties.age.map { $0 >= (15, 1) } ?? true }) else { return }
        let source = text as NSString
        let matches = expression.matches(in: text, range: NSRange(location: 0, length: source.length))
        let expected = matches.map { Array(source.substring(with: $0.range).utf8) }
        require(expected == pieces, "pieces are those of the published expression \(expression.pattern)")
    }

    private func checkNormalForms(of text: String) {
        let form = TextNormalizer.nfc(text)
        require(form == text, "Form C is canonically equivalent")
        require(TextNormalizer.nfc(form).unicodeScalars.elementsEqual(form.unicodeScalars), "Form C is stable")
        let search = TextNormalizer.searchForm(text)
        require(TextNormalizer.searchForm(search).unicodeScalars.elementsEqual(search.unicodeScalars), "the search form is stable")
        require(TextNormalizer.searchForm(form) == search, "equivalent texts have the same search form")
    }

    private func checkSentences(of text: String, _ bytes: [UInt8]) {
        let sentences = SentenceSegmenter().sentences(in: text)
        var end = text.startIndex
        for sentence in sentences {
            require(sentence.lowerBound == end && !sentence.isEmpty, "sentences cover the text without gaps")
            end = sentence.upperBound
        }
        require(end == text.endIndex, "sentences cover the text")
        let framed = [0x61, 0x2E] + bytes + [0x61]
        let inside = SentenceSegmenter().sentenceEnds(in: framed[2..<(framed.count - 1)]).map { $0 - 2 }
        require(
            inside == sentences.map { text.utf8.distance(from: text.startIndex, to: $0.upperBound) },
            "what stands around a part changes nothing")
    }

    private func checkTerms(of text: String) {
        var terms: [[UInt8]] = []
        LexicalAnalyzer().forEachTerm(in: text) { term in
            require(!term.utf8.isEmpty && String(validating: term.utf8, as: UTF8.self) != nil, "a term is a text")
            terms.append(Array(term.utf8))
        }
        var again: [[UInt8]] = []
        LexicalAnalyzer().forEachTerm(in: TextNormalizer.searchForm(text)) { again.append(Array($0.utf8)) }
        require(terms == again, "the search form has the terms of the text")
    }

    func seeds() -> [[UInt8]] {
        let long = SeedTexts.prose.map { String(repeating: $0, count: 20) }
        return (SeedTexts.prose + SeedTexts.markdown + long).map { Array($0.utf8) }
    }

    let words = [
        "'s", "'LL", "'ſ", "Don't", "HTTPServer", "\r\n", "\u{A0}", "\u{3000}", "\u{301}", "\u{338}", "Ⅷ", "٣", "ǅ", "ʰ", "𝐀", "。", "？」",
        "。」と",
        "e.g. ", "Mr. ", "example.com", "\n\n", "\u{85}", "\u{2029}", "ｶﾞ", "ß", "\u{AD}", "\u{200B}", "\u{1112}\u{1161}\u{11AB}", "ing",
        "ies",
    ]
}
