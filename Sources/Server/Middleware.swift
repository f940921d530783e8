import Accounts
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// Gives each request an id that is logged and echoed, logs its outcome, and turns every error into a problem.
struct RequestFrame: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request, context: BunkoRequestContext, next: (Request, BunkoRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let given = request.headers[.xRequestID], Self.isUsable(given) { context.requestID = given }
        var log = logger
        log[metadataKey: "request_id"] = "\(context.requestID)"
        context.logger = log
        let start = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = report(Problem(any: error), log, requestID: context.requestID)
        }
        response.headers[.xRequestID] = context.requestID
        let elapsed = (ContinuousClock.now - start) / .milliseconds(1)
        log.info(
            "request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
                "milliseconds": "\((elapsed * 1_000).rounded() / 1_000)",
            ])
        return response
    }

    private func report(_ problem: Problem, _ log: Logger, requestID: String) -> Response {
        var metadata: Logger.Metadata = ["code": "\(problem.code)", "detail": "\(problem.detail)"]
        if let cause = problem.underlying { metadata["cause"] = "\(cause)" }
        log.log(level: problem.status.code >= 500 ? .error : .debug, "problem", metadata: metadata)
        return .problem(problem, requestID: requestID)
    }

    private static func isUsable(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
    }
}

/// Lets in who shows a valid key, and hands the principal on.
struct Authentication: RouterMiddleware {
    let authenticator: Authenticator

    func handle(
        _ request: Request, context: BunkoRequestContext, next: (Request, BunkoRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let principal = try await authenticator.authenticate(authorization: request.headers[.authorization])
        context.principal = principal
        context.logger[metadataKey: "principal"] = "\(principal.label)"
        return try await next(request, context)
    }
}

extension HTTPField.Name {
    static let xRequestID = HTTPField.Name(literal: "X-Request-Id")
}

extension HTTPField.Name {
    init(literal name: StaticString) {
        guard let parsed = HTTPField.Name("\(name)") else {
            preconditionFailure("\(name) is a literal of this file and a valid field name")
        }
        self = parsed
    }
}
