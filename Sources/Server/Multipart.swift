import Domain
import Foundation

/// Reads `multipart/form-data` (RFC 7578) from memory. No package at hand parses it; the bodies are bounded before they come here.
enum Multipart {
    /// One field of a form.
    struct Part: Equatable {
        let name: String
        let fileName: String?
        let bytes: [UInt8]
    }

    /// Most parts that are read.
    static let maximumParts = 100

    /// The boundary a content type names, 1 to 70 characters (RFC 2046); nil when there is none.
    static func boundary(in contentType: String) -> String? {
        guard let value = parameters(of: contentType)["boundary"], (1...70).contains(value.utf8.count) else { return nil }
        return value
    }

    /// The parts in order. Linear in the body's size.
    /// - Throws: `invalid_request` when the body does not have the form its boundary promises.
    static func parts(of body: [UInt8], boundary: String) throws(Problem) -> [Part] {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very start, without the line end that belongs to the others.
        var rest = Array("\r\n".utf8)[...] + body[...]
        guard let first = rest.firstRange(of: delimiter) else { throw malformed("its boundary does not occur") }
        rest = rest[first.upperBound...]
        var parts: [Part] = []
        while !rest.starts(with: Array("--".utf8)) {
            guard parts.count < maximumParts else { throw malformed("it has more than \(maximumParts) parts") }
            guard let lineEnd = rest.firstRange(of: Array("\r\n".utf8)), let end = rest[lineEnd.lowerBound...].firstRange(of: delimiter)
            else {
                throw malformed("it ends before its last boundary")
            }
            parts.append(try part(rest[lineEnd.upperBound..<max(end.lowerBound, lineEnd.upperBound)]))
            rest = rest[end.upperBound...]
        }
        return parts
    }

    private static func part(_ bytes: ArraySlice<UInt8>) throws(Problem) -> Part {
        guard let headEnd = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw malformed("a part has no end of headers") }
        let head = String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self)
        let disposition = head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("content-disposition:") }
        let values = parameters(of: disposition ?? "")
        guard let name = values["name"] else { throw malformed("a part has no name") }
        let encodedName = values["filename*"].flatMap(extendedValue)
        return Part(name: name, fileName: encodedName ?? values["filename"], bytes: Array(bytes[headEnd.upperBound...]))
    }

    /// The `key=value` and `key="value"` parameters of a header, keys in lower case.
    private static func parameters(of header: String) -> [String: String] {
        var values: [String: String] = [:]
        var rest = header[...]
        while let separator = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: separator)...].drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(of: "=") else { break }
            let key = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            values[key] = rest.first == "\"" ? quoted(&rest) : String(rest.prefix { $0 != ";" }).trimmingCharacters(in: .whitespaces)
        }
        return values
    }

    private static func quoted(_ rest: inout Substring) -> String {
        var text = ""
        rest.removeFirst()
        while let character = rest.popFirst(), character != "\"" {
            // Only a quote is escaped in practice: browsers send back slashes of file names as they are.
            if character == "\\", rest.first == "\"" {
                text.append(rest.removeFirst())
            } else {
                text.append(character)
            }
        }
        return text
    }

    /// RFC 5987: `UTF-8''percent-encoded`.
    private static func extendedValue(_ text: String) -> String? {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        return String(parts[2]).removingPercentEncoding
    }

    private static func malformed(_ reason: String) -> Problem {
        Problem(.invalidRequest, code: "multipart_malformed", "The multipart body is malformed: \(reason).", parameter: "body")
    }
}
