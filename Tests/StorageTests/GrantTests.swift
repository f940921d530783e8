import Foundation
import Postgres
import TestSupport
import Testing

/// The roles of requests and of the service may write what some statement of theirs writes, and nothing else.
@Suite struct GrantTests {
    /// The files of `Sources/Storage` whose statements run as the service; those of the others run for requests.
    private static let ofService: Set<String> = [
        "Mirror/Transaction+Replicas.swift", "Transaction+Accounts.swift", "Transaction+FileChecks.swift", "Transaction+Jobs.swift",
        "Transaction+Maintenance.swift", "Transaction+Settings.swift", "Transaction+Usage.swift",
    ]
    /// Those whose statements run as either.
    private static let ofBoth: Set<String> = [
        "Transaction+Archive.swift", "Transaction+EmbeddingCache.swift", "Transaction+Generations.swift",
        "Transaction+Idempotency.swift", "Transaction+ImportJobs.swift",
    ]
    /// Tables written by the description of a resource and not by name, and how; conversations and messages beside what is by name.
    private static let described: [String: Set<String>] = [
        "assistants": ["INSERT", "UPDATE", "DELETE"], "avatars": ["INSERT", "UPDATE", "DELETE"],
        "voices": ["INSERT", "UPDATE", "DELETE"], "skill_definitions": ["INSERT", "UPDATE", "DELETE"],
        "personality_templates": ["INSERT", "UPDATE", "DELETE"], "conversations": ["INSERT", "UPDATE", "DELETE"],
        "messages": ["INSERT", "UPDATE", "DELETE"], "knowledge_base": ["INSERT", "UPDATE", "DELETE"],
        "files": ["UPDATE", "DELETE"], "user_preferences": ["UPDATE"],
    ]
    /// What triggers write in the name of whoever caused them, and the design's view, by which administrators change personas.
    private static let indirect: Set<String> = ["authenticated UPDATE chatbot_personas"]

    @Test func `No role may write what no statement writes`() async throws {
        try await withTestDatabase { db in
            var written = Self.indirect
            for (table, verbs) in Self.described { written.formUnion(verbs.map { "authenticated \($0) \(table)" }) }
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Sources/Storage")
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            where name.hasSuffix(".swift") && !name.hasPrefix("Resources/") {
                let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                if !Self.ofService.contains(name) { written.formUnion(Self.writes(in: text).map { "authenticated \($0)" }) }
                if Self.ofService.union(Self.ofBoth).contains(name) {
                    written.formUnion(Self.writes(in: text).map { "bunko_worker \($0)" })
                }
            }
            // Functions with their caller's rights, triggers among them.
            let bodies = try await db.texts(
                """
                SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND NOT prosecdef
                    AND prolang IN (SELECT oid FROM pg_language WHERE lanname IN ('sql', 'plpgsql'))
                """)
            for body in bodies {
                for write in Self.writes(in: body) { written.formUnion(["authenticated \(write)", "bunko_worker \(write)"]) }
            }
            let granted = try await db.texts(
                """
                SELECT DISTINCT concat_ws(' ', g.role, g.privilege, g.relation) FROM (
                    SELECT a.grantee::regrole::text, a.privilege_type, c.relname FROM pg_class c, aclexplode(c.relacl) a
                    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> 0
                    UNION ALL
                    SELECT a.grantee::regrole::text, a.privilege_type, c.relname FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid,
                        aclexplode(t.attacl) a WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> 0
                ) AS g (role, privilege, relation)
                WHERE g.role IN ('authenticated', 'bunko_app', 'bunko_worker') AND g.privilege <> 'SELECT'
                """)
            #expect(granted.count > 40)
            #expect(Set(granted).subtracting(written).sorted() == [], "no statement needs these")
        }
    }

    /// Verb and table of the statements in a text.
    private static func writes(in text: String) -> [String] {
        text.matches(of: /(INSERT INTO|UPDATE|DELETE FROM) (?:ONLY )?(?:public\.)?([a-z_]+)/).map {
            "\($0.1.split(separator: " ")[0]) \($0.2)"
        } + text.matches(of: /INSERT INTO (?:public\.)?([a-z_]+)[^;]*?ON CONFLICT[^;]*?DO UPDATE/).map { "UPDATE \($0.1)" }
    }
}
