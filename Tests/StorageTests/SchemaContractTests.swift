import Foundation
import Postgres
import Storage
import TestSupport
import Testing

/// The table of both designs: every object stands as asked for, is asked for by name, and is missed when it is gone.
@Suite struct SchemaContractTests {
    @Test func `Every object of the schema is as the designs and decisions ask, and none is without a check`() async throws {
        try await withWholeSchema { connection in
            for check in SchemaContract.checks {
                let failure = try await check.failure(on: connection)
                #expect(failure == nil)
            }
            let named = Set(SchemaContract.checks.map(\.object))
            #expect(named.count == SchemaContract.checks.count, "an object has one check")
            let found = try await SchemaContract.objects(on: connection)
            #expect(found.subtracting(named).sorted() == [], "give each object of the schema a check")
            #expect(found.count > 600)
        }
    }

    @Test func `Dropping any object turns its check red`() async throws {
        try await withWholeSchema { connection in
            var table = SchemaTable()
            for check in SchemaContract.checks {
                try await connection.executeScript("BEGIN")
                try await connection.execute(check.object.drop)
                let failure = try await check.failure(on: connection)
                try await connection.executeScript("ROLLBACK")
                #expect(failure == "\(check.object) is missing")
                if let failure { table.add(check, turnsRed: failure) }
            }
            try table.keep()
        }
    }

    /// Lends the administrator's connection on a database with so many passages that the index of plain SQL is made.
    private func withWholeSchema(_ body: (PostgresConnection) async throws -> Void) async throws {
        try await withTestDatabase { db in
            try await db.administrate(
                """
                INSERT INTO knowledge_base (user_id, secretary_id, content, embedding)
                SELECT \(db.alice.id), \(db.alice.assistant.id), 'passage', (ARRAY[i] || array_fill(1, ARRAY[1535]))::vector
                FROM generate_series(1, 1000) AS i
                """)
            try await db.administrate("ANALYZE knowledge_base")
            #expect(try await db.work("SELECT ensure_embedding_index()").first?.decode(Bool.self) == true)
            try await withConnection(db.superuser, body)
        }
    }
}
