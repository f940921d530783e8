import Postgres
import TestSupport

/// What the schema must hold: one check for each object, with what is asked of it and which design asks.
///
/// The other files of this name hold the checks as lines `design | name | definition`. Design is `secretary` or `avatar` (the two
/// platforms' own), `both`, or `decision` (the data model's decisions, which settle what the designs leave open).
enum SchemaContract {
    /// An object of the catalogue.
    struct Object: Hashable, Comparable, CustomStringConvertible {
        let kind: String
        let name: String

        var description: String { "\(kind) \(name)" }

        static func < (one: Object, other: Object) -> Bool { (one.kind, one.name) < (other.kind, other.name) }
    }

    /// What an object must be.
    struct Check: Sendable {
        let object: Object
        let definition: String
        let design: String

        /// Why the database does not fulfil it; nil when it does.
        func failure(on connection: PostgresConnection) async throws -> String? {
            let rows = try await connection.query("\(catalogue) WHERE kind = \(object.kind) AND name = \(object.name)")
            guard let row = rows.first else { return "\(object) is missing" }
            let (_, _, found) = try row.decode(String.self, String.self, String.self)
            return found == definition ? nil : "\(object) is «\(found)» and not «\(definition)»"
        }
    }

    static let checks: [Check] = [
        ("extension", extensions), ("table", tables), ("column", columns), ("constraint", constraints), ("index", indexes), ("view", views),
        ("function", functions), ("trigger", triggers), ("policy", policies), ("grant", grants),
    ].flatMap { kind, lines in
        lines.split(separator: "\n").map { line in
            let parts = line.split(separator: " | ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            return Check(object: Object(kind: kind, name: parts[1]), definition: parts[2], design: parts[0])
        }
    }

    /// Every object of ours that stands in the database.
    static func objects(on connection: PostgresConnection) async throws -> Set<Object> {
        let rows = try await connection.query("SELECT kind, name FROM (\(catalogue)) AS all_of_it")
        return Set(
            try rows.map { row in
                let (kind, name) = try row.decode(String.self, String.self)
                return Object(kind: kind, name: name)
            })
    }

    /// The catalogue in the form of the checks. Left out are what belongs to an extension, the migrations' own record, the partitions of
    /// single months, and what PostgreSQL makes for partitions and constraints by itself.
    private static let catalogue: SQL = #"""
        WITH ours AS (
            SELECT oid, relname, relkind, relrowsecurity, relforcerowsecurity, relacl, reloptions FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition AND relname <> 'schema_migrations'
        )
        SELECT kind, name, definition FROM (
            SELECT 'table' AS kind, o.relname::text AS name, concat_ws(', ',
                CASE WHEN o.relkind = 'p' THEN pg_get_partkeydef(o.oid) END,
                CASE WHEN o.relforcerowsecurity AND o.relrowsecurity THEN 'row security forced' END,
                (SELECT string_agg(r || ' ' || g, ', ' ORDER BY r) FROM (
                    SELECT a.grantee::regrole::text AS r, string_agg(lower(a.privilege_type), '+' ORDER BY a.privilege_type) AS g
                    FROM aclexplode(o.relacl) a WHERE a.grantee::regrole::text IN ('authenticated', 'bunko_app', 'bunko_worker') GROUP BY 1) AS s (r, g))) AS definition
            FROM ours o WHERE o.relkind <> 'v'
            UNION ALL
            SELECT 'grant', o.relname || '.' || s.r, string_agg(s.p || ' (' || s.c || ')', ', ' ORDER BY s.p)
            FROM ours o, LATERAL (
                SELECT g.grantee::regrole::text, lower(g.privilege_type), string_agg(a.attname, ', ' ORDER BY a.attnum)
                FROM pg_attribute a, aclexplode(a.attacl) g WHERE a.attrelid = o.oid GROUP BY 1, 2) AS s (r, p, c) GROUP BY 1, 2
            UNION ALL
            SELECT 'view', o.relname, concat_ws(', ', (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = o.oid AND a.attnum > 0), array_to_string(o.reloptions, ', '), (SELECT string_agg(a.grantee::regrole || ' ' || lower(a.privilege_type), ', ' ORDER BY a.grantee::regrole::text, a.privilege_type)
                    FROM aclexplode(o.relacl) a WHERE a.grantee::regrole::text IN ('authenticated', 'bunko_app', 'bunko_worker'))) FROM ours o WHERE o.relkind = 'v'
            UNION ALL
            SELECT 'column', o.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
                CASE WHEN a.attgenerated = 's' THEN 'generated as ' || pg_get_expr(d.adbin, d.adrelid) WHEN a.attidentity <> '' THEN 'identity'
                     WHEN d.adbin IS NOT NULL THEN 'default ' || pg_get_expr(d.adbin, d.adrelid) END)
            FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE o.relkind <> 'v'
            UNION ALL
            SELECT 'index', c.relname, replace(regexp_replace(pg_get_indexdef(c.oid), ' INDEX \S+ ON (ONLY )?public\.', ' '), 'CREATE ', '')
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN ours o ON o.oid = i.indrelid
            WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
            UNION ALL
            SELECT 'constraint', o.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
            FROM pg_constraint k JOIN ours o ON o.oid = k.conrelid WHERE k.contype IN ('p', 'u', 'c', 'f') AND k.conparentid = 0
            UNION ALL
            SELECT 'policy', o.relname || '.' || p.policyname, concat_ws(' ', lower(p.cmd), 'to', array_to_string(p.roles, ', '),
                'using ' || p.qual, 'check ' || CASE WHEN p.with_check = p.qual THEN 'same' ELSE p.with_check END)
            FROM pg_policies p JOIN ours o ON o.relname = p.tablename WHERE p.schemaname = 'public'
            UNION ALL
            SELECT 'trigger', o.relname || '.' || t.tgname, regexp_replace(pg_get_triggerdef(t.oid), '^CREATE TRIGGER \S+ (.*) ON public\.\S+ ', '\1 ')
            FROM pg_trigger t JOIN ours o ON o.oid = t.tgrelid WHERE NOT t.tgisinternal
            UNION ALL
            SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', concat_ws(', ',
                'returns ' || pg_get_function_result(p.oid), CASE WHEN p.prosecdef THEN 'security definer' END,
                CASE WHEN p.prosecdef THEN array_to_string(p.proconfig, ' ') END,
                'for ' || CASE WHEN p.proacl IS NULL THEN 'public' ELSE coalesce((
                    SELECT string_agg(CASE a.grantee WHEN 0 THEN 'public' ELSE a.grantee::regrole::text END, '+' ORDER BY a.grantee::regrole::text)
                    FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner), 'its owner') END)
            FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
            UNION ALL
            SELECT 'table', c.relname, 'partition of messages, ' || pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
            WHERE c.oid = to_regclass('public.messages_default')
            UNION ALL
            SELECT 'extension', extname, 'in ' || extnamespace::regnamespace FROM pg_extension WHERE extname <> 'plpgsql'
        ) AS s
        """#
}

extension SchemaContract.Object {
    /// Takes the object away, with all that rests on it.
    var drop: SQL {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        return switch kind {
        // What partitions are divided by cannot be dropped, but it can be missing under its name.
        case "column" where name == "messages.created_at": "ALTER TABLE messages RENAME COLUMN created_at TO gone"
        case "column": "ALTER TABLE \(identifier: parts[0]) DROP COLUMN \(identifier: parts[1]) CASCADE"
        case "constraint": "ALTER TABLE \(identifier: parts[0]) DROP CONSTRAINT \(identifier: parts[1]) CASCADE"
        case "policy": "DROP POLICY \(identifier: parts[1]) ON \(identifier: parts[0])"
        case "grant": "REVOKE ALL ON \(identifier: parts[0]) FROM \(identifier: parts[1])"
        case "trigger": "DROP TRIGGER \(identifier: parts[1]) ON \(identifier: parts[0]) CASCADE"
        case "function": "DROP FUNCTION \(unescaped: name) CASCADE"
        default: "DROP \(unescaped: kind) \(identifier: name) CASCADE"
        }
    }
}
