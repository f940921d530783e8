import CPostgres

/// What a server says to whom it has not let in yet.
public enum ServerAnswer: Sendable, Equatable {
    /// It accepts connections; whether of this user was not asked.
    case accepting
    /// It starts, recovers from a crash, or shuts down.
    case refusing
    /// Nobody answers at this address.
    case silent
}

extension PostgresConfiguration {
    /// Asks the server whether it accepts connections, without logging in (libpq's `PQpingParams`).
    ///
    /// A refused connection has no SQLSTATE, so that this is the only way to tell a server that will accept soon from one that never will.
    /// Blocks until the server has answered, at most two seconds.
    public func ping() -> ServerAnswer {
        let parameters = libpqParameters + [("connect_timeout", "2")]
        let answer = withCStrings(parameters.map(\.name)) { names in
            withCStrings(parameters.map(\.value)) { values in PQpingParams(names, values, 0) }
        }
        return switch answer {
        case PQPING_OK: .accepting
        case PQPING_REJECT: .refusing
        default: .silent
        }
    }
}
