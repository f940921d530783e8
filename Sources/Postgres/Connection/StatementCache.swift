/// Decides which statements a connection keeps prepared: those sent a second time, up to a limit, the least recently used given up first.
struct StatementCache {
    struct Key: Hashable, Sendable {
        var text: String
        var types: [UInt32]
    }

    /// How to send a statement.
    enum Route: Equatable, Sendable {
        /// Parsed and executed in one message exchange.
        case direct
        /// To be prepared under this name and then executed.
        case prepare(String)
        /// Executed by the name it was prepared under.
        case prepared(String)
    }

    private struct Entry {
        var name: String?
        var lastUse: Int
    }

    let limit: Int
    private var entries: [Key: Entry] = [:]
    private var clock = 0
    /// Names of statements that were given up and are still prepared at the server.
    private(set) var abandonedNames: [String] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// How to send a statement now. Cost: one look-up; a new statement in a full cache looks at every entry.
    mutating func route(for key: Key) -> Route {
        guard limit > 0 else { return .direct }
        clock += 1
        guard let entry = entries[key] else {
            makeRoom()
            entries[key] = Entry(name: nil, lastUse: clock)
            return .direct
        }
        entries[key]?.lastUse = clock
        return entry.name.map { .prepared($0) } ?? .prepare("bunko_\(clock)")
    }

    /// Notes that the server has prepared a statement.
    mutating func didPrepare(_ key: Key, as name: String) {
        entries[key] = Entry(name: name, lastUse: clock)
    }

    /// Forgets a statement whose plan the server no longer accepts.
    mutating func forget(_ key: Key) {
        if let name = entries.removeValue(forKey: key)?.name { abandonedNames.append(name) }
    }

    /// Hands over the names to be released at the server.
    mutating func takeAbandonedNames() -> [String] {
        defer { abandonedNames = [] }
        return abandonedNames
    }

    private mutating func makeRoom() {
        guard entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else { return }
        forget(oldest)
    }
}
