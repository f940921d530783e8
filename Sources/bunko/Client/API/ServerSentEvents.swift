/// Reads a stream of server-sent events (the format of the WHATWG's HTML standard, section 9.2) from bytes that come in any pieces.
struct ServerSentEvents {
    struct Event: Sendable, Equatable {
        var name = "message"
        /// The last id that was told, with this event or before it.
        var id: String?
        var data: String
    }

    /// Beyond this a line is no event of ours, and is dropped.
    private static let longestLine = 4 << 20

    private var line: [UInt8] = []
    private var isBehindReturn = false
    private var name: String?
    private var data: [String] = []
    private(set) var lastID: String?

    /// The events that these bytes complete.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let isFeed = byte == UInt8(ascii: "\n")
            defer { isBehindReturn = byte == UInt8(ascii: "\r") }
            if isFeed, isBehindReturn { continue }
            if isFeed || byte == UInt8(ascii: "\r") {
                if let event = endLine() { events.append(event) }
            } else if line.count < Self.longestLine {
                line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return dispatch() }
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : []
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: parts[0], as: UTF8.self) {
        case "event": name = text
        case "data": data.append(text)
        case "id": if !value.contains(0) { lastID = text }
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> Event? {
        defer {
            name = nil
            data.removeAll()
        }
        return data.isEmpty ? nil : Event(name: name ?? "message", id: lastID, data: data.joined(separator: "\n"))
    }
}

extension APIClient {
    /// Follows a stream of events until the server ends it.
    /// - Parameters:
    ///   - lastID: the last event that was seen, behind which the server goes on.
    ///   - onOpen: called when the server has begun to answer.
    func events(
        _ path: String, query: [String: String], lastID: String?, onOpen: () -> Void, _ body: (ServerSentEvents.Event) -> Void
    ) async throws {
        var request = try request(.GET, path, query: query)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let lastID { request.headers.add(name: "Last-Event-ID", value: lastID) }
        try await following(request) { stream in
            onOpen()
            var events = ServerSentEvents()
            for try await part in stream {
                for event in events.take(part.readableBytesView) { body(event) }
            }
        }
    }
}
