public import Domain
public import Embeddings
public import Logging
public import ServiceLifecycle
public import Storage

/// Works the queue of jobs: claims one, reads its file, stores the passages in one transaction, and goes on.
///
/// A claim is worth as long as the session that holds this worker's lock; a crash gives it back to the queue at once. What the file or its
/// stored bytes are at fault for ends as `failed` with its reason; what the machine or the provider is at fault for is tried again with
/// back-off, job by job, and where the database is away all wait.
public struct IngestionWorker: Service {
    let database: Database
    let contents: ContentStore
    let processor: DocumentProcessor
    private let inUse: EmbedderInUse
    private let usage: UsageRecorder
    private let desk = PaymentDesk()
    let events: ProcessingEvents
    let scope: Scope
    let concurrency: Int
    let afterCommit: @Sendable (WriteToken) async -> Void
    let logger: Logger
    /// Between two looks after the queue.
    var pause: Duration = .seconds(5)
    /// How often a job is begun before a fault that is not its file's ends it, and the pauses between, which double.
    var attempts = 8
    var firstRetry: Duration = .seconds(2)
    var longestRetry: Duration = .seconds(300)

    /// - Parameters:
    ///   - usage: takes down each call of the embedder.
    ///   - scope: a system scope.
    ///   - concurrency: files processed at a time.
    ///   - afterCommit: awaited between the commit of a file's passages and the announcement that it is done; the composition root
    ///     waits here until the index has seen the write.
    public init(
        database: Database, contents: ContentStore, processor: DocumentProcessor, embedder: EmbedderInUse, usage: UsageRecorder,
        events: ProcessingEvents, scope: Scope, concurrency: Int, afterCommit: @escaping @Sendable (WriteToken) async -> Void,
        logger: Logger
    ) {
        self.database = database
        self.contents = contents
        self.processor = processor
        self.inUse = embedder
        self.usage = usage
        self.events = events
        self.scope = scope
        self.concurrency = concurrency
        self.afterCommit = afterCommit
        self.logger = logger
    }

    /// What the vectors that are kept in the database have saved.
    public var keptVectors: KeptVectorCounts { desk.counts }

    /// The embedder of one piece of work.
    var embedder: PassageEmbedder { PassageEmbedder(MeteredEmbedder(inUse.current, usage), database, desk) }

    /// Works until graceful shutdown; a file in hand is finished first.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var delay = Backoff()
            // A name for each session that holds the lock: a claim of an earlier one may turn up late, when the commit was under way
            // as the connection broke, and must not look like one that is worked on.
            var former: [InstanceID] = []
            while !Task.isCancelled {
                let instance = InstanceID()
                do {
                    try await database.holdingInstanceLock(instance, scope) {
                        delay.reset()
                        try await ImportSession(worker: self, instance: instance, former: former).run()
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("the import queue waits", metadata: ["error": "\(error)"])
                    former.append(instance)
                    guard await delay.wait() else { return }
                }
            }
        }
    }
}
