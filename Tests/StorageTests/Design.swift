import Foundation
import Postgres

/// What one of the two designs asks for, read from its page: statements that make it, and rows that must be there.
///
/// The pages are no part of this repository. PostgreSQL itself reads their types and expressions: the statements run in a schema of their
/// own in an empty database, whose catalogue is then compared with the product's.
struct Design {
    /// The schema its statements run in.
    let name: String
    /// In an order in which they can run.
    private(set) var statements: [String] = []
    /// Objects that cannot be made beside the others, as the catalogue would tell them.
    private(set) var facts: [Fact] = []

    /// One thing the catalogue says.
    struct Fact: Hashable, Comparable {
        let object: String
        let definition: String

        static func < (one: Fact, other: Fact) -> Bool { (one.object, one.definition) < (other.object, other.definition) }
    }

    /// A page whose schema stands in ```sql blocks.
    static func ofStatements(_ name: String, page: String) throws -> Design {
        var design = Design(name: name)
        for (number, block) in page.components(separatedBy: "```sql").enumerated() where number > 0 {
            for statement in split(block.components(separatedBy: "```")[0]) {
                if let match = statement.firstMatch(
                    of: /CREATE TABLE (\w+) PARTITION OF (\w+)\s+FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)/)
                {
                    design.facts.append(Fact(object: "partition \(match.1)", definition: "of \(match.2) from \(match.3) to \(match.4)"))
                } else if let match = statement.firstMatch(of: /INSERT INTO users [^']*\('(\w+)'/) {
                    design.facts.append(Fact(object: "user \(match.1)", definition: "there from the start"))
                } else if statement.firstMatch(of: /^(CREATE (TABLE|INDEX|VIEW|OR REPLACE FUNCTION|POLICY)|ALTER TABLE|INSERT INTO)/) != nil
                {
                    design.statements.append(statement)
                }
            }
        }
        return design
    }

    /// A page whose tables are Markdown tables under headings of their names.
    static func ofTables(_ name: String, page: String) throws -> Design {
        var design = Design(name: name)
        var references: [String] = []
        design.statements.append("CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'")
        for section in page.components(separatedBy: "\n## ").dropFirst() {
            guard let table = section.prefixMatch(of: /[a-z_]+/)?.output else { continue }
            var columns: [String] = []
            for line in section.split(separator: "\n") where line.hasPrefix("|") {
                let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
                guard cells.count >= 7, cells[1] != "column", !cells[1].hasPrefix("-") else { continue }
                for column in cells[1].components(separatedBy: ", ") {
                    let meaning = cells[5]
                    let value = cells[4] == "{}" ? "'{}'" : cells[4]
                    columns.append(
                        [
                            column, cells[2], cells[3] == "no" ? "NOT NULL" : "", value.isEmpty ? "" : "DEFAULT \(value)",
                            meaning.hasPrefix("PK") || meaning == "primary key" ? "PRIMARY KEY" : "",
                            meaning.lowercased().hasPrefix("unique") ? "UNIQUE" : "",
                        ].joined(separator: " "))
                    if let match = meaning.firstMatch(of: /FK (\w+\(\w+\)(?: ON DELETE CASCADE)?)/) {
                        references.append("ALTER TABLE \(table) ADD FOREIGN KEY (\(column)) REFERENCES \(match.1)")
                    }
                }
            }
            guard !columns.isEmpty else { continue }
            design.statements.append("CREATE TABLE \(table) (\(columns.joined(separator: ", ")))")
            for line in section.split(separator: "\n") where line.hasPrefix("Indexes:") {
                for match in line.matches(of: /INDEX\((\w+)\)/) { references.append("CREATE INDEX ON \(table) (\(match.1))") }
                for match in line.matches(of: /\s\((\w+(?:, \w+(?: ASC| DESC)?)+)\)/) {
                    references.append("CREATE INDEX ON \(table) (\(match.1))")
                }
            }
            if let slugs = section.firstMatch(of: /Initial data: ([^.\n]+)/) {
                for slug in slugs.1.components(separatedBy: ", ") {
                    design.facts.append(Fact(object: "persona \(slug)", definition: "there from the start"))
                }
            }
        }
        design.statements += references
        return design
    }

