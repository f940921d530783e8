@_spi(CompositionRoot) import Domain
import Embeddings
import Foundation
import Ingestion
import Logging
import Operations
import Storage

/// The generations of vectors as `bunko reembed` works on them, beside a running server or without one.
struct ReembeddingAccess: Sendable {
    let database: Database
    let logger: Logger
    let scope = Scope.system(purpose: "reembedding")

    /// Lends the access to the database of the settings.
    static func with<R: Sendable>(
        _ settings: Settings, _ logger: Logger, _ body: @escaping @Sendable (ReembeddingAccess) async throws -> R
    ) async throws -> R {
        try await untilSignalled {
            try await DatabaseAccess(settings: settings, logger: logger).withDatabase {
                try await body(ReembeddingAccess(database: $0, logger: logger))
            }
        }
    }

    var generations: EmbeddingGenerations {
        get async throws { try await database.read(scope) { try await $0.embeddingGenerations() } }
    }

    func switchGenerations(to role: EmbeddingGeneration.Role) async throws -> (live: String, shadow: String) {
        try await database.aloneWithGenerations(scope) {
            try await database.write(scope) { try await $0.switchGenerations(to: role) }
        }
    }

    func drop(onProgress: (Int) -> Void) async throws {
        try await GenerationDrop(database: database, scope: scope).run(onProgress: onProgress)
    }

    /// Lends what fills a model's generation.
    func filling<R: Sendable>(
        _ embedder: any EmbeddingProvider, _ body: @escaping @Sendable (Reembedding) async throws -> R
    ) async throws -> R {
        try await recording { try await body(Reembedding(database: database, embedder: embedder, usage: $0, scope: scope)) }
    }

    /// Lends what takes down how models are used, and has all of it written before this ends.
    func recording<R: Sendable>(_ body: @escaping @Sendable (UsageRecorder) async throws -> R) async throws -> R {
        let usage = UsageRecorder(database: database, scope: scope, logger: logger)
        let recording = Task { try await usage.run() }
        let result: Result<R, any Error>
        do {
            result = .success(try await body(usage))
        } catch {
            result = .failure(error)
        }
        recording.cancel()
        try await recording.value
        return try result.get()
    }
}
