import Glibc
import Postgres
import ServiceLifecycle
import UnixSignals

@testable import EmbeddedPostgres

/// What the application does: the cluster first in the group, a user of it second, SIGTERM in the middle. Throws unless PostgreSQL ended cleanly.
func serveUntilTerminated(dataDirectory: String) async throws {
    let cluster = EmbeddedCluster(dataDirectory: dataDirectory, logger: quietLogger())
    let configuration = try await cluster.start()
    let services: [any Service] = [cluster, LastQuery(configuration: configuration)]
    let group = ServiceGroup(services: services, gracefulShutdownSignals: [.sigterm], logger: quietLogger())
    let termination = Task {
        try await Task.sleep(for: .milliseconds(300))
        kill(getpid(), SIGTERM)
    }
    try await group.run()
    try await termination.value
    guard cluster.status.phase == .stopped, cluster.status.lastExit == .code(0) else { throw UncleanEnd(status: cluster.status) }
}

struct UncleanEnd: Error {
    let status: EmbeddedCluster.Status
}

/// A service that still needs the database while it shuts down.
private struct LastQuery: Service {
    let configuration: PostgresConfiguration

    func run() async throws {
        try? await gracefulShutdown()
        try await Task.sleep(for: .milliseconds(500))
        _ = try query("CREATE TABLE last_words AS SELECT 1 AS x", configuration)
    }
}
