import Domain
import Foundation
import Logging
import ServiceLifecycle

/// Finds the server a command talks to: the one that runs on the data folder, or one of its own for the command's duration.
struct ServerAccess: Sendable {
    let settings: Settings
    let logger: Logger

    /// Runs the body against a server.
    func use<R: Sendable>(_ body: @escaping @Sendable (APIClient) async throws -> R) async throws -> R {
        if let running = ServerFile.read(in: settings.dataDirectory) {
            let client = APIClient(address: running.address, token: running.token)
            if await client.isAlive() {
                try await waitUntilReady(client)
                return try await body(client)
            }
        }
        return try await withOwnServer(body)
    }

    private func withOwnServer<R: Sendable>(_ body: @escaping @Sendable (APIClient) async throws -> R) async throws -> R {
        var own = settings
        own.host = "127.0.0.1"
        own.port = 0
        let application = BunkoApplication(settings: own, logger: logger)
        let (endpoints, announce) = AsyncStream<(BunkoApplication.Endpoint, ServiceGroup?)>.makeStream()
        return try await withThrowingTaskGroup(of: R?.self) { tasks in
            tasks.addTask {
                try await application.run { announce.yield(($0, $1)) }
                return nil
            }
            tasks.addTask {
                guard let (endpoint, group) = await endpoints.first(where: { _ in true }) else { throw CancellationError() }
                let client = APIClient(address: endpoint.address, token: endpoint.administrator.token)
                do {
                    try await waitUntilReady(client)
                    let result = try await body(client)
                    await group?.triggerGracefulShutdown()
                    return result
                } catch {
                    await group?.triggerGracefulShutdown()
                    throw error
                }
            }
            defer { tasks.cancelAll() }
            return try await Self.outcome(of: &tasks)
        }
    }

    /// The body's result, once the service has come down in good order; or the first failure of either. A body that still runs when
    /// the service has ended was interrupted by a signal: it is cancelled, and may still return what it has.
    private static func outcome<R>(of tasks: inout ThrowingTaskGroup<R?, any Error>) async throws -> R {
        var result: R?
        var failure: (any Error)?
        var isInterrupted = false
        while let next = await tasks.nextResult() {
            switch next {
            case .success(let value?): result = value
            case .success(nil):
                isInterrupted = result == nil && failure == nil
                if isInterrupted { tasks.cancelAll() }
            case .failure where isInterrupted: break
            case .failure(let error):
                if failure == nil { failure = error }
                if !(error is APIClient.Failure || error is Problem) { throw error }
                if let problem = error as? Problem, problem.kind == .environment || problem.kind == .configuration { throw error }
            }
        }
        if let failure { throw failure }
        guard let result else { throw interrupted }
        return result
    }

    private static let interrupted = Problem(
        .environment, code: "interrupted", "The command was interrupted.", remedy: "What was done is kept; run it again to go on.")

    private func waitUntilReady(_ client: APIClient) async throws {
        struct Ready: Decodable {
            let status: String
        }
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            do {
                let _: Ready = try await client.get("/readyz")
                return
            } catch let failure as APIClient.Failure where failure.status == 503 && ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
