/// A failure of a statement, a connection, the pool or a migration: what was wrong, where, and what to do.
public struct PostgresError: Error, Sendable, Equatable {
    /// What kind of failure it is.
    public var code: Code
    /// `ERROR`, `FATAL` or `PANIC`, as the server put it; nil for failures on this side.
    public var severity: String?
    /// What was wrong.
    public var message: String
    /// More about what was wrong, from the server.
    public var detail: String?
    /// What to do about it.
    public var hint: String?
    /// The constraint that was violated.
    public var constraint: String?
    /// The table the failure is about.
    public var table: String?
    /// The column the failure is about.
    public var column: String?
    /// Where in the statement the server found the fault, in characters from 1.
    public var position: Int?
    /// The beginning of the statement, without the values of its parameters.
    public var statement: String?
    /// The place in the program that sent the statement, as `Module/File.swift:line`.
    public var place: String?

    /// A failure with its kind and message; the rest can be set afterwards.
    public init(code: Code, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// The five-character SQLSTATE; nil for failures on this side.
    public var sqlState: String? { code.sqlState }

    /// True when the connection is gone or could not be made: the statement may be sent again on another one, if it is idempotent.
    public var isConnectionFailure: Bool {
        guard let sqlState else { return code == .connectionLost || code == .connectFailed }
        return sqlState.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05"].contains(sqlState)
    }

    /// True when the server asks for the whole transaction to be tried again: serialization failure or deadlock.
    public var isTransactionConflict: Bool { code == .serializationFailure || code == .deadlock }

    /// How much of a statement an error quotes.
    static let statementExcerptLength = 200

    func at(_ place: CallSite?, statement text: String?) -> PostgresError {
        var error = self
        error.place = error.place ?? place?.description
        error.statement = error.statement ?? text.map { String($0.prefix(Self.statementExcerptLength)) }
        return error
    }
}

extension PostgresError {
    /// The kind of a failure: a SQLSTATE of the server, or one of this library's own.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The SQLSTATE, or the name of a failure on this side.
        public let description: String
        /// The SQLSTATE; nil for failures on this side.
        public let sqlState: String?

        /// A failure that the server reported (appendix A of PostgreSQL's manual lists the codes).
        public init(sqlState: String) {
            description = sqlState
            self.sqlState = sqlState
        }

        init(_ name: String) {
            description = name
            sqlState = nil
        }

        /// No connection could be made.
        public static let connectFailed = Code("connectFailed")
        /// The connection broke, or was closed, while it was needed.
        public static let connectionLost = Code("connectionLost")
        /// The statement took longer than its caller allowed and was cancelled at the server.
        public static let timedOut = Code("timedOut")
        /// The task was cancelled where only a ``PostgresError`` can be thrown.
        public static let cancelled = Code("cancelled")
        /// The connection is streaming or copying and cannot take another statement.
        public static let connectionBusy = Code("connectionBusy")
        /// A value could not be turned into the binary format.
        public static let encoding = Code("encoding")
        /// A statement cannot be used that way.
        public static let invalidStatement = Code("invalidStatement")
        /// The transaction was rolled back by the server although its body returned.
        public static let transactionAborted = Code("transactionAborted")
        /// No connection of the pool became free in time.
        public static let poolExhausted = Code("poolExhausted")
        /// The pool was closed.
        public static let poolClosed = Code("poolClosed")
        /// The server answered with something that does not belong there.
        public static let protocolViolation = Code("protocolViolation")
        /// The migrations and the database's record of them do not fit together.
        public static let migrationMismatch = Code("migrationMismatch")

        /// 23502
        public static let notNullViolation = Code(sqlState: "23502")
        /// 23503
        public static let foreignKeyViolation = Code(sqlState: "23503")
        /// 23505
        public static let uniqueViolation = Code(sqlState: "23505")
        /// 23514
        public static let checkViolation = Code(sqlState: "23514")
        /// 23P01
        public static let exclusionViolation = Code(sqlState: "23P01")
        /// 40001
        public static let serializationFailure = Code(sqlState: "40001")
        /// 40P01
        public static let deadlock = Code(sqlState: "40P01")
        /// 42501
        public static let insufficientPrivilege = Code(sqlState: "42501")
        /// 42601
        public static let syntaxError = Code(sqlState: "42601")
        /// 42P01
        public static let undefinedTable = Code(sqlState: "42P01")
        /// 42703
        public static let undefinedColumn = Code(sqlState: "42703")
        /// 25006
        public static let readOnlyTransaction = Code(sqlState: "25006")
        /// 25P02
        public static let inFailedTransaction = Code(sqlState: "25P02")
        /// 53100
        public static let diskFull = Code(sqlState: "53100")
        /// 53300
        public static let tooManyConnections = Code(sqlState: "53300")
        /// 55P03
        public static let lockNotAvailable = Code(sqlState: "55P03")
        /// 57014: `statement_timeout`, or a cancel request from elsewhere.
        public static let queryCanceled = Code(sqlState: "57014")
        /// 57P01
        public static let adminShutdown = Code(sqlState: "57P01")
        /// 57P03
        public static let cannotConnectNow = Code(sqlState: "57P03")
        /// 28P01
        public static let invalidPassword = Code(sqlState: "28P01")
        /// 3D000
        public static let undefinedDatabase = Code(sqlState: "3D000")
    }
}

extension PostgresError: CustomStringConvertible {
    /// Everything that is known, for the operator. It may quote data (the server's detail names key values): not for a caller of the service.
    public var description: String {
        var lines = ["\(severity.map { "\($0) " } ?? "")\(code): \(message)"]
        let parts = [
            ("detail", detail), ("hint", hint), ("constraint", constraint), ("table", table), ("column", column),
            ("position", position.map { "\($0)" }), ("statement", statement), ("at", place),
        ]
        for case (let label, let value?) in parts { lines.append("\(label): \(value)") }
        return lines.joined(separator: "; ")
    }
}

/// Where in the program a statement was sent.
struct CallSite: Sendable, CustomStringConvertible {
    var file: String
    var line: Int

    var description: String { "\(file):\(line)" }
}
