import Foundation

/// A network address that a host's name stands for.
struct HostAddress: Sendable, Hashable {
    /// As connections take it: `192.0.2.1`, `2001:db8::1`.
    let text: String
    private let bytes: [UInt8]

    /// Nil unless the text is an address of one of the two families in its usual form.
    init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: &six) { Array($0) }
        } else {
            return nil
        }
        self.text = text
    }

    /// Whether it belongs to the public internet: neither to this machine, nor to its network, nor to a range kept for other purposes.
    var isPublic: Bool {
        if bytes.count == 4 { return Self.isPublic(bytes[...]) }
        if bytes.starts(with: Self.mappedPrefix) { return Self.isPublic(bytes.suffix(4)) }
        // Unicast addresses are assigned from 2000::/3 alone. In it lie ranges that carry an IPv4 address or are kept: 2001::/23, the
        // documentation's 2001:db8::/32, and 2002::/16.
        guard bytes[0] & 0xe0 == 0x20, !bytes.starts(with: [0x20, 0x02]) else { return false }
        return !(bytes.starts(with: [0x20, 0x01]) && (bytes[2] < 2 || (bytes[2], bytes[3]) == (0x0d, 0xb8)))
    }

    private static let mappedPrefix: [UInt8] = Array(repeating: 0, count: 10) + [0xff, 0xff]

    private static func isPublic(_ bytes: ArraySlice<UInt8>) -> Bool {
        let address = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return !keptRanges.contains { base, bits in (address ^ base) >> (32 - bits) == 0 }
    }

    /// The special-purpose ranges of IPv4 (RFC 6890 and its registry) that are not on the public internet.
    private static let keptRanges: [(base: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0x7f00_0000, 8), (0xa9fe_0000, 16), (0xac10_0000, 12), (0xc000_0000, 24),
        (0xc000_0200, 24), (0xc058_6300, 24), (0xc0a8_0000, 16), (0xc612_0000, 15), (0xc633_6400, 24), (0xcb00_7100, 24),
        (0xe000_0000, 4), (0xf000_0000, 4),
    ]
}

extension HostAddress {
    /// What a name stands for, in the order to be tried; empty when nobody knows it or when the task is cancelled meanwhile.
    static func lookUp(_ host: String) async -> [HostAddress] {
        let (answers, answer) = AsyncStream.makeStream(of: [HostAddress].self)
        // The resolver blocks its thread and cannot be stopped, so it has one to itself and is left to it.
        DispatchQueue.global().async {
            answer.yield(lookUpNow(host))
            answer.finish()
        }
        return await answers.first { _ in true } ?? []
    }

    private static func lookUpNow(_ host: String) -> [HostAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var addresses: [HostAddress] = []
        var next = first
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let told = getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            // A zone behind the address (fe80::1%eth0) names an interface of this machine, and no text with one is an address here.
            let end = text.firstIndex(of: 0) ?? text.endIndex
            let name = String(decoding: text[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
            if told == 0, let address = HostAddress(name), !addresses.contains(address) { addresses.append(address) }
            next = entry.ai_next
        }
        return addresses
    }
}
