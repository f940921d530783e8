import Domain
import Foundation
import Hummingbird
import Logging

/// An error as it goes over the wire: the members of RFC 9457 and OpenAI's `error` object in one body.
struct ProblemBody: Encodable {
    struct OpenAIError: Encodable {
        let message: String
        let type: String
        @Nullable var param: String?
        let code: String
    }

    let type: String
    let title: String
    let status: Int
    let detail: String
    let remedy: String?
    let code: String
    let instance: String
    let error: OpenAIError

    init(_ problem: Problem, status: HTTPResponse.Status, requestID: String) {
        type = "urn:bunko:problem:\(problem.code)"
        title = problem.kind.rawValue.replacing("_", with: " ").capitalizedFirst
        self.status = status.code
        detail = problem.detail
        remedy = problem.remedy
        code = problem.code
        instance = "urn:bunko:request:\(requestID)"
        let message = [problem.detail, problem.remedy].compactMap(\.self).joined(separator: " ")
        error = OpenAIError(message: message, type: problem.openAIType, param: problem.parameter, code: problem.code)
    }
}

extension Problem {
    /// The HTTP status of each kind: chosen here and nowhere else.
    var status: HTTPResponse.Status {
        switch kind {
        case .invalidRequest: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .tooLarge: .contentTooLarge
        case .unsupportedType: .unsupportedMediaType
        case .unprocessable: .unprocessableContent
        case .tooManyRequests: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .badGateway: .badGateway
        case .storageFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        case .configuration, .environment, .internalFault: .internalServerError
        }
    }

    fileprivate var openAIType: String {
        switch kind {
        case .unauthenticated: "authentication_error"
        case .forbidden: "permission_error"
        case .tooManyRequests: "rate_limit_error"
        case .unavailable, .badGateway, .storageFull, .configuration, .environment, .internalFault: "server_error"
        default: "invalid_request_error"
        }
    }

    /// What any error that reaches the edge means to the caller; details stay behind for the log.
    init(any error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let http as HTTPError: self.init(http)
        case is CancellationError:
            self.init(
                .unavailable, code: "shutting_down", "The server is shutting down.", remedy: "Send the request again in a moment.",
                underlying: error)
        default:
            self.init(
                .internalFault, code: "internal_error", "The server failed to answer this request.",
                remedy: "The server's log has the details under this request's id.", underlying: error)
        }
    }

    private init(_ error: HTTPError) {
        let kind: Kind =
            switch error.status {
            case .notFound: .notFound
            case .contentTooLarge: .tooLarge
            case .unauthorized: .unauthenticated
            case .forbidden: .forbidden
            default: error.status.code < 500 ? .invalidRequest : .internalFault
            }
        let detail = error.body ?? (error.status == .notFound ? "There is nothing at this address." : error.status.reasonPhrase)
        self.init(kind, code: kind == .notFound ? "no_such_route" : kind.rawValue, detail, underlying: error)
    }
}

extension Response {
    static func problem(_ problem: Problem, requestID: String) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/problem+json"
        if problem.kind == .unauthenticated { headers[.wwwAuthenticate] = "Bearer" }
        if let seconds = problem.retryAfter ?? (problem.kind == .unavailable ? 1 : nil) { headers[.retryAfter] = "\(seconds)" }
        let body = ProblemBody(problem, status: problem.status, requestID: requestID)
        return Response(status: problem.status, headers: headers, body: ResponseBody(byteBuffer: JSON.encode(body)))
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
