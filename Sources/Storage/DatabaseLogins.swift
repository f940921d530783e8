import Crypto
import Domain
import Foundation
public import Postgres

/// Who logs in as what on one database.
public struct DatabaseLogins: Sendable {
    /// Owns the schema; migrations only.
    public let owner: PostgresConfiguration
    /// Requests: bound by row-level security.
    public let app: PostgresConfiguration
    /// The service's own work: mirror, job claims, clean-up.
    public let worker: PostgresConfiguration

    /// Derives the passwords of the service's roles from the owner's by HMAC-SHA256, so that every replica with the same
    /// `DATABASE_URL` comes to the same ones and none has to be kept anywhere.
    public init(owner: PostgresConfiguration) {
        self.owner = owner
        app = Self.login(.app, like: owner)
        worker = Self.login(.worker, like: owner)
    }

    enum Role: String, CaseIterable {
        case app = "bunko_app"
        case worker = "bunko_worker"
    }

    static func password(of role: Role, owner: PostgresConfiguration) -> String {
        let key = SymmetricKey(data: Data("bunko:\(owner.password ?? "")".utf8))
        return Array(HMAC<SHA256>.authenticationCode(for: Data(role.rawValue.utf8), using: key)).hexadecimal
    }

    private static func login(_ role: Role, like owner: PostgresConfiguration) -> PostgresConfiguration {
        var configuration = owner
        configuration.user = role.rawValue
        configuration.password = password(of: role, owner: owner)
        return configuration
    }
}
