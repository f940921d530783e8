import AsyncHTTPClient
import Domain
import Foundation
import NIOCore

/// A document as its server sent it.
struct FetchedPage: Sendable {
    /// Where it was asked for first, before any redirection.
    let source: PageURL
    /// Where it came from in the end.
    let location: PageURL
    let contentType: String?
    let bytes: [UInt8]
}

/// Fetches documents from the web for knowledge that is added by its address.
///
/// Whoever names an address makes this machine ask there, so what is asked is bounded: http and https alone, a few redirections, so much
/// time and so many bytes, and only addresses of the public internet. That is checked once a name is resolved, for every redirection
/// anew, and the address that was checked is the one that is connected to.
public struct PageFetcher: Sendable {
    private let allowsPrivateAddresses: Bool
    private let timeLimit: Duration
    private let mostRedirects: Int

    /// - Parameters:
    ///   - allowsPrivateAddresses: also fetch from this machine and its network, for installations that index their intranet.
    ///   - timeLimit: for all of it, from the name's resolution to the last byte.
    public init(allowsPrivateAddresses: Bool = false, timeLimit: Duration = .seconds(20), mostRedirects: Int = 5) {
        self.allowsPrivateAddresses = allowsPrivateAddresses
        self.timeLimit = timeLimit
        self.mostRedirects = mostRedirects
    }

    /// - Throws: `unprocessable` when the document cannot be had, `too_large` beyond the limit, `invalid_request` for a host that is refused.
    func fetch(_ source: PageURL, maximumBytes: Int) async throws -> FetchedPage {
        try await withThrowingTaskGroup(of: FetchedPage?.self) { group in
            group.addTask { try await follow(source, maximumBytes) }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            guard let first else {
                throw Problem.page(
                    "url_timed_out", "\(source.text) did not arrive within \(timeLimit.components.seconds) seconds.",
                    remedy: "Try again later, or upload it as a file.")
            }
            return first
        }
    }

    private enum Answer {
        case page(FetchedPage)
        case redirection(String)
    }

    private func follow(_ source: PageURL, _ maximumBytes: Int) async throws -> FetchedPage {
        var place = source
        for _ in 0...mostRedirects {
            switch try await ask(place, for: source, maximumBytes) {
            case .page(let page): return page
            case .redirection(let location): place = try place.following(location)
            }
        }
        throw Problem.page(
            "url_redirects", "\(source.text) leads on more than \(mostRedirects) times.", remedy: "Give the last address itself.")
    }

    /// Asks the host's addresses in turn until one of them answers.
    private func ask(_ place: PageURL, for source: PageURL, _ maximumBytes: Int) async throws -> Answer {
        var failure: (any Error)?
        for address in try await addresses(of: place) {
            do {
                return try await ask(place, at: address, for: source, maximumBytes)
            } catch let problem as Problem {
                throw problem
            } catch {
                try Task.checkCancellation()
                failure = error
            }
        }
        throw Problem.page(
            "url_unreachable", "\(place.host) does not answer.", remedy: "Check the address, or try again later.", underlying: failure)
    }

    private func addresses(of place: PageURL) async throws -> [HostAddress] {
        let found = await HostAddress.lookUp(place.host)
        try Task.checkCancellation()
        guard !found.isEmpty else {
            throw Problem.page("url_unreachable", "There is no host named \(place.host).", remedy: "Check the address.")
        }
        guard allowsPrivateAddresses || found.allSatisfy(\.isPublic) else {
            throw Problem(
                .invalidRequest, code: "url_refused", "\(place.host) is not on the public internet, and nothing else is fetched here.",
                remedy: "Upload the document as a file; whoever runs the service can allow it with BUNKO_FETCH_PRIVATE=true.",
                parameter: "url")
        }
        return found
    }

    private func ask(_ place: PageURL, at address: HostAddress, for source: PageURL, _ maximumBytes: Int) async throws -> Answer {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        // In brackets as well: so the client calls a host that is an IPv6 address.
        configuration.dnsOverride = [place.host: address.text, "[\(place.host)]": address.text]
        var request = HTTPClientRequest(url: place.text)
        request.headers.add(name: "User-Agent", value: "bunko")
        request.headers.add(name: "Accept", value: "text/markdown, text/plain;q=0.9, */*;q=0.1")
        request.headers.add(name: "Accept-Encoding", value: "identity")
        let asked = request
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            let response = try await client.execute(asked, timeout: .nanoseconds(timeLimit.nanoseconds))
            let status = Int(response.status.code)
            if [301, 302, 303, 307, 308].contains(status), let location = response.headers.first(name: "Location") {
                return .redirection(location)
            }
            guard (200..<300).contains(status) else {
                throw Problem.page("url_status", "\(place.text) was answered with status \(status).", remedy: "Check the address.")
            }
            if let encoding = response.headers.first(name: "Content-Encoding"), encoding.lowercased() != "identity" {
                throw Problem.page("url_encoding", "\(place.text) came compressed (\(encoding.prefix(50))) though that was not asked for.")
            }
            let announced = response.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
            var bytes: [UInt8] = []
            guard announced <= maximumBytes else { throw Self.tooLarge(place, maximumBytes) }
            for try await part in response.body {
                guard bytes.count + part.readableBytes <= maximumBytes else { throw Self.tooLarge(place, maximumBytes) }
                bytes += part.readableBytesView
            }
            return .page(
                FetchedPage(source: source, location: place, contentType: response.headers.first(name: "Content-Type"), bytes: bytes))
        }
    }

    private static func tooLarge(_ place: PageURL, _ limit: Int) -> Problem {
        Problem(
            .tooLarge, code: "url_too_large", "\(place.text) is larger than the limit of \(limit) bytes.",
            remedy: "Take a smaller document, or let an administrator raise the setting max_file_size.", parameter: "url")
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
