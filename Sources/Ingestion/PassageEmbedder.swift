import Domain
import Embeddings
import Extraction
import Storage

/// Why the passages of a file have no vectors yet: the provider is at fault, not the file.
struct ProviderFault: Error {
    let problem: Problem
}

/// Embeds a document's passages, so many at a time that no file's vectors are in memory as a whole.
///
/// Vectors that cost something are kept in the database as they come: a crash pays for none of them twice, and of a file that comes
/// again only what has changed is paid for.
struct PassageEmbedder: Sendable {
    private let embedder: MeteredEmbedder
    private let database: Database

    /// Passages embedded by one call: what a crash between the answer and its being kept loses.
    private static let perCall = 32
    /// Passages stored at a time.
    static let perStage = 256

    init(_ embedder: MeteredEmbedder, _ database: Database) {
        self.embedder = embedder
        self.database = database
    }

    var model: EmbeddingModel { embedder.model }

    /// Pays for the vectors that are missing and keeps them; does nothing for a provider whose vectors cost nothing.
    /// - Parameter onProgress: gets the number of passages that have their vectors; throws to stop.
    func pay(for chunks: [Chunk], scope: Scope, owner: UsageOwner, onProgress: (Int) async throws -> Void) async throws {
        guard embedder.isCostly else { return }
        for start in stride(from: 0, to: chunks.count, by: Self.perCall) {
            let part = chunks[start..<min(start + Self.perCall, chunks.count)]
            let texts = part.map { (text: $0.embeddingText, digest: ContentStore.digest(of: Array($0.embeddingText.utf8))) }
            let kept = try await database.read(scope) { [digests = texts.map(\.digest)] transaction in
                try await transaction.keptEmbeddings(of: digests, by: embedder.model.id)
            }
            var seen: Set<ContentDigest> = []
            let missing = texts.filter { kept[$0.digest] == nil && seen.insert($0.digest).inserted }
            if !missing.isEmpty {
                let vectors = try await vectors(of: missing.map(\.text), owner)
                try await database.write(scope) { [digests = missing.map(\.digest)] transaction in
                    try await transaction.keepEmbeddings(vectors, of: digests, by: embedder.model.id)
                }
            }
            try await onProgress(part.endIndex)
        }
    }

    /// Stages the passages of files with their vectors in a transaction of their owner.
    func stage(_ chunks: [(file: FileID, chunk: Chunk)], in transaction: Transaction, owner: UsageOwner) async throws {
        for start in stride(from: 0, to: chunks.count, by: Self.perStage) {
            let part = Array(chunks[start..<min(start + Self.perStage, chunks.count)])
            let vectors = try await vectors(of: part.map(\.chunk), in: transaction, owner)
            try await transaction.stage(zip(part, vectors).map { ($0.file, KnowledgeDraft($0.chunk, $1)) })
        }
    }

    private func vectors(of chunks: [Chunk], in transaction: Transaction, _ owner: UsageOwner) async throws -> [[Float]] {
        let texts = chunks.map(\.embeddingText)
        guard embedder.isCostly else { return try await vectors(of: texts, owner) }
        let digests = texts.map { ContentStore.digest(of: Array($0.utf8)) }
        let kept = try await transaction.keptEmbeddings(of: digests, by: embedder.model.id)
        return try digests.map { digest in
            guard let vector = kept[digest] else {
                throw ProviderFault(
                    problem: Problem(.unavailable, code: "embeddings_cleared", "Kept vectors were cleared while the file was stored."))
            }
            return vector
        }
    }

    private func vectors(of texts: [String], _ owner: UsageOwner) async throws -> [[Float]] {
        do {
            return try await embedder.vectors(of: texts, for: owner)
        } catch let problem as Problem {
            throw ProviderFault(problem: problem)
        }
    }
}

extension KnowledgeDraft {
    init(_ chunk: Chunk, _ vector: [Float]) {
        self.init(
            ordinal: chunk.ordinal, content: chunk.content, headingPath: chunk.headingPath, pageFrom: chunk.pageFrom, pageTo: chunk.pageTo,
            charStart: chunk.charStart, charEnd: chunk.charEnd, tokenCount: chunk.tokenCount,
            contentSHA256: ContentStore.digest(of: Array(chunk.content.utf8)), embedding: vector)
    }
}

extension ProcessedFile {
    init(_ document: ReadDocument, by model: EmbeddingModel) {
        self.init(
            mediaType: document.mediaType.rawValue, sourceType: document.mediaType.shortName, title: document.title,
            embeddingModel: model.id, chunkCount: document.chunks.count)
    }
}
