public import Domain
public import Embeddings
public import Logging
public import ServiceLifecycle
public import Storage

/// Has the service embed with the model whose vectors the knowledge has, also when that becomes another while it runs: a notification tells
/// of it, a look now and then backs that up.
public struct EmbeddingFollower: Service {
    private let database: Database
    private let scope: Scope
    private let embedder: EmbedderInUse
    private let logger: Logger

    /// Between two looks that nothing gave cause for.
    private static let interval = Duration.seconds(5)

    /// - Parameter scope: a system scope.
    public init(database: Database, scope: Scope, embedder: EmbedderInUse, logger: Logger) {
        self.database = database
        self.scope = scope
        self.embedder = embedder
        self.logger = logger
    }

    /// Follows until graceful shutdown; while the database is away the model stays as it is.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var delay = Backoff()
            while !Task.isCancelled {
                do {
                    try await follow { delay.reset() }
                } catch is CancellationError {
                    return
                } catch {
                    logger.debug("the embedding model is not followed", metadata: ["error": "\(error)"])
                    guard await delay.wait() else { return }
                }
            }
        }
    }

    /// Ends by throwing when the database goes away.
    private func follow(_ listening: () -> Void) async throws {
        try await database.session(scope) { connection in
            let notifications = try await connection.notifications(on: ["bunko_embedding_model"])
            listening()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await _ in notifications { try await look() }
                    throw Problem(.unavailable, code: "listen_ended", "The database ended the notifications of the embedding model.")
                }
                group.addTask {
                    while true {
                        try await look()
                        try await Task.sleep(for: Self.interval)
                    }
                }
                // Waiting for all would not end the other with the first that fails.
                for try await _ in group {}
            }
        }
    }

    private func look() async throws {
        guard let model = try await database.read(scope, { try await $0.embeddingModel() }) else { return }
        let (provider, isNew) = await embedder.follow(model)
        guard isNew else { return }
        if let missing = provider as? UnavailableEmbedder {
            logger.error(
                "the knowledge has vectors of a model that cannot be had here, and words answer alone; restart with settings that name it",
                metadata: ["model": "\(model)", "reason": "\(missing.reason)"])
        } else {
            logger.notice("the knowledge has vectors of another model, which embeds from here on", metadata: ["model": "\(model)"])
        }
    }
}
