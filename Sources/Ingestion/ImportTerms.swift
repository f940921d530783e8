public import Foundation

/// What becomes of imported files here, for those who want to know before they upload: how they are cut and what their vectors cost.
public struct ImportTerms: Sendable {
    public let embeddingModel: String
    /// In the installation's currency.
    public let costPerMillionTokens: Decimal
    /// The size of passages aimed at, in tokens.
    public let targetTokens: Int
    /// Names the vocabulary whose tokens these are, the same for the same vocabulary on every machine; nil: they are estimated.
    public let vocabulary: String?
    /// The languages of text recognition, as tesseract names them.
    public let ocrLanguages: [String]
}

extension KnowledgeWriter {
    /// As documents are read and embedded here.
    public var terms: ImportTerms {
        let (options, model) = (processor.options, embedder.model)
        return ImportTerms(
            embeddingModel: model.id, costPerMillionTokens: model.costPerMillionTokens,
            targetTokens: options.chunking.targetTokens, vocabulary: options.vocabulary.map { ($0 as NSString).lastPathComponent },
            ocrLanguages: options.ocrLanguages)
    }
}
