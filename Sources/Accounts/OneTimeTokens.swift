import Domain
import Foundation
import Logging

/// How one-time tokens are read, told and announced.
struct OneTimeTokens {
    static let verificationLifetime: Duration = .seconds(7 * 86_400)
    static let resetLifetime: Duration = .seconds(86_400)
    static let setUpLifetime: Duration = .seconds(86_400)

    let logger: Logger

    /// Writes the link that verifies an address to the log, because there is no sender of mail.
    @discardableResult
    func announce(_ secret: RandomSecret, _ purpose: AccountTokenPurpose, for user: UserID, lifetime: Duration) -> OneTimeToken {
        let token = Self.token(secret, purpose, lifetime: lifetime)
        logger.notice("a link verifies an e-mail address", metadata: ["user": "\(user)", "link": "\(token.link)"])
        return token
    }

    static func token(_ secret: RandomSecret, _ purpose: AccountTokenPurpose, lifetime: Duration) -> OneTimeToken {
        OneTimeToken(
            text: secret.text, purpose: purpose, expiresAt: Date(timeIntervalSinceNow: Double(lifetime.components.seconds)))
    }

    /// What a presented token is stored as; one of a wrong form is refused like an unknown one.
    static func digest(_ presented: String) throws(Problem) -> ContentDigest {
        guard let secret = RandomSecret(presented, kind: .oneTime) else { throw refused }
        return try secret.sha256
    }

    static let refused = Problem(
        .invalidRequest, code: "token_refused", "This one-time token is unknown, used or expired.",
        remedy: "Ask an administrator for a new one.", parameter: "token")

    static let builtIn = Problem(
        .conflict, code: "user_built_in", "This user is built in and stays as it is.", remedy: "Make an account of your own instead.")
}
