import Accounts
import Crypto
import Domain
import Foundation
import Logging
import Storage
import TestSupport
import Testing

/// The rooms' services on a test's database, and users with a password.
struct AccountKit: Sendable {
    let db: TestDatabase
    let services: AccountServices
    let authenticator: Authenticator

    static let password = "correct horse battery"
    /// Of the password above; computing it anew for each user would take a quarter of a second.
    private static let hash = "$2a$12$uHV4YmA.xN71c2ZQro628eUuG2vIDIjv5Xz04wB05jaM4FI2YESim"
    static let key = Array("a key for the tokens of tests, 32+".utf8)

    init(_ db: TestDatabase) async throws {
        self.db = db
        let tokens = try await AccessTokens(key: Self.key)
        services = AccountServices(
            database: db.database, tokens: tokens, service: db.system, gate: PasswordGate(width: 8, queueLength: 8), logger: Self.silent)
        authenticator = Authenticator(database: db.database, tokens: tokens)
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Lends the services on a fresh database where Alice has the password and, when asked for, administers.
    static func with<R>(administrator: Bool = false, _ body: (AccountKit) async throws -> R) async throws -> R {
        try await withTestDatabase { db in
            let kit = try await AccountKit(db)
            try await kit.givePassword(db.alice)
            if administrator { try await db.administrate("UPDATE users SET is_admin = true WHERE id = \(db.alice.id)") }
            return try await body(kit)
        }
    }

    func givePassword(_ user: TestUser) async throws {
        try await db.administrate("UPDATE users SET password_hash = \(Self.hash) WHERE id = \(user.id)")
    }

    func logIn(_ name: String = "alice", _ password: String = AccountKit.password) async throws -> SessionTokens {
        try await services.sessions.logIn(name: name, password: password)
    }

    /// The problem a log-in ends with; nil when it succeeds.
    func refusal(_ name: String, _ password: String) async -> Problem? {
        await failure(Problem.self) { _ = try await logIn(name, password) }
    }

    /// The code an access token is refused with; nil when it is let in.
    func code(ofToken token: String) async -> String? {
        await failure(Problem.self) { _ = try await authenticator.authenticate(authorization: "Bearer \(token)") }?.code
    }

    func code(ofRefresh token: String) async -> String? {
        await failure(Problem.self) { _ = try await services.sessions.refresh(token) }?.code
    }

    func principal(_ tokens: SessionTokens) async throws -> Principal {
        try await authenticator.authenticate(authorization: "Bearer \(tokens.accessToken)")
    }

    func openRegistration(_ isOpen: Bool = true) async throws {
        try await db.administrate(
            "UPDATE system_settings SET value = to_jsonb(\(isOpen)::boolean) WHERE key = 'registration_open'")
    }
}

/// Tokens written by hand, so that forgeries need not go through the library that is to find them out.
struct HandmadeToken {
    var header: [String: Any] = ["alg": "HS256", "typ": "JWT"]
    var claims: [String: Any]

    init(user: UserID, session: SessionID) {
        let now = Int(Date().timeIntervalSince1970)
        claims = [
            "iss": "bunko", "aud": ["bunko-api"], "sub": user.description, "sid": session.description, "iat": now, "exp": now + 600,
        ]
    }

    func signed(with key: [UInt8] = AccountKit.key) throws -> String {
        let text = try unsigned()
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key))
        return "\(text).\(Self.base64URL(Data(code)))"
    }

    /// Header and claims, without the last dot.
    func unsigned() throws -> String {
        try [header, claims].map { Self.base64URL(try JSONSerialization.data(withJSONObject: $0)) }.joined(separator: ".")
    }

    static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
