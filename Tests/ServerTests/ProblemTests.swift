import Domain
import Foundation
import Hummingbird
import Testing

@testable import Server

@Suite("Problems on the wire")
struct ProblemTests {
    private func members(_ problem: Problem) throws -> [String: Any] {
        let buffer = JSON.encode(ProblemBody(problem, status: problem.status, requestID: "r1"))
        return try #require(try JSONSerialization.jsonObject(with: Data(buffer.readableBytesView)) as? [String: Any])
    }

    private static let statuses: [Problem.Kind: Int] = [
        .invalidRequest: 400, .unauthenticated: 401, .forbidden: 403, .notFound: 404, .conflict: 409, .preconditionFailed: 412,
        .tooLarge: 413, .unsupportedType: 415, .unprocessable: 422, .tooManyRequests: 429, .unavailable: 503, .badGateway: 502,
        .storageFull: 507,
        .configuration: 500, .environment: 500, .internalFault: 500,
    ]

    @Test("Each kind has its status, and its body both forms", arguments: Problem.Kind.allCases)
    func kinds(kind: Problem.Kind) throws {
        let problem = Problem(kind, code: "some_code", "What was wrong.", remedy: "What to do.", parameter: "k")
        #expect(problem.status.code == Self.statuses[kind])
        let body = try members(problem)
        #expect(body["type"] as? String == "urn:bunko:problem:some_code")
        #expect((body["title"] as? String)?.isEmpty == false)
        #expect(body["status"] as? Int == Self.statuses[kind])
        #expect(body["detail"] as? String == "What was wrong.")
        #expect(body["instance"] as? String == "urn:bunko:request:r1")
        let openAI = try #require(body["error"] as? [String: Any])
        #expect(openAI["message"] as? String == "What was wrong. What to do.")
        #expect((openAI["type"] as? String)?.hasSuffix("_error") == true)
        #expect(openAI["param"] as? String == "k")
        #expect(openAI["code"] as? String == "some_code")
    }

    @Test("OpenAI's param is there as null when no member is at fault")
    func nullParameter() throws {
        let openAI = try #require(try members(Problem(.notFound, code: "c", "d"))["error"] as? [String: Any])
        #expect(openAI["param"] is NSNull)
    }

    @Test("The response's headers tell type, challenge and when to try again")
    func headers() {
        for kind in Problem.Kind.allCases {
            let response = Response.problem(Problem(kind, code: "c", "d"), requestID: "r")
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect((response.headers[.wwwAuthenticate] != nil) == (kind == .unauthenticated))
            #expect((response.headers[.retryAfter] != nil) == (kind == .unavailable))
        }
        let locked = Response.problem(Problem(.tooManyRequests, code: "c", "d", retryAfter: 8), requestID: "r")
        #expect(locked.headers[.retryAfter] == "8")
    }

    @Test("An unforeseen error keeps its details to the log")
    func unforeseen() throws {
        struct Secret: Error, CustomStringConvertible {
            let description = "password=hunter2"
        }
        let problem = Problem(any: Secret())
        #expect(problem.kind == .internalFault)
        #expect(problem.underlying != nil)
        #expect(String(buffer: JSON.encode(ProblemBody(problem, status: problem.status, requestID: "r"))).contains("hunter2") == false)
    }

    @Test("Errors of the HTTP library keep their meaning")
    func libraryErrors() {
        #expect(Problem(any: HTTPError(.notFound)).code == "no_such_route")
        #expect(Problem(any: HTTPError(.contentTooLarge)).kind == .tooLarge)
        #expect(Problem(any: HTTPError(.badRequest)).status == .badRequest)
        #expect(Problem(any: HTTPError(.badGateway)).kind == .internalFault)
        #expect(Problem(any: CancellationError()).status == .serviceUnavailable)
    }
}
