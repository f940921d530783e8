import Foundation
import Synchronization

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
    fileprivate(set) var documents: [Entry] = []

    fileprivate func count(_ change: Change) -> Int { documents.count { $0.change == change } }
}

/// Documents that are applied one after the other: each difference is shown before it is carried out, and the sum at the end, however
/// that comes.
final class ApplyRun: Sendable {
    private let total: Int
    private let isDry: Bool
    private let asJSON: Bool
    private let report: Mutex<ApplyReport>

    /// - Parameter count: how many documents there are.
    init(_ options: DocumentOptions, count: Int) {
        total = count
        isDry = options.dryRun
        asJSON = options.json
        report = Mutex(ApplyReport(dry_run: options.dryRun))
    }

    /// Runs the body, which carries the documents out, and prints the report; when the body throws before the first one, nothing.
    /// - Throws: what the body throws, else `ItemsFailed` when something was refused.
    func reported(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            if report.withLock({ !$0.documents.isEmpty }) { try printReport() }
            throw error
        }
        try printReport()
        let failed = report.withLock { $0.count(.failed) }
        if failed > 0 { throw ItemsFailed(count: failed, total: total, what: "documents") }
    }

    /// Takes down a document that is stored as it stands there.
    func pass(_ kind: String, _ name: String) { add(kind, name, .unchanged) }

    /// Shows a change and carries it out, unless nothing is to be changed, and takes down how it went. What the server refuses of one
    /// document keeps no other from being applied; a server that fails ends the command.
    func carryOut(
        _ kind: String, _ name: String, _ change: ApplyReport.Change, _ lines: [String], _ body: () async throws -> Void
    ) async throws {
        tell("\(change == .created ? "+" : "~") \(kind) \"\(name)\"")
        if change != .created { for line in lines { tell(line) } }
        do {
            if !isDry { try await body() }
            add(kind, name, change, lines)
        } catch {
            add(kind, name, .failed, lines, reason: "\(error)")
            tell("! \(kind) \"\(name)\": \(error)")
            guard let failure = error as? APIClient.Failure, failure.isOfOneDocument else { throw error }
        }
    }

    private func add(
        _ kind: String, _ name: String, _ change: ApplyReport.Change, _ lines: [String] = [], reason: String? = nil
    ) {
        let entry = ApplyReport.Entry(kind: kind, name: name, change: change, lines: lines, reason: reason)
        report.withLock { $0.documents.append(entry) }
    }

    private func tell(_ line: String) {
        if !asJSON { Output.line(line) }
    }

    private func printReport() throws {
        let report = report.withLock { $0 }
        guard !asJSON else { return try Output.json(report) }
        let (unchanged, failed) = (report.count(.unchanged), report.count(.failed))
        let done = report.documents.count - unchanged - failed
        var sum = "\(done) of \(total) \(isDry ? "would change" : "changed"), \(unchanged) unchanged"
        for (count, what) in [(failed, "failed"), (total - report.documents.count, "not tried")] where count > 0 {
            sum += ", \(count) \(what)"
        }
        Output.line(sum)
    }
}

extension APIClient.Failure {
    /// Whether the server refused a document, and not who sends it or how often.
    fileprivate var isOfOneDocument: Bool { (400..<500).contains(status) && ![401, 403, 429].contains(status) }
}
