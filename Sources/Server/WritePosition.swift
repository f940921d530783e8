import Domain
import HTTPTypes
import Hummingbird
import Storage

/// Tells after each change, in `Bunko-Position`, up to where an index must have followed to know of it. A search that sends the header back
/// finds the change on every replica.
struct WritePosition: RouterMiddleware {
    func handle(
        _ request: Request, context: BunkoRequestContext, next: (Request, BunkoRequestContext) async throws -> Response
    ) async throws -> Response {
        guard request.method != .get, request.method != .head else { return try await next(request, context) }
        let log = WriteLog()
        var response = try await WriteLog.$current.withValue(log) { try await next(request, context) }
        if let write = log.last, response.headers[.bunkoPosition] == nil { response.headers[.bunkoPosition] = "\(write.transactionID)" }
        return response
    }
}

extension Request {
    /// The write that the caller wants an answer to know of.
    /// - Throws: `invalid_request` when the header is none that the service gives.
    var wantedWrite: WriteToken? {
        get throws(Problem) {
            guard let value = headers[.bunkoPosition] else { return nil }
            guard let id = UInt64(value) else {
                throw Problem.invalid(
                    "bunko_position", "The header Bunko-Position is \"\(value)\"; it must be a number that the service has answered with.",
                    remedy: "Send back the header of the change's answer, as it is.")
            }
            return WriteToken(transactionID: id)
        }
    }
}

extension HTTPField.Name {
    static let bunkoPosition = HTTPField.Name(literal: "Bunko-Position")
}
