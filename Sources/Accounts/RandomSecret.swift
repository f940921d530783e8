import Crypto
import Domain
import Foundation

/// A secret of 256 random bits that its holder shows again: refresh tokens and one-time tokens. Only its SHA-256 is stored, which is
/// enough for a secret nobody can guess.
struct RandomSecret: Sendable {
    enum Kind: String {
        case refresh = "br"
        case oneTime = "bt"
    }

    let text: String

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    private static let length = 43

    /// A fresh secret from the system's random generator.
    static func random(_ kind: Kind) -> RandomSecret {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return RandomSecret(text: "\(kind.rawValue)_\(String(characters))")
    }

    private init(text: String) {
        self.text = text
    }

    /// Reads a presented secret; nil when its form is wrong.
    init?(_ text: String, kind: Kind) {
        guard text.hasPrefix("\(kind.rawValue)_"), text.utf8.count == kind.rawValue.utf8.count + 1 + Self.length else { return nil }
        self.text = text
    }

    var sha256: ContentDigest {
        get throws(Problem) {
            guard let digest = ContentDigest(bytes: Array(SHA256.hash(data: Data(text.utf8)))) else {
                throw Problem(.internalFault, code: "hash_length", "SHA-256 did not yield 32 bytes.")
            }
            return digest
        }
    }
}
