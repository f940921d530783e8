import Crypto
import TextAnalysis

/// What a question's vectors are found by: a hash of the model and of the text as the model is asked it.
public struct QuestionKey: Sendable, Hashable {
    /// The question without what makes no other question of it: in NFC, with line ends `\n`, without white space around. Passages are
    /// cleaned in the same way when documents are read. This is the text to embed, so that a key has one vector.
    public static func normalized(_ question: String) -> String {
        let text = question.utf8.contains(UInt8(ascii: "\r")) ? question.replacing("\r\n", with: "\n") : question
        let isInk = { (character: Character) in !character.isWhitespace }
        guard let first = text.firstIndex(where: isInk), let last = text.lastIndex(where: isInk) else { return "" }
        return TextNormalizer.nfc(String(text[first...last]))
    }

    let digest: SHA256Digest

    /// - Parameter question: as ``normalized(_:)`` gave it.
    public init(_ question: String, _ model: EmbeddingModel) {
        var hash = SHA256()
        // Lengths before the texts: no two of what is hashed run into one another.
        for part in ["query", model.id, "\(model.dimensions)", question] {
            hash.update(data: "\(part.utf8.count):".utf8.map(\.self))
            hash.update(data: Array(part.utf8))
        }
        digest = hash.finalize()
    }

    /// 64 lower-case hexadecimal digits.
    public var text: String {
        digest.reduce(into: "") { text, byte in
            text.append(byte < 16 ? "0" : "")
            text.append(String(byte, radix: 16))
        }
    }
}
