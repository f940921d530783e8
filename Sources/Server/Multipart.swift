import Domain
import Foundation

/// What `multipart/form-data` (RFC 7578) says of itself in its headers. No package at hand reads it.
enum Multipart {
    /// The boundary a content type names, 1 to 70 characters (RFC 2046); nil when there is none.
    static func boundary(in contentType: String) -> String? {
        guard let value = parameters(of: contentType)["boundary"], (1...70).contains(value.utf8.count) else { return nil }
        return value
    }

    static func malformed(_ reason: String) -> Problem {
        Problem(.invalidRequest, code: "multipart_malformed", "The multipart body is malformed: \(reason).", parameter: "body")
    }

    /// The `key=value` and `key="value"` parameters of a header, keys in lower case.
    fileprivate static func parameters(of header: String) -> [String: String] {
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
    fileprivate static func extendedValue(_ text: String) -> String? {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        return String(parts[2]).removingPercentEncoding
    }
}

extension Multipart {
    /// What a part says of itself before its bytes come.
    struct Head: Equatable {
        let name: String
        /// Nil for a plain field.
        let fileName: String?
    }
}

extension Multipart.Head {
    /// Reads the header lines of a part.
    /// - Throws: `invalid_request` for what is no header, and for a part without a name.
    init(_ bytes: some Sequence<UInt8>) throws(Problem) {
        let lines = String(decoding: Array(bytes), as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
        guard lines.allSatisfy(Self.isHeader) else { throw Multipart.malformed("a part has a line among its headers that is none") }
        let disposition = lines.first { $0.lowercased().hasPrefix("content-disposition:") }
        let values = Multipart.parameters(of: disposition ?? "")
        guard let name = values["name"] else { throw Multipart.malformed("a part has no name") }
        self.name = name
        fileName = values["filename*"].flatMap(Multipart.extendedValue) ?? values["filename"]
    }

    private static func isHeader(_ line: String) -> Bool {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon > line.utf8.startIndex else { return false }
        return line.utf8[..<colon].allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
}
