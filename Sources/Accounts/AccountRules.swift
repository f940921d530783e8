import Domain
import Foundation

/// What user names, addresses, passwords and names may look like: told before the database is asked.
enum AccountRules {
    /// bcrypt reads 72 bytes and ignores the rest.
    static let passwordBytes = 10...72

    /// A password or an address in the form that is hashed or stored: canonically composed, so that one typed on another keyboard is the
    /// same.
    static func normalized(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }

    /// A new password that obeys the rules, in the form that is hashed.
    static func newPassword(_ password: String, username: String? = nil, email: String? = nil, parameter: String = "password")
        throws(Problem) -> String
    {
        let password = normalized(password)
        let count = password.utf8.count
        guard count >= passwordBytes.lowerBound else {
            throw Problem.invalid(parameter, "The password has \(count) bytes; it needs at least \(passwordBytes.lowerBound).")
        }
        guard count <= passwordBytes.upperBound else {
            throw Problem.invalid(
                parameter, "The password has \(count) bytes; it may have \(passwordBytes.upperBound) at most, because no more are hashed.")
        }
        guard !password.contains("\0") else { throw Problem.invalid(parameter, "The password holds the character U+0000.") }
        guard ![username, email].contains(where: { $0?.lowercased() == password.lowercased() }) else {
            throw Problem.invalid(parameter, "The password is the user name or the e-mail address.", remedy: "Choose another one.")
        }
        return password
    }

    static func username(_ text: String) throws(Problem) -> String {
        guard text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,49}/) != nil else {
            throw Problem.invalid(
                "username", "A user name has 1 to 50 of the characters A–Z, a–z, 0–9, '.', '_' and '-', and begins with a letter or digit.")
        }
        return text
    }

    /// Composed canonically, so that an address written with combining marks is not another one.
    static func email(_ text: String) throws(Problem) -> String {
        let text = normalized(text.trimmingCharacters(in: .whitespaces))
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isClean = text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.properties.generalCategory != .control }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, isClean else {
            throw Problem.invalid("email", "This is no e-mail address; its form is name@domain.")
        }
        guard text.unicodeScalars.count <= 255 else {
            throw Problem.invalid("email", "The e-mail address has more than 255 characters.")
        }
        return text
    }

    /// A first or last name; an empty one is none.
    static func personName(_ text: String?, _ parameter: String) throws(Problem) -> String? {
        guard let text = text?.trimmingCharacters(in: .whitespacesAndNewlines), !text.isEmpty else { return nil }
        guard text.unicodeScalars.count <= 100, text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw Problem.invalid(parameter, "A name has at most 100 characters and no control characters.")
        }
        return text
    }

    /// What is presented at a log-in: only what the database could not take is refused here, whoever it names.
    static func presented(_ text: String, _ parameter: String, atMost bytes: Int) throws(Problem) -> String {
        guard text.utf8.count <= bytes, !text.contains("\0") else {
            throw Problem.invalid(parameter, "\(parameter) has at most \(bytes) bytes and no character U+0000.")
        }
        return text
    }

    /// The draft with every member in its checked form.
    static func checked(_ draft: AccountDraft) throws(Problem) -> AccountDraft {
        var checked = draft
        checked.username = try username(draft.username)
        checked.email = try email(draft.email)
        if let password = draft.password { checked.password = try newPassword(password, username: checked.username, email: checked.email) }
        checked.firstName = try personName(draft.firstName, "first_name")
        checked.lastName = try personName(draft.lastName, "last_name")
        return checked
    }

    /// The changes with every member in its checked form.
    static func checked(_ changes: AccountChanges) throws(Problem) -> AccountChanges {
        var checked = changes
        if let name = changes.username { checked.username = try username(name) }
        if let address = changes.email { checked.email = try email(address) }
        if let name = changes.firstName { checked.firstName = .some(try personName(name, "first_name")) }
        if let name = changes.lastName { checked.lastName = .some(try personName(name, "last_name")) }
        return checked
    }
}
