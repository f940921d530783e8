import Domain
import Foundation
import Postgres

/// A column of a resource: how requests and answers spell it, and what may be put into it.
public struct ResourceColumn: Sendable {
    /// What values a column takes.
    public enum Kind: Sendable {
        /// Text of so many characters at most.
        case text(maximum: Int)
        /// One of some words.
        case choice([String])
        case boolean
        case integer(ClosedRange<Int>)
        /// A JSON object, at most 64 KiB and 16 levels deep.
        case object
        /// Up to 100 texts of up to 100 characters, without repetitions.
        case tags
        /// The id of a row in this table that the caller may see.
        case reference(table: String)
        /// The slug of a persona that the caller may see.
        case personaSlug
        /// A time, as whole seconds since 1970.
        case instant
        /// An amount of money, as text with its decimals.
        case decimal
    }

    /// When a request may set the column.
    public enum Access: Sendable {
        case never
        case onCreate
        case always
    }

    /// Its name in JSON.
    public let member: String
    /// Its name in the table.
    public let column: String
    public let kind: Kind
    public let access: Access
    /// Whether a new row needs it.
    public let isRequired: Bool
    /// Whether null may be put into it.
    public let isNullable: Bool
    /// Whether a list may be narrowed by it.
    public let isFilter: Bool

    public init(
        _ member: String, _ kind: Kind, column: String? = nil, access: Access = .always, isRequired: Bool = false, isNullable: Bool = true,
        isFilter: Bool = false
    ) {
        self.member = member
        self.column = column ?? member
        self.kind = kind
        self.access = access
        self.isRequired = isRequired
        self.isNullable = isNullable && !isRequired
        self.isFilter = isFilter
    }

    /// The column in the archive, where nothing is changed.
    var archived: ResourceColumn { ResourceColumn(member, kind, column: column, access: .never, isFilter: isFilter) }

    /// The column as a member of the answer's JSON.
    func output(of row: SQL) -> SQL {
        let column: SQL = "\(row).\(identifier: column)"
        return switch kind {
        case .instant: "floor(extract(epoch FROM \(column)))::bigint"
        case .decimal: "\(column)::text"
        default: column
        }
    }
}

// MARK: - Values

extension ResourceColumn {
    private static let largestObject = 65_536
    private static let deepestObject = 16
    private static let mostTags = 100
    private static let longestTag = 100

    /// The value as a bound parameter.
    /// - Throws: `invalid_request` that names the member, for a value the column does not take.
    func bind(_ value: JSONValue) throws -> SQL {
        guard value != .null else {
            guard isNullable else { throw Problem.invalid(member, "\(member) may not be null.") }
            return "NULL"
        }
        guard !value.holdsNull else {
            throw Problem.invalid(member, "\(member) holds the character U+0000, which cannot be stored.", remedy: "Remove it.")
        }
        switch (kind, value) {
        case (.text(let maximum), .string(let text)): return "\(try checked(text, maximum: maximum))"
        case (.choice(let words), .string(let text)):
            guard words.contains(text) else {
                throw Problem.invalid(member, "\(member) is \"\(text.prefix(100))\"; it is one of \(words.joined(separator: ", ")).")
            }
            return "\(text)"
        case (.boolean, .boolean(let flag)): return "\(flag)"
        case (.integer(let range), .integer(let number)):
            guard range.contains(number) else {
                throw Problem.invalid(member, "\(member) is \(number); it must be between \(range.lowerBound) and \(range.upperBound).")
            }
            return "\(Int32(number))"
        case (.object, .object): return "\(try json(value))"
        case (.tags, .array(let values)): return "\(try tags(values))"
        case (.reference, .string(let text)):
            guard let id = UUID(uuidString: text) else { throw notFound(text) }
            return "\(id)"
        case (.personaSlug, .string(let text)): return "\(try checked(text, maximum: 50))"
        case (.instant, .integer(let seconds)): return "\(Date(timeIntervalSince1970: Double(seconds)))"
        default:
            throw Problem(
                .invalidRequest, code: "member_mistyped", "\(member) is \(value.typeName); it must be \(expectation).", parameter: member)
        }
    }

    /// A condition that holds when what the value refers to is visible to the caller; nil when it refers to nothing.
    ///
    /// A foreign key alone would tell whether a row of another user exists.
    func visibility(of value: JSONValue) throws -> SQL? {
        guard value != .null else { return nil }
        switch kind {
        case .reference(let table): return "EXISTS (SELECT FROM \(identifier: table) WHERE id = \(try bind(value)))"
        case .personaSlug: return "EXISTS (SELECT FROM personality_templates WHERE slug = \(try bind(value)) AND is_active)"
        default: return nil
        }
    }

    /// The answer to a reference that leads nowhere for this caller.
    func notFound(_ name: String) -> Problem {
        let what = member.hasSuffix("_id") ? String(member.dropLast(3)) : member
        var problem = Problem.notFound(what.replacing("_", with: " "), String(name.prefix(100)))
        problem.parameter = member
        return problem
    }

    /// A filter's text from the query string as the value it stands for.
    func filterValue(_ text: String) throws -> JSONValue {
        switch kind {
        case .boolean:
            guard let flag = Bool(text) else { throw Problem.invalid(member, "\(member) is \"\(text)\"; it is true or false.") }
            return .boolean(flag)
        case .integer, .instant:
            guard let number = Int(text) else { throw Problem.invalid(member, "\(member) is \"\(text)\"; it must be a whole number.") }
            return .integer(number)
        default: return .string(text)
        }
    }

    private var expectation: String {
        switch kind {
        case .text, .choice, .personaSlug: "a string"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .object: "an object"
        case .tags: "an array of strings"
        case .reference: "the id of a row, as a string"
        case .instant: "a time in whole seconds since 1970"
        case .decimal: "left out; the service sets it"
        }
    }

    private func checked(_ text: String, maximum: Int) throws(Problem) -> String {
        guard text.unicodeScalars.count <= maximum else {
            throw Problem.invalid(
                member, "\(member) has \(text.unicodeScalars.count) characters; the limit is \(maximum).", remedy: "Shorten it.")
        }
        guard !isRequired || text.contains(where: { !$0.isWhitespace }) else {
            throw Problem.invalid(member, "\(member) is empty.", remedy: "Give it a text.")
        }
        return text
    }

    private func json(_ value: JSONValue) throws -> RawJSON {
        guard value.depth <= Self.deepestObject else {
            throw Problem.invalid(member, "\(member) is nested more than \(Self.deepestObject) levels deep.", remedy: "Flatten it.")
        }
        let text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        guard text.utf8.count <= Self.largestObject else {
            throw Problem.invalid(member, "\(member) has \(text.utf8.count) bytes as JSON; the limit is \(Self.largestObject).")
        }
        return RawJSON(text)
    }

    private func tags(_ values: [JSONValue]) throws(Problem) -> [String] {
        var texts: [String] = []
        for value in values {
            guard case .string(let text) = value, (1...Self.longestTag).contains(text.unicodeScalars.count) else {
                throw Problem.invalid(member, "\(member) holds texts of 1 to \(Self.longestTag) characters.")
            }
            if !texts.contains(text) { texts.append(text) }
        }
        guard texts.count <= Self.mostTags else { throw Problem.invalid(member, "\(member) holds at most \(Self.mostTags) texts.") }
        return texts
    }
}
