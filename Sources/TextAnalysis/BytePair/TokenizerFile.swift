import Foundation

/// Hugging Face's `tokenizer.json`, of which the byte-level BPE models are read (GPT-2, Llama 3, Qwen and their kin).
///
/// Only counting is asked for, so added tokens and what is put around a text are left aside. A normaliser NFC is taken for done: the
/// texts of documents are in that form.
struct TokenizerFile: Decodable {
    let model: Model
    let preTokenizer: PreTokenizer?
    let normalizer: Normalizer?

    enum CodingKeys: String, CodingKey {
        case model, normalizer
        case preTokenizer = "pre_tokenizer"
    }

    struct Normalizer: Decodable {
        let type: String
        let normalizers: [Normalizer]?

        /// Whether it does nothing to text in NFC.
        var isIdle: Bool {
            type == "NFC" || (type == "Sequence" && (normalizers ?? []).allSatisfy(\.isIdle))
        }
    }

    struct PreTokenizer: Decodable {
        struct Pattern: Decodable {
            let regex: String?

            enum CodingKeys: String, CodingKey {
                case regex = "Regex"
            }
        }

        let type: String
        let pretokenizers: [PreTokenizer]?
        let pattern: Pattern?
        let behavior: String?
        let invert: Bool?
        let usesExpression: Bool?

        enum CodingKeys: String, CodingKey {
            case type, pretokenizers, pattern, behavior, invert
            case usesExpression = "use_regex"
        }
    }

    static func read(_ bytes: [UInt8], _ fileName: String) throws(VocabularyError) -> BytePairTokenizer {
        do {
            return try JSONDecoder().decode(TokenizerFile.self, from: Data(bytes)).tokenizer()
        } catch let error as Unusable {
            throw VocabularyError(file: fileName, line: nil, reason: error.reason, remedy: error.remedy)
        } catch {
            throw VocabularyError(
                file: fileName, line: nil, reason: "it is not the JSON of a tokenizer (\(Self.place(of: error)))",
                remedy: "Fetch the model's tokenizer.json again.")
        }
    }

    /// What is the matter, without the name of the file.
    struct Unusable: Error {
        let reason: String
        var remedy = "Give a tokenizer.json with a byte-level BPE model, or a .tiktoken file; without either, tokens are estimated."
    }

    private static func place(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let (context, key): (DecodingError.Context, (any CodingKey)?) =
            switch error {
            case .keyNotFound(let key, let context): (context, key)
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil)
            }
        let path = (context.codingPath + (key.map { [$0] } ?? [])).map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }

    private func tokenizer() throws(Unusable) -> BytePairTokenizer {
        if let normalizer, !normalizer.isIdle { throw Unusable(reason: "its normaliser \(normalizer.type) is not supported") }
        let pattern = try pattern()
        return BytePairTokenizer(
            model.vocabulary, merges: .pairs(try model.pairs()), takesWholePieces: model.ignoresMerges, pattern: pattern)
    }

    /// How text is split: by the byte-level step itself, or by one regular expression before it.
    private func pattern() throws(Unusable) -> SplitPattern {
        let steps = preTokenizer.map { $0.type == "Sequence" ? $0.pretokenizers ?? [] : [$0] } ?? []
        guard let last = steps.last, last.type == "ByteLevel", steps.count <= 2 else {
            throw Unusable(reason: "its pre-tokenizer is not a byte-level one after at most one split")
        }
        guard steps.count == 2 else { return .gpt2 }
        guard steps[0].type == "Split", steps[0].behavior == "Isolated", steps[0].invert != true, last.usesExpression == false,
            let expression = steps[0].pattern?.regex, let pattern = SplitPattern.named(byExpression: expression)
        else {
            throw Unusable(
                reason: "its pre-tokenizer splits by an expression that is not known: \(steps[0].pattern?.regex ?? steps[0].type)")
        }
        return pattern
    }
}
