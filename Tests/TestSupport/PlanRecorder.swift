import Domain
import Foundation
import Logging
import Postgres
public import Storage
import Synchronization

/// The plan PostgreSQL really used for one statement, with the rows it really touched.
public struct QueryPlan: Sendable {
    /// One node of the plan that reads a table.
    public struct Scan: Sendable, CustomStringConvertible {
        public let kind: String
        public let table: String
        public let index: String?
        /// Rows read in all loops, those a filter threw away included.
        public let rowsRead: Int

        public var description: String { "\(kind) of \(table)\(index.map { " by \($0)" } ?? ""): \(rowsRead) rows" }
    }

    public let statement: String
    public let scans: [Scan]
}

extension TestDatabase {
    /// What a body's statements did at the server, as `auto_explain` reports it: the very statements of the product, with their
    /// parameters, as `bunko_app` under row-level security.
    public func plans(
        as user: TestUser, isolation: isolated (any Actor)? = #isolation, _ body: (Transaction) async throws -> Void
    ) async throws -> [QueryPlan] {
        try await plans(in: user.scope, body)
    }

    /// As ``plans(as:isolation:_:)``; the service's own scope asks as `bunko_worker`.
    public func plans(
        in scope: Scope, isolation: isolated (any Actor)? = #isolation, _ body: (Transaction) async throws -> Void
    ) async throws -> [QueryPlan] {
        let name = superuser.database
        for setting in [
            "session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0", "auto_explain.log_analyze = on",
            "auto_explain.log_format = 'json'", "auto_explain.log_level = 'notice'",
        ] {
            try await administrate("ALTER DATABASE \(identifier: name) SET \(unescaped: setting)")
        }
        let notices = Notices()
        let logger = Logger(label: "plans") { _ in notices }
        let recording = Database(
            requests: PostgresPool(configuration: logins.app, logger: logger),
            worker: PostgresPool(configuration: logins.worker, logger: logger))
        do {
            try await recording.read(scope, body)
        } catch {
            await recording.close()
            throw error
        }
        await recording.close()
        return try notices.texts.withLock { $0 }.compactMap(QueryPlan.init(notice:))
    }
}

extension QueryPlan {
    fileprivate init?(notice: String) throws {
        guard let mark = notice.firstRange(of: "plan:\n") else { return nil }
        let json = try JSONSerialization.jsonObject(with: Data(notice[mark.upperBound...].utf8))
        guard let report = json as? [String: Any], let text = report["Query Text"] as? String, let root = report["Plan"] as? [String: Any]
        else { throw TestFailure("auto_explain's report has another form: \(notice)") }
        statement = text
        scans = Self.scans(root)
    }

    private static func scans(_ node: [String: Any]) -> [Scan] {
        func number(_ key: String) -> Double { (node[key] as? NSNumber)?.doubleValue ?? 0 }
        let below = (node["Plans"] as? [[String: Any]] ?? []).flatMap(scans)
        guard let kind = node["Node Type"] as? String, let table = node["Relation Name"] as? String else { return below }
        // A bitmap heap scan names its index in the node below.
        let bitmap = (node["Plans"] as? [[String: Any]])?.first?["Index Name"] as? String
        let rows =
            (number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck")) * number("Actual Loops")
        return [Scan(kind: kind, table: table, index: node["Index Name"] as? String ?? bitmap, rowsRead: Int(rows.rounded()))] + below
    }
}

/// Keeps the server's notices.
private final class Notices: LogHandler {
    let texts = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        guard let notice = event.metadata?["notice"] else { return }
        texts.withLock { $0.append("\(notice)") }
    }
}
