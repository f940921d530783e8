/// What a caller may do with the data it reaches.
public enum Permission: String, Sendable, Codable, CaseIterable {
    /// Search, assemble contexts, list and read.
    case read
    /// Upload and delete files, create and delete assistants.
    case ingest
    /// Keys and settings.
    case admin
}

/// The right to reach data: every read, write and search asks for one.
///
/// A scope is made only from an authenticated principal (by `Accounts`) or for a named purpose of the service itself (in the
/// composition root); its initialisers are behind interface names that `make lint` grants to those rooms alone. The same value
/// sets the database's row-level security variable and opens the partitions of the index.
public struct Scope: Sendable, Hashable {
    /// On whose behalf.
    public enum Actor: Sendable, Hashable {
        /// An authenticated user: row-level security shows what is theirs.
        case user(UserID)
        /// The service itself, for a purpose that stands in its logs: only the policies of `bunko_worker` apply.
        case system(purpose: String)
    }

    public let actor: Actor
    public let permissions: Set<Permission>
    /// The assistants this scope is bound to; nil means all of the user's.
    public let assistants: Set<AssistantID>?

    @_spi(ScopeMaking)
    public init(user: UserID, permissions: Set<Permission>, assistants: Set<AssistantID>? = nil) {
        actor = .user(user)
        self.permissions = permissions
        self.assistants = assistants
    }

    private init(purpose: String) {
        actor = .system(purpose: purpose)
        permissions = Set(Permission.allCases)
        assistants = nil
    }

    /// The service's own scope, for work that belongs to no request: mirroring, job claims, clean-up.
    @_spi(CompositionRoot)
    public static func system(purpose: String) -> Scope {
        Scope(purpose: purpose)
    }

    /// The scope of the user whose job the service is doing. Only a system scope can change into a user's.
    public func acting(for user: UserID) throws(Problem) -> Scope {
        guard case .system = actor else {
            throw Problem(.internalFault, code: "scope_escalation", "Only a system scope can act for a user.")
        }
        return Scope(user: user, permissions: [.read, .ingest])
    }

    /// The user behind this scope; throws for a system scope, which owns nothing.
    public var userID: UserID {
        get throws(Problem) {
            guard case .user(let id) = actor else {
                throw Problem(.internalFault, code: "scope_without_user", "A system scope reached an operation that needs a user.")
            }
            return id
        }
    }

    /// Throws `forbidden` unless the permission is held.
    public func require(_ permission: Permission) throws(Problem) {
        guard permissions.contains(permission) else {
            throw Problem(
                .forbidden, code: "permission_missing", "This key lacks the scope \"\(permission.rawValue)\".",
                remedy: "Use a key made with --scope \(permission.rawValue).")
        }
    }

    /// Whether the assistant lies inside this scope's binding; ownership itself is the database's to say.
    public func admits(_ assistant: AssistantID) -> Bool {
        assistants?.contains(assistant) ?? true
    }
}
