import Crypto
import Domain
import Foundation

/// The text of an API key: `bk_`, 12 characters that name it, `_`, and 43 characters of a 256-bit secret.
struct APIKey: Sendable {
    let prefix: String
    let secret: String

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    private static let prefixLength = 12
    private static let secretLength = 43

    /// A fresh key from the system's random generator.
    static func random() -> APIKey {
        var generator = SystemRandomNumberGenerator()
        func text(_ length: Int) -> String {
            String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
        }
        return APIKey(prefix: text(prefixLength), secret: text(secretLength))
    }

    private init(prefix: String, secret: String) {
        self.prefix = prefix
        self.secret = secret
    }

    /// Reads a presented key; nil when its form is wrong.
    init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "bk", parts[1].count == Self.prefixLength, parts[2].count == Self.secretLength,
            parts[1...].allSatisfy({ $0.allSatisfy(Self.alphabet.contains) })
        else { return nil }
        prefix = String(parts[1])
        secret = String(parts[2])
    }

    /// What its owner is shown, once.
    var text: String { "bk_\(prefix)_\(secret)" }

    /// What is stored. A plain hash is enough for a secret of 256 random bits.
    var secretSHA256: ContentDigest {
        get throws(Problem) {
            guard let digest = ContentDigest(bytes: Array(SHA256.hash(data: Data(secret.utf8)))) else {
                throw Problem(.internalFault, code: "hash_length", "SHA-256 did not yield 32 bytes.")
            }
            return digest
        }
    }
}
