import Foundation

/// What applying documents did, or would do, to each of them.
struct ApplyReport: Encodable, Sendable {
    enum Change: String, Encodable, Sendable {
        case created
        case changed
        case unchanged
        case failed
    }

    struct Entry: Encodable, Sendable {
        let kind: String
        let name: String
        let change: Change
        /// What differs, line by line.
        let lines: [String]
        /// Why it failed.
        let reason: String?
    }

    let dry_run: Bool
    private(set) var documents: [Entry] = []

    init(dry_run: Bool) {
        self.dry_run = dry_run
    }

    mutating func add(_ kind: String, _ name: String, _ change: Change, _ lines: [String] = [], reason: String? = nil) {
        documents.append(Entry(kind: kind, name: name, change: change, lines: lines, reason: reason))
    }

    /// Carries a change out, unless nothing is to be changed, and takes down how it went. What the server refuses of one document keeps
    /// no other from being applied; a server that fails ends the command.
    mutating func carryOut(
        _ kind: String, _ name: String, _ change: Change, _ lines: [String], _ body: () async throws -> Void
    ) async throws {
        do {
            if !dry_run { try await body() }
            add(kind, name, change, lines)
        } catch let failure as APIClient.Failure where (400..<500).contains(failure.status) && ![401, 403, 429].contains(failure.status) {
            add(kind, name, .failed, lines, reason: failure.description)
        }
    }

    /// Prints what differs, and the sum.
    /// - Throws: `ItemsFailed` when something was refused.
    func print(asJSON: Bool) throws {
        let failed = documents.count { $0.change == .failed }
        if asJSON {
            try Output.json(self)
        } else {
            for entry in documents where entry.change != .unchanged {
                Output.line("\(Self.mark(entry.change)) \(entry.kind) \"\(entry.name)\"\(entry.reason.map { ": \($0)" } ?? "")")
                for line in entry.lines where entry.change != .created { Output.line(line) }
            }
            let unchanged = documents.count { $0.change == .unchanged }
            let sum =
                "\(documents.count - unchanged - failed) of \(documents.count) \(dry_run ? "would change" : "changed"), \(unchanged) unchanged"
            Output.line(failed == 0 ? sum : "\(sum), \(failed) failed")
        }
        if failed > 0 { throw ItemsFailed(count: failed, total: documents.count, what: "documents") }
    }

    private static func mark(_ change: Change) -> String {
        switch change {
        case .created: "+"
        case .failed: "!"
        case .changed, .unchanged: "~"
        }
    }
}