    /// The statements of an SQL text, without comments; a function's body is not cut.
    private static func split(_ text: String) -> [String] {
        let lines = text.split(separator: "\n").filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("--") }
        var statements: [String] = []
        for (number, part) in lines.joined(separator: "\n").components(separatedBy: "$$").enumerated() {
            // Every second part is a body.
            guard number.isMultiple(of: 2) else {
                statements[statements.count - 1] += "$$\(part)$$"
                continue
            }
            let pieces = part.components(separatedBy: ";")
            if number > 0 { statements[statements.count - 1] += pieces[0] }
            statements += number > 0 ? pieces.dropFirst() : pieces[...]
        }
        return statements.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }
    }
}

extension Design {
    /// Everything a schema holds that a design could ask for, each thing said in a way that does not depend on the schema's name.
    static func facts(of schema: String, on connection: PostgresConnection) async throws -> [Fact] {
        try await connection.executeScript("SET search_path = \(schema), public")
        return try await connection.query(catalogue, binding: schema)
    }

    private static let catalogue = """
        WITH ours AS (
            SELECT oid, relname, relkind, relrowsecurity, relispartition AS is_part, relpartbound FROM pg_class
            WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p', 'v') AND relname <> 'schema_migrations'
        )
        SELECT object, definition FROM (
            SELECT 'relation ' || relname, CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END FROM ours WHERE NOT is_part
            UNION ALL
            SELECT 'column ' || o.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod)
            FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE NOT is_part
            UNION ALL
            SELECT 'not null ' || o.relname || '.' || a.attname, a.attnotnull::text
            FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE relkind <> 'v' AND NOT is_part
            UNION ALL
            SELECT 'default ' || o.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
            FROM ours o JOIN pg_attrdef d ON d.adrelid = o.oid JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = d.adnum
            WHERE NOT is_part AND a.attgenerated = ''
            UNION ALL
            SELECT CASE k.contype WHEN 'p' THEN 'primary key ' ELSE 'foreign key ' END || o.relname || '.' || a.attname, replace(pg_get_constraintdef(k.oid), $1 || '.', '')
            FROM pg_constraint k JOIN ours o ON o.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = ANY (k.conkey)
            WHERE k.contype IN ('p', 'f') AND NOT is_part AND k.conparentid = 0
            UNION ALL
            SELECT 'unique ' || o.relname || ' ' || replace(pg_get_constraintdef(k.oid), 'UNIQUE ', ''), 'yes'
            FROM pg_constraint k JOIN ours o ON o.oid = k.conrelid WHERE k.contype = 'u' AND NOT is_part
            UNION ALL
            SELECT 'index ' || CASE WHEN c.relname LIKE 'idx\\_%' THEN c.relname ELSE o.relname || s.columns END,
                CASE WHEN i.indisunique THEN 'unique ' ELSE '' END || o.relname || ' using' || replace(s.definition, $1 || '.', '')
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN ours o ON o.oid = i.indrelid,
                LATERAL (SELECT regexp_replace(pg_get_indexdef(c.oid), '^.* USING', ''), regexp_replace(pg_get_indexdef(c.oid), '^.* USING \\w+', '')) AS s (definition, columns)
            WHERE NOT is_part AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
            UNION ALL
            SELECT 'row security ' || relname, 'on' FROM ours WHERE relrowsecurity
            UNION ALL
            SELECT 'policy ' || p.tablename || '.' || p.policyname, concat_ws(' ', lower(p.cmd), 'to', array_to_string(p.roles, ', '), 'using ' || p.qual)
            FROM pg_policies p WHERE p.schemaname = $1
            UNION ALL
            SELECT 'function ' || p.proname || '(' || array_to_string(ARRAY(
                    SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, n) WHERE n <= p.pronargs - p.pronargdefaults ORDER BY n), ', ') || ')',
                'returns ' || pg_get_function_result(p.oid)
            FROM pg_proc p WHERE p.pronamespace = $1::regnamespace AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c') AND p.prokind = 'f'
                AND p.proname <> 'uuid_generate_v4'
            UNION ALL
            SELECT 'partition ' || c.relname, 'of ' || p.relname || ' from ' || substr(b[1], 1, 10) || ' to ' || substr(b[2], 1, 10)
            FROM ours c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent,
                LATERAL (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)')) AS m (b) WHERE b IS NOT NULL
        ) AS s (object, definition)
        """
}

extension PostgresConnection {
    fileprivate func query(_ text: String, binding schema: String) async throws -> [Design.Fact] {
        let statement: SQL = "\(unescaped: text.replacing("$1", with: "'\(schema)'"))"
        return try await query(statement).map { row in
            let (object, definition) = try row.decode(String.self, String.self)
            return Design.Fact(object: object, definition: definition)
        }
    }
}
