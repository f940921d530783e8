import Domain
import Foundation
import Yams

/// JSON values as YAML, in a form that reads well in git: members in the order given, texts of several lines as blocks.
enum YAMLText {
    /// Reads a file of one document or of several.
    /// - Throws: `invalid_request` with the line and column of what is no YAML, or has no counterpart in JSON.
    static func documents(_ text: String, file: String) throws -> [JSONValue] {
        do {
            var documents = try Yams.load_all(yaml: text)
            var values: [JSONValue] = []
            while let document = documents.next() { values.append(try value(document, file)) }
            // The sequence ends at an error and keeps it.
            if let error = documents.error { throw error }
            return values
        } catch let error as YamlError {
            throw Problem(
                .invalidRequest, code: "yaml_malformed", "\(file) is not valid YAML: \(error)", remedy: "Correct it and run this again.",
                parameter: "-f")
        }
    }

    /// Writes documents, each an object's members in order.
    static func text(_ documents: [[(String, JSONValue)]]) throws -> String {
        try documents.map { members in
            try Yams.serialize(node: .mapping(.init(members.map { (scalar($0), node($1)) })), width: -1, allowUnicode: true)
        }.joined(separator: "---\n")
    }

    private static func value(_ any: Any, _ file: String) throws -> JSONValue {
        switch any {
        case is NSNull: return .null
        case let flag as Bool: return .boolean(flag)
        case let number as Int: return .integer(number)
        case let number as Double: return .number(number)
        case let text as String: return .string(text)
        case let list as [Any]: return .array(try list.map { try value($0, file) })
        case let map as [AnyHashable: Any]:
            return .object(
                try map.reduce(into: [:]) { members, entry in
                    guard let key = entry.key.base as? String else {
                        throw Problem(
                            .invalidRequest, code: "yaml_key", "\(file) has a key that is no text: \(entry.key).", parameter: "-f")
                    }
                    members[key] = try value(entry.value, file)
                })
        default:
            throw Problem(
                .invalidRequest, code: "yaml_value", "\(file) has a value without a counterpart in JSON: \(any).",
                remedy: "Write it in quotes.", parameter: "-f")
        }
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: .scalar(.init("null", Tag(.null)))
        case .boolean(let flag): .scalar(.init("\(flag)", Tag(.bool)))
        case .integer(let number): .scalar(.init("\(number)", Tag(.int)))
        case .number(let number): .scalar(.init("\(number)", Tag(.float)))
        case .string(let text): scalar(text)
        case .array(let values): .sequence(.init(values.map(node)))
        case .object(let members): .mapping(.init(members.sorted { $0.key < $1.key }.map { (scalar($0.key), node($0.value)) }))
        }
    }

    private static func scalar(_ text: String) -> Node {
        // Quoted where a plain scalar would be read as something else.
        let isAmbiguous = Resolver.default.resolveTag(of: .scalar(.init(text))) != .str
        let style: Node.Scalar.Style = text.contains("\n") ? .literal : isAmbiguous ? .doubleQuoted : .any
        return .scalar(.init(text, Tag(.str), style))
    }
}
