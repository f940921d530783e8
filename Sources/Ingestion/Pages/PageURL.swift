public import Domain
import Foundation

/// The address of a document on the web: http or https, with a host, without a name and password.
public struct PageURL: Sendable, Hashable {
    /// Longest address that is taken, in characters: what `source_url` holds.
    public static let longest = 500

    /// The address without its fragment, which servers never see.
    public let text: String
    let url: URL
    /// The host's name, or its address without brackets.
    let host: String

    /// - Throws: `invalid_request`, code `invalid_url`.
    public init(_ text: String) throws(Problem) {
        func invalid(_ reason: String) -> Problem {
            Problem.invalid("url", "The address \(reason).", remedy: "Give the whole address: https://example.com/notes.md.")
        }
        guard text.unicodeScalars.count <= Self.longest else { throw invalid("is longer than \(Self.longest) characters") }
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f }) else {
            throw invalid("holds spaces or control characters")
        }
        guard var components = URLComponents(string: text) else { throw invalid("cannot be read") }
        components.fragment = nil
        guard let scheme = components.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
            throw invalid("begins neither with http:// nor with https://")
        }
        guard components.user == nil, components.password == nil else { throw invalid("holds a user's name or password") }
        guard let url = components.url, let host = url.host(percentEncoded: false), !host.isEmpty else { throw invalid("names no host") }
        self.text = url.absoluteString
        self.url = url
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard self.text.unicodeScalars.count <= Self.longest else { throw invalid("is longer than \(Self.longest) characters") }
    }

    /// Where a redirection from here leads.
    func following(_ location: String) throws(Problem) -> PageURL {
        guard let next = URL(string: location, relativeTo: url) else {
            throw Problem.page("url_redirect", "\(text) leads to an address that cannot be read.")
        }
        do {
            return try PageURL(next.absoluteString)
        } catch {
            throw Problem.page("url_redirect", "\(text) leads to an address that is not followed: \(error.detail)")
        }
    }
}

extension Problem {
    /// A document that could not be had from its address.
    static func page(_ code: String, _ detail: String, remedy: String? = nil, underlying: (any Error)? = nil) -> Problem {
        Problem(.unprocessable, code: code, detail, remedy: remedy, parameter: "url", underlying: underlying)
    }
}
