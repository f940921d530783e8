/// A byte-pair vocabulary: counts tokens exactly as the models that were trained with it.
///
/// A value that holds no state besides the vocabulary: any number of threads may use one. Takes some 20 bytes for each token, and for a
/// `tokenizer.json` as many again for its merges.
public struct BytePairTokenizer: Sendable {
    /// What may be joined.
    enum Merges: Sendable {
        /// Any two neighbours whose bytes together are a token; its id is its rank.
        case byRank
        /// Certain pairs of ids, in the order of their ranks.
        case pairs(MergeTable)
    }

    /// The token two neighbours form, and how early it is formed.
    struct Joined: Sendable {
        let rank: UInt32
        let id: UInt32
    }

    let vocabulary: TokenVocabulary
    let merges: Merges
    /// Whether a piece that is a token is taken for one without looking whether merges lead to it.
    let takesWholePieces: Bool
    let pattern: SplitPattern
    private let scanner: PieceScanner
    private let byteIDs: [UInt32?]

    init(_ vocabulary: TokenVocabulary, merges: Merges, takesWholePieces: Bool, pattern: SplitPattern) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.takesWholePieces = takesWholePieces
        self.pattern = pattern
        scanner = PieceScanner(pattern)
        byteIDs = (0...255).map { vocabulary.id(of: [UInt8($0)].span, 0..<1) }
    }

    /// Reads a vocabulary.
    ///
    /// - Parameters:
    ///   - bytes: the content of a `.tiktoken` file or of a Hugging Face `tokenizer.json` with a byte-level BPE model.
    ///   - fileName: tells the two apart by its extension `.json`, names a `.tiktoken` file's encoding (`cl100k_base`, `o200k_base`; else
    ///     the number of its tokens does), and stands in errors.
    public init(_ bytes: [UInt8], fileName: String) throws(VocabularyError) {
        self = fileName.lowercased().hasSuffix(".json") ? try TokenizerFile.read(bytes, fileName) : try TiktokenFile.read(bytes, fileName)
    }

    /// The number of tokens of `text`. Takes time nearly linear in it, whatever it is.
    public func count(_ text: some StringProtocol) -> Int {
        count(Array(text.utf8)[...])
    }

    /// The number of tokens of a part of a text. `bytes` must be valid UTF-8.
    public func count(_ bytes: ArraySlice<UInt8>) -> Int {
        var count = 0
        forEachToken(of: bytes.span) { _ in count += 1 }
        return count
    }

    /// The ids of the tokens of `text`; special tokens are read as ordinary text, and bytes that the vocabulary lacks are left out.
    public func encode(_ text: some StringProtocol) -> [Int] {
        var ids: [Int] = []
        forEachToken(of: Array(text.utf8).span) { id in
            if id != .max { ids.append(Int(id)) }
        }
        return ids
    }

    private func forEachToken(of text: borrowing Span<UInt8>, _ body: (UInt32) -> Void) {
        var merge = BytePairMerge()
        var start = 0
        while start < text.count {
            let piece = start..<scanner.end(ofPieceAt: start, in: text)
            if takesWholePieces, let id = vocabulary.id(of: text, piece) {
                body(id)
            } else {
                merge.forEachToken(of: piece, in: text, self, body)
            }
            start = piece.upperBound
        }
    }

    // MARK: - What merging asks

    func id(ofByte byte: UInt8) -> UInt32? {
        byteIDs[Int(byte)]
    }

    /// What two neighbours form, which together are `bytes` of `text`; nil when they may not be joined.
    func join(_ first: UInt32, _ second: UInt32, of text: borrowing Span<UInt8>, _ bytes: Range<Int>) -> Joined? {
        switch merges {
        case .byRank: vocabulary.id(of: text, bytes).map { Joined(rank: $0, id: $0) }
        case .pairs(let pairs): pairs[first, second]
        }
    }
}
