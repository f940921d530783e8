import Domain
import Postgres
import TestSupport

/// Everything of a schema that a migration makes, one line a thing, in order.
func schemaDump(_ owner: PostgresConfiguration) async throws -> [String] {
    try await withConnection(owner) { connection in
        var lines: [String] = []
        for part in parts {
            lines += try await connection.query(part).map { try $0.decode(String.self) }
        }
        return lines
    }
}

/// What belongs to an extension, and the migrations' own record, is left out; so is the order of columns, where one that a step takes away
/// and its way back gives again comes last.
private let parts: [SQL] = [
    """
    SELECT concat_ws(' ', 'column', table_name, column_name, data_type, udt_name, character_maximum_length, is_nullable,
        column_default, generation_expression, is_identity)
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_migrations' ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'schema_migrations' ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'schema_migrations' ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'policy', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies
    WHERE schemaname = 'public' ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), (SELECT array_agg(a ORDER BY a::text) FROM unnest(p.proacl) AS a)) FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'relation', relname, relkind, relrowsecurity, relforcerowsecurity, (SELECT array_agg(a ORDER BY a::text) FROM unnest(relacl) AS a)) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S') AND relname <> 'schema_migrations' ORDER BY 1
    """,
    """
    SELECT concat_ws(' ', 'grant', attrelid::regclass, attname, (SELECT array_agg(a ORDER BY a::text) FROM unnest(attacl) AS a)) FROM pg_attribute
    WHERE attacl IS NOT NULL AND NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1
    """,
]
