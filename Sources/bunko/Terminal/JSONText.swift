import Domain
import Foundation

extension JSONValue {
    /// On one line: a text of one line as it is, everything else as JSON.
    var text: String {
        if case .string(let text) = self, !text.contains("\n") { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }

    /// The text an option gives; an empty one removes what is there.
    static func textOrNull(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }
}

extension Output {
    /// The API's answer as it came.
    static func answer(_ data: Data) { line(String(decoding: data, as: UTF8.self)) }

    /// The members of the API's answer, one a line; those without a value are left out.
    static func members(_ data: Data) throws {
        let members = try JSONDecoder().decode([String: JSONValue].self, from: data).filter { $0.value != .null && $0.key != "object" }
        let width = members.keys.map(\.count).max() ?? 0
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            line("\(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(value.text)")
        }
    }
}
