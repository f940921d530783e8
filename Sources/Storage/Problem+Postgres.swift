import Domain
import Postgres

extension Problem {
    static let connectionLostCode = "database_connection_lost"

    /// What a database failure means to whoever asked: the one place where SQLSTATEs become problems.
    init(_ error: PostgresError) {
        if error.isConnectionFailure {
            self.init(
                .unavailable, code: Self.connectionLostCode, "The database does not answer.",
                remedy: "Try again in a moment; /readyz tells when it is back.", underlying: error)
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
}
