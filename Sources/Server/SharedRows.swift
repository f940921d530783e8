import Accounts
import Domain

/// Lets administrators write what belongs to nobody: the built-in and shared rows, whose owner is the system user.
struct SharedRows: Sendable {
    let administration: UserAdministration

    /// Writes a row in the caller's scope and, when it is none of theirs, in the system user's if they are an administrator.
    ///
    /// For everybody else a shared row is answered like one that does not exist.
    func write<R>(_ scope: Scope, _ body: (Scope) async throws -> R) async throws -> R {
        let refusal: Problem
        do {
            return try await body(scope)
        } catch let problem as Problem where problem.kind == .notFound {
            refusal = problem
        }
        guard let shared = try await administration.sharedScope(ifAdministrator: scope) else { throw refusal }
        do {
            return try await body(shared)
        } catch let problem as Problem where problem.kind == .notFound {
            // What was missing for the caller says more than what is missing among the shared rows.
            throw refusal
        }
    }

    /// The system user's scope where a condition holds for it and the caller is an administrator; else the caller's own.
    func scope(for scope: Scope, where holds: (Scope) async throws -> Bool) async throws -> Scope {
        guard let shared = try await administration.sharedScope(ifAdministrator: scope), try await holds(shared) else { return scope }
        return shared
    }
}
