/// Cuts text into the pieces of an uncased BERT vocabulary: the longest piece a word begins with, then the longest its rest begins with,
/// and so on.
///
/// A value that holds no state besides the vocabulary: any number of threads may use one.
public struct WordPieceTokenizer: Sendable {
    /// The number of scalars beyond which a word is not looked at, but is unknown.
    private static let longestWord = 100
    private static let continuation: [UInt8] = Array("##".utf8)

    /// What words begin with.
    private let beginnings: TokenVocabulary
    /// What goes on inside a word, without the marks.
    private let continuations: TokenVocabulary
    private let unknown: UInt32
    /// The piece before the first of each text.
    public let start: UInt32
    /// The piece after the last of each text.
    public let end: UInt32
    /// How many pieces the vocabulary has; ids lie below it.
    public let count: Int

    /// Reads a `vocab.txt`: one piece a line, whose id is the number of the line, from 0.
    ///
    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - fileName: stands in errors.
    public init(_ bytes: [UInt8], fileName: String) throws(VocabularyError) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        count = lines.count
        var beginnings = TokenVocabulary(capacity: lines.count)
        var continuations = TokenVocabulary(capacity: lines.count)
        for (number, line) in lines.enumerated() {
            let piece = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            let isAdded =
                piece.starts(with: Self.continuation) && piece.count > 2
                ? continuations.insert(Array(piece.dropFirst(2)), id: UInt32(number))
                : beginnings.insert(Array(piece), id: UInt32(number))
            guard isAdded else {
                throw VocabularyError(
                    file: fileName, line: number + 1, reason: "the piece is empty or stands there twice", remedy: "Fetch the file again.")
            }
        }
        func special(_ name: String) throws(VocabularyError) -> UInt32 {
            let bytes = Array(name.utf8)
            guard let id = beginnings.id(of: bytes.span, 0..<bytes.count) else {
                throw VocabularyError(
                    file: fileName, line: nil, reason: "the piece \(name) is missing",
                    remedy: "Give the vocab.txt of a BERT model, one piece a line.")
            }
            return id
        }
        unknown = try special("[UNK]")
        start = try special("[CLS]")
        end = try special("[SEP]")
        self.beginnings = beginnings
        self.continuations = continuations
    }

    /// The ids of the pieces of `text`, without ``start`` and ``end``; none for text without words. Special pieces are read as text.
    /// Takes time linear in the text.
    public func encode(_ text: String) -> [UInt32] {
        var ids: [UInt32] = []
        UncasedWords.forEach(in: text) { word, scalars in
            append(word, scalars, to: &ids)
        }
        return ids
    }

    private func append(_ word: borrowing Span<UInt8>, _ scalars: Int, to ids: inout [UInt32]) {
        let first = ids.count
        var start = scalars > Self.longestWord ? -1 : 0
        while start >= 0, start < word.count {
            let vocabulary = start == 0 ? beginnings : continuations
            var end = min(word.count, start + vocabulary.longest)
            var piece: UInt32?
            while end > start {
                // A piece ends where a scalar does: the bytes inside one are 10xxxxxx.
                if end == word.count || word[end] & 0xC0 != 0x80 { piece = vocabulary.id(of: word, start..<end) }
                if piece != nil { break }
                end -= 1
            }
            guard let piece else {
                start = -1
                break
            }
            ids.append(piece)
            start = end
        }
        // A word with a part that no piece matches is unknown as a whole.
        guard start < 0 else { return }
        ids.removeSubrange(first...)
        ids.append(unknown)
    }
}
