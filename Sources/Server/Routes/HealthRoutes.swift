import Domain
import Hummingbird
import Retrieval
import Storage

/// `GET /health` (the process lives) and `GET /readyz` (it can answer: database and index).
struct HealthRoutes: Sendable {
    let database: Database
    let mirror: KnowledgeMirror?

    func add(to router: Router<BunkoRequestContext>) {
        router.get("health", use: health)
        router.get("readyz", use: ready)
    }

    struct Health: Encodable, Sendable {
        let status: String
    }

    struct Readiness: Encodable, Sendable {
        struct Index: Encodable, Sendable {
            let state: String
            let rows: Int
            /// While rows are loaded: how many the database's statistics expect.
            var expected: Int?
        }

        let status: String
        let database: String
        let index: Index
    }

    @Sendable
    func health(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Health> {
        JSONResponse(Health(status: "ok"))
    }

    @Sendable
    func ready(_ request: Request, _ context: BunkoRequestContext) async throws -> JSONResponse<Readiness> {
        let databaseAnswers = await databaseState(context)
        let index: Readiness.Index =
            switch mirror?.phase {
            case nil: .init(state: "none", rows: 0)
            case .loading(let rows, let expected): .init(state: "loading", rows: rows, expected: expected)
            case .following: .init(state: "following", rows: mirror?.statistics.rows ?? 0)
            }
        // A server that loads anew stays: after a TRUNCATE or a failover all do so at once, and the database answers for them.
        let isReady = databaseAnswers && (index.state != "loading" || mirror?.hasFollowed == true)
        let body = Readiness(
            status: isReady ? "ready" : "not ready", database: databaseAnswers ? "answers" : "does not answer", index: index)
        return JSONResponse(body, status: isReady ? .ok : .serviceUnavailable)
    }

    private func databaseState(_ context: BunkoRequestContext) async -> Bool {
        do {
            try await database.ping()
            return true
        } catch {
            context.logger.debug("the database does not answer", metadata: ["error": "\(error)"])
            return false
        }
    }
}
