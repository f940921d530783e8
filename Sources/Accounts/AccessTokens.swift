public import Domain
public import Foundation
import JWTKit

/// Makes and reads access tokens: JSON Web Tokens under HS256 that name a user and a session and live for minutes.
public struct AccessTokens: Sendable {
    /// How long a token opens anything.
    public static let lifetime: Duration = .seconds(15 * 60)
    /// Fewer bytes than the hash has would weaken it.
    public static let minimumKeyBytes = 32

    private static let issuer = "bunko"
    private static let audience = "bunko-api"
    private static let algorithm = "HS256"
    /// Ours have about 300 characters; what is longer is not even parsed.
    private static let maximumLength = 2_048

    private let keys = JWTKeyCollection()

    /// - Parameter key: shared by all replicas, known to nobody else.
    public init(key: [UInt8]) async throws {
        guard key.count >= Self.minimumKeyBytes else {
            throw Problem(
                .configuration, code: "jwt_key_short",
                "The key for access tokens has \(key.count) bytes; it needs at least \(Self.minimumKeyBytes).",
                remedy: "Make one with `openssl rand -hex 32`.", parameter: "BUNKO_JWT_KEY")
        }
        await keys.add(hmac: HMACKey(from: Data(key)), digestAlgorithm: .sha256)
    }

    /// A token for a user's session.
    public func issue(user: UserID, session: SessionID, at now: Date = Date()) async throws -> String {
        let claims = SessionClaims(
            iss: .init(value: Self.issuer), aud: .init(value: [Self.audience]), sub: .init(value: user.description),
            sid: session.description,
            iat: .init(value: now), exp: .init(value: now.addingTimeInterval(Double(Self.lifetime.components.seconds))))
        return try await keys.sign(claims, header: ["typ": "JWT"])
    }

    /// Whether the text has the form of such a token, whatever is in it.
    static func isToken(_ text: String) -> Bool { text.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 }

    /// Whom a token names.
    /// - Throws: `unauthenticated`: `token_expired` for one of ours past its time, `token_invalid` for anything else.
    func read(_ token: String) async throws(Problem) -> (user: UserID, session: SessionID) {
        guard token.utf8.count <= Self.maximumLength else { throw Self.invalid }
        let claims: SessionClaims
        do {
            // The key alone decides how a signature is checked; a header that says otherwise was not written by us.
            guard try DefaultJWTParser().parse(Array(token.utf8), as: SessionClaims.self).header.alg == Self.algorithm else {
                throw Self.invalid
            }
            claims = try await keys.verify(token, as: SessionClaims.self)
        } catch let error as JWTError where error.failedClaim is ExpirationClaim {
            throw Self.expired
        } catch {
            throw Self.invalid
        }
        guard claims.iss.value == Self.issuer, claims.aud.value == [Self.audience], let user = UserID(claims.sub.value),
            let session = SessionID(claims.sid)
        else { throw Self.invalid }
        return (user, session)
    }

    private static let expired = Problem(
        .unauthenticated, code: "token_expired", "This access token has expired.",
        remedy: "Get another with your refresh token at POST /v1/auth/refresh.", parameter: "Authorization")

    /// Also for one whose session has ended or whose user may not act any more.
    static let invalid = Problem(
        .unauthenticated, code: "token_invalid", "This access token is not valid here.",
        remedy: "Log in at POST /v1/auth/login.", parameter: "Authorization")
}

private struct SessionClaims: JWTPayload {
    let iss: IssuerClaim
    let aud: AudienceClaim
    let sub: SubjectClaim
    /// The session: a private claim.
    let sid: String
    let iat: IssuedAtClaim
    let exp: ExpirationClaim

    func verify(using algorithm: some JWTAlgorithm) throws {
        try exp.verifyNotExpired()
    }
}
