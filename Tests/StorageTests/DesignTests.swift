import Foundation
import Postgres
import TestSupport
import Testing

/// The live schema beside the two designs' own pages, which lie outside of the repository: `BUNKO_DESIGNS` names their folder.
@Suite struct DesignTests {
    private static let folder = ProcessInfo.processInfo.environment["BUNKO_DESIGNS"]

    @Test(.enabled(if: folder != nil, "BUNKO_DESIGNS names no folder with the two designs, so the schema was not compared with them"))
    func `Everything both designs name exists as they say, or differs for a reason that is written down`() async throws {
        let folder = try #require(Self.folder)
        let designs = [
            try Design.ofTables("avatar", page: String(contentsOfFile: "\(folder)/avatar-chat-platform.md", encoding: .utf8)),
            try Design.ofStatements("secretary", page: String(contentsOfFile: "\(folder)/secretary-platform.md", encoding: .utf8)),
        ]
        let live = try await liveFacts()
        var excuses = try DesignDifferences.read()
        var unexplained: [String] = []
        var compared = 0
        for design in designs {
            let wanted = try await facts(of: design)
            compared += wanted.count
            for fact in wanted.sorted() {
                let here = live[fact.object, default: []]
                guard !here.contains(fact.definition), !Self.isServed(fact, by: live) else { continue }
                let found = here.sorted().joined(separator: "; ")
                if !excuses.explain(fact, found: found) {
                    unexplained.append("| \(fact.object) | \(fact.definition) | \(found.isEmpty ? "–" : found) | |")
                }
            }
        }
        #expect(unexplained.isEmpty, "\n\(unexplained.joined(separator: "\n"))")
        #expect(excuses.unused == [], "these differences exist no more")
        // What the readers of the pages find in them: fewer means that a page is read wrongly.
        #expect(compared > 550)
    }

    /// An index a design gives no name is served by any that begins with its columns; a unique column of one that is unique by itself.
    private static func isServed(_ fact: Design.Fact, by live: [String: Set<String>]) -> Bool {
        guard fact.object.hasPrefix("index "), fact.object.hasSuffix(")") else { return false }
        let beginning = fact.definition.dropLast()
        return live.contains { name, definitions in
            name.hasPrefix("index ") && definitions.contains { $0 == fact.definition || $0.hasPrefix("\(beginning),") }
        }
    }

    private func liveFacts() async throws -> [String: Set<String>] {
        try await withTestDatabase { db in
            try await db.administrate(
                """
                INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
                SELECT \(db.alice.id), \(db.alice.assistant.id), 'passage', (ARRAY[i] || array_fill(1, ARRAY[1535]))::vector
                FROM generate_series(1, 1000) AS i
                """)
            try await db.administrate("ANALYZE knowledge_base")
            try await db.work("SELECT ensure_embedding_index()")
            try await db.work("SELECT ensure_message_partitions('2024-01-01', 2)")
            var facts = try await withConnection(db.superuser) { connection in
                try await Design.facts(of: "public", on: connection) + Self.settings(on: connection)
            }
            facts += try await db.texts("SELECT slug FROM personality_templates WHERE slug IS NOT NULL AND is_active").map {
                Design.Fact(object: "persona \($0)", definition: "there from the start")
            }
            facts += try await db.texts("SELECT username FROM users").map {
                Design.Fact(object: "user \($0)", definition: "there from the start")
            }
            return Dictionary(grouping: facts, by: \.object).mapValues { Set($0.map(\.definition)) }
        }
    }

    /// What a design asks for, as PostgreSQL tells it once the design's own statements have run.
    private func facts(of design: Design) async throws -> [Design.Fact] {
        let owner = try await TestDatabase.makeEmpty()
        return try await withConnection(owner) { connection in
            try await connection.executeScript("CREATE SCHEMA \(design.name)")
            try await connection.executeScript("SET search_path = \(design.name), public")
            try await connection.executeScript(
                "CREATE FUNCTION public.current_user_id() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid'")
            for statement in design.statements { try await connection.executeScript(statement) }
            let rows = try await Self.settings(on: connection)
            return try await Design.facts(of: design.name, on: connection) + rows + design.facts
        }
    }

    /// The rows of the settings, if there is such a table.
    private static func settings(on connection: PostgresConnection) async throws -> [Design.Fact] {
        guard try await connection.query("SELECT FROM pg_class WHERE oid = to_regclass('system_settings')").count == 1 else { return [] }
        return try await connection.query("SELECT key, value::text FROM system_settings").map { row in
            let (key, value) = try row.decode(String.self, String.self)
            return Design.Fact(object: "setting \(key)", definition: value)
        }
    }
}

/// The differences that are meant, each with its reason: docs/design-differences.md.
private struct DesignDifferences {
    private var lines: [(object: String, design: String, here: String, isUsed: Bool)] = []

    static func read() throws -> DesignDifferences {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        var differences = DesignDifferences()
        let text = try String(contentsOfFile: "\(root)/docs/design-differences.md", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.components(separatedBy: " | ").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "| ")) }
            guard cells.count == 4, cells[0] != "object" else { continue }
            guard !cells[3].isEmpty else { throw TestFailure("no reason is given for the difference of \(cells[0])") }
            differences.lines.append((cells[0], cells[1], cells[2] == "–" ? "" : cells[2], false))
        }
        return differences
    }

    /// Whether the difference is written down; marks the line as needed.
    mutating func explain(_ fact: Design.Fact, found: String) -> Bool {
        guard
            let line = lines.firstIndex(where: {
                Self.matches(fact.object, $0.object) && Self.matches(fact.definition, $0.design) && Self.matches(found, $0.here)
            })
        else { return false }
        lines[line].isUsed = true
        return true
    }

    /// Lines that explained nothing.
    var unused: [String] { lines.filter { !$0.isUsed }.map(\.object) }

    /// Whether a text is the pattern's, in which `*` stands for anything.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.components(separatedBy: "*")
        guard parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(parts[0]), text.count >= parts[0].count else { return false }
        var rest = text.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
