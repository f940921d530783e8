import Domain
import Postgres
import Storage
import TestSupport
import Testing

/// What failures of the database mean to whoever asked.
@Suite struct ProblemTests {
    @Test func `Each kind of failure has its problem, and what another transaction was in the way of may be sent again`() async throws {
        let meanings: [(PostgresError.Code, Problem.Kind, String)] = [
            (.deadlock, .unavailable, "transaction_conflict"), (.serializationFailure, .unavailable, "transaction_conflict"),
            (.diskFull, .storageFull, "database_disk_full"), (.queryCanceled, .unavailable, "database_timeout"),
            (.tooManyConnections, .unavailable, "database_unavailable"), (.undefinedTable, .internalFault, "database_error"),
        ]
        try await withTestDatabase { db in
            for (code, kind, name) in meanings {
                let problem = await failure(Problem.self) {
                    try await db.database.write(db.alice.scope) { (_: Transaction) -> Void in
                        throw PostgresError(code: code, message: "as the server says it")
                    }
                }
                #expect(problem?.kind == kind && problem?.code == name, "\(code)")
                #expect(problem?.isTransactionConflict == (name == "transaction_conflict"), "\(code)")
            }
        }
    }
}
