public import Domain
import Postgres

extension Problem {
    static let connectionLostCode = "database_connection_lost"
    private static let transactionConflictCode = "transaction_conflict"

    /// Whether another transaction was in the way of this one, which was rolled back: carried out again, it may pass.
    public var isTransactionConflict: Bool { code == Self.transactionConflictCode }

    /// What a database failure means to whoever asked: the one place where SQLSTATEs become problems.
    init(_ error: PostgresError) {
        if error.isConnectionFailure {
            self.init(
                .unavailable, code: Self.connectionLostCode, "The database does not answer.",
                remedy: "Try again in a moment; /readyz tells when it is back.", underlying: error)
            return
        }
        if let accountProblem = Problem.account(error) {
            self = accountProblem
            return
        }
        if error.isTransactionConflict {
            self.init(
                .unavailable, code: Self.transactionConflictCode, "Another change was in the way of this one, so nothing was changed.",
                remedy: "Send the request again.", underlying: error)
            return
        }
        switch error.sqlState {
        case "53100":
            self.init(
                .storageFull, code: "database_disk_full", "The database's disk is full, so nothing was stored.",
                remedy: "Free disk space, then repeat the request.", underlying: error)
        case "57014":
            self.init(
                .unavailable, code: "database_timeout", "The database took too long and the statement was stopped.",
                remedy: "Try again; if it lasts, look at the server's load.", underlying: error)
        case "42501":
            self.init(
                .forbidden, code: "not_permitted", "The database refuses this to the caller.", remedy: nil, underlying: error)
        case "22021", "22P05":
            self.init(
                .invalidRequest, code: "text_not_storable", "The text holds a character the database cannot store (such as U+0000).",
                remedy: "Remove it and repeat the request.", underlying: error)
        case "23503":
            self = .referenceNotFound(error)
        case "23505":
            self.init(
                .conflict, code: "already_exists", "Something of that name exists already.",
                remedy: "Choose another name, or use the one that exists.", parameter: error.uniqueColumn, underlying: error)
        case "23514" where error.constraint == "knowledge_base_one_model":
            self.init(
                .unavailable, code: "embedding_model_changed",
                "The vectors are of another embedding model than those of the knowledge, so nothing was stored.",
                remedy:
                    "Send the request again in a moment; if that does not help, restart the server with settings that name the knowledge's model.",
                retryAfter: 1, underlying: error)
        case "23514":
            self.init(
                .invalidRequest, code: "values_contradict",
                "The values contradict a rule of the data model\(error.constraint.map { " (\($0))" } ?? "").",
                remedy: "Look at what the members may be together.", parameter: error.column, underlying: error)
        case "22001":
            self.init(
                .invalidRequest, code: "text_too_long", "A text is longer than its column in the database allows.",
                remedy: "Shorten it and repeat the request.", parameter: error.column, underlying: error)
        case .some(let state) where state.hasPrefix("53") || state.hasPrefix("57P"):
            self.init(
                .unavailable, code: "database_unavailable", "The database cannot take the request now.",
                remedy: "Try again in a moment.", underlying: error)
        default:
            self.init(
                .internalFault, code: "database_error", "The database refused a statement of the service.",
                remedy: "The server's log has the details under this request's id.", underlying: error)
        }
    }

    /// What the rules of the table of users refuse; nil for anything else.
    private static func account(_ error: PostgresError) -> Problem? {
        switch error.constraint {
        case "users_username_key", "users_username_folded_key":
            Problem(
                .conflict, code: "username_taken", "Somebody has this user name already.", remedy: "Choose another one.",
                parameter: "username", underlying: error)
        case "users_email_folded_key":
            Problem(
                .conflict, code: "email_taken", "There is an account with this e-mail address already.",
                remedy: "Log in to it, or use another address.", parameter: "email", underlying: error)
        case "users_built_in":
            Problem(
                .conflict, code: "user_built_in", "This user is built in and stays as it is.",
                remedy: "Make an account of your own instead.", underlying: error)
        case "users_last_administrator":
            Problem(
                .conflict, code: "last_administrator", "This is the last administrator who can log in.",
                remedy: "Make another user an administrator first.", underlying: error)
        default: nil
        }
    }

    /// In the words for something that does not exist at all: a foreign key across owners fails just so.
    private static func referenceNotFound(_ error: PostgresError) -> Problem {
        let column = error.constrainedColumns(suffix: "_fkey") ?? "id"
        let name = column.hasSuffix("_id") ? String(column.dropLast(3)) : column
        // The passages' column keeps its name from an older design.
        let what = (name == "secretary" ? "assistant" : name).replacing("_", with: " ")
        return Problem(
            .notFound, code: "\(what.replacing(" ", with: "_"))_not_found", "There is no such \(what) here.",
            remedy: "Check its id; it may have been deleted meanwhile.", parameter: column, underlying: error)
    }
}

extension PostgresError {
    fileprivate var uniqueColumn: String? { constrainedColumns(suffix: "_key") }

    /// The columns in the name PostgreSQL gives a constraint (`table_column_suffix`), without the owner's, which is part of them all.
    fileprivate func constrainedColumns(suffix: String) -> String? {
        guard let constraint, let table, constraint.hasPrefix("\(table)_"), constraint.hasSuffix(suffix) else { return nil }
        let columns = constraint.dropFirst(table.count + 1).dropLast(suffix.count)
        let own = columns.hasPrefix("user_id_") ? columns.dropFirst("user_id_".count) : columns
        return own.isEmpty ? nil : String(own)
    }
}
