import Domain
import Foundation
import Hummingbird
import NIOCore

/// The one way JSON goes in and out: snake case as the types spell it, sorted keys, slashes as they are.
enum JSON {
    static func encode(_ value: some Encodable) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            return ByteBuffer(bytes: try encoder.encode(value))
        } catch {
            // Every response type is made of strings, finite numbers and their arrays; what is left is a bug, told as one.
            return ByteBuffer(string: #"{"title":"Internal","status":500,"detail":"The answer could not be written as JSON."}"#)
        }
    }

    /// Reads a request's body; a malformed or mistyped one is told by the place where it went wrong.
    static func decode<T: Decodable>(_ type: T.Type, from buffer: ByteBuffer) throws(Problem) -> T {
        guard buffer.readableBytes > 0 else {
            throw Problem(
                .invalidRequest, code: "body_missing", "The request has no body.",
                remedy: "Send a JSON object with Content-Type: application/json.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw Problem(error)
        } catch {
            throw Problem(.invalidRequest, code: "body_malformed", "The body is not valid JSON.", underlying: error)
        }
    }
}

extension Problem {
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            let path = Self.path(context.codingPath + [key])
            self.init(
                .invalidRequest, code: "member_missing", "The member \"\(path)\" is missing.", remedy: "Add it to the JSON object.",
                parameter: path)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            guard !context.codingPath.isEmpty else {
                self.init(.invalidRequest, code: "body_mistyped", "The body is JSON of the wrong type: \(context.debugDescription)")
                return
            }
            let path = Self.path(context.codingPath)
            self.init(
                .invalidRequest, code: "member_mistyped", "The member \"\(path)\" has the wrong type: \(context.debugDescription)",
                parameter: path)
        case .dataCorrupted(let context):
            guard !context.codingPath.isEmpty else {
                let reason = context.underlyingError.map { " (\(Self.reason($0)))" } ?? ""
                self.init(
                    .invalidRequest, code: "body_malformed", "The body is not valid JSON\(reason).",
                    // The decoder reports a fraction or an overflow where a whole number belongs like this, without its place.
                    remedy: "Check its syntax, that it is UTF-8, and that its whole numbers are whole and not too large.")
                return
            }
            let path = Self.path(context.codingPath)
            self.init(
                .invalidRequest, code: "member_invalid", "The member \"\(path)\" is not valid: \(context.debugDescription).",
                parameter: path)
        @unknown default:
            self.init(.invalidRequest, code: "body_malformed", "The body does not have the form this route takes.")
        }
    }

    private static func reason(_ error: any Error) -> String {
        let text = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? "\(error)"
        return text.trimmingCharacters(in: CharacterSet(charactersIn: ". "))
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }
}

/// A response with a status and a JSON body.
struct JSONResponse<Body: Encodable & Sendable>: ResponseGenerator {
    let status: HTTPResponse.Status
    let body: Body

    init(_ body: Body, status: HTTPResponse.Status = .ok) {
        self.status = status
        self.body = body
    }

    func response(from request: Request, context: some RequestContext) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"], body: ResponseBody(byteBuffer: JSON.encode(body)))
    }
}

/// A member that is written as `null` when there is no value, where readers count on its being there.
@propertyWrapper
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
    let wrappedValue: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

/// OpenAI's list envelope.
struct Page<Element: Encodable & Sendable>: Encodable, Sendable {
    let object = "list"
    let data: [Element]
    let firstID: String?
    let lastID: String?
    let hasMore: Bool

    /// - Parameter rows: one more than the page holds, when there are more.
    init(_ rows: [Element], limit: Int, id: (Element) -> String) {
        data = Array(rows.prefix(limit))
        firstID = data.first.map(id)
        lastID = data.last.map(id)
        hasMore = rows.count > limit
    }

    private enum CodingKeys: String, CodingKey {
        case object, data
        case firstID = "first_id"
        case lastID = "last_id"
        case hasMore = "has_more"
    }
}

/// OpenAI's answer to a deletion.
struct Deletion: Encodable, Sendable {
    let id: String
    let object: String
    let deleted = true
}
