public import Domain
import Foundation
public import Logging
public import Storage

/// Everything there is to do with accounts, on one database and with one gate for all passwords.
public struct AccountServices: Sendable {
    public let sessions: Sessions
    public let membership: Membership
    public let administration: UserAdministration
    public let firstAdministrator: FirstAdministrator

    /// - Parameters:
    ///   - service: the service's own scope, in which accounts are changed.
    ///   - gate: bounds how many passwords are hashed at a time; half the cores by default.
    public init(database: Database, tokens: AccessTokens, service: Scope, gate: PasswordGate = .ofThisMachine, logger: Logger) {
        sessions = Sessions(database: database, tokens: tokens, gate: gate, service: service, logger: logger)
        membership = Membership(database: database, gate: gate, service: service, logger: logger)
        administration = UserAdministration(database: database, gate: gate, service: service, logger: logger)
        firstAdministrator = FirstAdministrator(database: database, gate: gate, service: service, logger: logger)
    }
}

extension PasswordGate {
    /// Half the cores, at least one, and eight waiting for each: two seconds or so at bcrypt's cost of 12.
    public static var ofThisMachine: PasswordGate {
        let width = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        return PasswordGate(width: width, queueLength: width * 8)
    }
}
