/// A failure that somebody is told about: what was wrong, where, and what to do (the members of RFC 9457 follow from it).
///
/// `detail` and `remedy` are for the caller and must not carry another user's data or the operator's paths;
/// `underlying` is for the log alone.
public struct Problem: Error, Sendable, CustomStringConvertible {
    /// Whose fault it is, and so which HTTP status and exit code it gets; both are chosen in one place each.
    public enum Kind: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case unauthenticated = "unauthenticated"
        case forbidden = "forbidden"
        case notFound = "not_found"
        case conflict = "conflict"
        /// The row is not at the version the caller counts on.
        case preconditionFailed = "precondition_failed"
        case tooLarge = "too_large"
        case unsupportedType = "unsupported_type"
        case unprocessable = "unprocessable"
        case tooManyRequests = "too_many_requests"
        case unavailable = "unavailable"
        /// Another service this one needs refused or gave what cannot be used; trying again alone does not help.
        case badGateway = "bad_gateway"
        case storageFull = "storage_full"
        case configuration = "configuration"
        case environment = "environment"
        case internalFault = "internal"
    }

    public var kind: Kind
    /// A stable identifier in snake case that programs may compare, for example `assistant_not_found`.
    public var code: String
    /// What was wrong, in one sentence.
    public var detail: String
    /// What to do about it, in one sentence; nil when `detail` says it already.
    public var remedy: String?
    /// The request member, command-line argument or file the problem is about.
    public var parameter: String?
    /// Seconds after which it is worth trying again, where that is known.
    public var retryAfter: Int?
    /// What caused it, for the operator's log.
    public var underlying: (any Error)?

    public init(
        _ kind: Kind, code: String, _ detail: String, remedy: String? = nil, parameter: String? = nil,
        retryAfter: Int? = nil, underlying: (any Error)? = nil
    ) {
        self.kind = kind
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.parameter = parameter
        self.retryAfter = retryAfter
        self.underlying = underlying
    }

    public var description: String {
        [parameter.map { "\($0): \(detail)" } ?? detail, remedy].compactMap(\.self).joined(separator: " ")
    }
}

extension Problem {
    /// An identifier or name that does not exist for this caller; the same answer whether it belongs to another user or to nobody.
    public static func notFound(_ what: String, _ name: String, remedy: String? = nil) -> Problem {
        Problem(
            .notFound, code: "\(what.replacing(" ", with: "_"))_not_found", "There is no \(what) \"\(name)\" here.", remedy: remedy)
    }

    /// Something is at another version than the one that `If-Match` names.
    public static func versionChanged(_ what: String) -> Problem {
        Problem(
            .preconditionFailed, code: "version_changed", "The \(what) was changed by somebody else meanwhile.",
            remedy: "Read it again and send its new ETag as If-Match.", parameter: "If-Match")
    }

    /// A request member outside its allowed range or form.
    public static func invalid(_ parameter: String, _ detail: String, remedy: String? = nil) -> Problem {
        Problem(.invalidRequest, code: "invalid_\(parameter)", detail, remedy: remedy, parameter: parameter)
    }
}
