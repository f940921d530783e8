import Domain
public import Postgres

extension Provisioning {
    /// The login that reads everything for a backup: the owner when row-level security does not bind it, else `bunko_backup`, who has
    /// the owner's password.
    ///
    /// - Throws: `environment` when no such role exists: `pg_dump` as an owner under forced row-level security fails.
    public func backupLogin(_ logins: DatabaseLogins) async throws -> PostgresConfiguration {
        let name = try await connected(logins.owner) { connection in
            try await connection.query(
                """
                SELECT rolname::text FROM pg_roles
                WHERE (rolname = current_user OR (rolname = \(DatabaseLogins.backupRole) AND rolcanlogin)) AND (rolbypassrls OR rolsuper)
                ORDER BY rolname = current_user DESC
                """
            ).first?.decode(String.self)
        }
        guard let name else {
            throw Problem(
                .environment, code: "backup_role_missing",
                "No login of this database may read all rows: row-level security binds its owner \"\(logins.owner.user)\" too.",
                remedy: "Let an administrator run: CREATE ROLE bunko_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data PASSWORD '(the one of "
                    + "DATABASE_URL)';", parameter: "DATABASE_URL")
        }
        return name == DatabaseLogins.backupRole ? logins.backup : logins.owner
    }
}

extension DatabaseLogins {
    static let backupRole = "bunko_backup"

    /// Reads everything and changes nothing. In the private cluster made with the owner; elsewhere by an administrator.
    var backup: PostgresConfiguration {
        var login = owner
        login.user = Self.backupRole
        return login
    }
}
