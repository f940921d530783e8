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
    private let desk: PaymentDesk

    /// Passages embedded by one call: what a crash between the answer and its being kept loses.
    private static let perCall = 32
    /// Passages stored at a time.
    static let perStage = 256

    /// - Parameter desk: shared by all who may be asked for the same texts.
    init(_ embedder: MeteredEmbedder, _ database: Database, _ desk: PaymentDesk = PaymentDesk()) {
        self.embedder = embedder
        self.database = database
        self.desk = desk
    }

    var model: EmbeddingModel { embedder.model }

    /// Pays for the vectors that are missing and keeps them; does nothing for a provider whose vectors cost nothing.
    /// - Parameter onProgress: gets the number of texts that have their vectors; throws to stop.
    func pay(for texts: [String], scope: Scope, owner: UsageOwner, onProgress: (Int) async throws -> Void) async throws {
        guard embedder.isCostly else { return }
        let user = try scope.userID
        for start in stride(from: 0, to: texts.count, by: Self.perCall) {
            let part = texts[start..<min(start + Self.perCall, texts.count)]
            var open: [PaymentDesk.Item: String] = [:]
            for text in part { open[.init(user: user, model: model.id, text: ContentStore.digest(of: Array(text.utf8)))] = text }
            while !open.isEmpty {
                let mine = desk.take(open)
                defer { desk.giveBack(mine.keys) }
                if mine.isEmpty {
                    // The same text is being paid for beside this, for another file. Asked for again, rather than told of: it is seldom, and
                    // a call takes longer than the twenty milliseconds; whoever pays may also fail, and then this pays.
                    try await Task.sleep(for: .milliseconds(20))
                } else {
                    try await pay(for: mine, scope: scope, owner: owner)
                    for item in mine.keys { open[item] = nil }
                }
            }
            try await onProgress(part.endIndex)
        }
    }

    /// Pays for those of some texts that nobody else is paying for and that are not kept yet.
    private func pay(for texts: [PaymentDesk.Item: String], scope: Scope, owner: UsageOwner) async throws {
        let kept = try await database.read(scope) { transaction in
            try await transaction.keptEmbeddings(of: texts.keys.map(\.text), by: embedder.model.id)
        }
        let missing = texts.filter { kept[$0.key.text] == nil }
        desk.count(hits: texts.count - missing.count, misses: missing.count)
        guard !missing.isEmpty else { return }
        // In a task of its own: what the provider was asked for is waited for and kept also when the session or the service ends.
        let payment = Task {
            let asked = desk.unpaid(missing)
            if !asked.isEmpty { desk.note(try await vectors(of: asked.map(\.value), owner), for: asked.map(\.key)) }
            let paid = Array(desk.unkept(of: missing.keys))
            try await database.write(scope) { transaction in
                try await transaction.keepEmbeddings(paid.map(\.value), of: paid.map(\.key.text), by: embedder.model.id)
            }
            desk.forget(missing.keys)
        }
        try await payment.value
    }

    /// Stages the passages of files with their vectors in a transaction of their owner.
    func stage(_ chunks: [(file: FileID, chunk: Chunk)], in transaction: Transaction, owner: UsageOwner) async throws {
        for start in stride(from: 0, to: chunks.count, by: Self.perStage) {
            let part = Array(chunks[start..<min(start + Self.perStage, chunks.count)])
            let vectors = try await vectors(of: part.map(\.chunk.embeddingText), in: transaction, owner)
            try await transaction.stage(zip(part, vectors).map { ($0.file, KnowledgeDraft($0.chunk, $1)) })
        }
    }

    /// The vectors of texts of one owner, in their order; those that cost something are paid for and kept.
    func vectors(of texts: [String], scope: Scope, owner: UsageOwner) async throws -> [[Float]] {
        guard embedder.isCostly else { return try await vectors(of: texts, owner) }
        try await pay(for: texts, scope: scope, owner: owner) { _ in }
        return try await database.read(scope) { try await vectors(of: texts, in: $0, owner) }
    }

    /// How long the vectors of texts of one owner take, whether there are any already or not; those that cost something are kept.
    /// - Throws: `unavailable` or `bad_gateway` when the model has none to give.
    func timed(_ texts: [String], scope: Scope, owner: UsageOwner) async throws -> Duration {
        let start = ContinuousClock.now
        let vectors = try await embedder.vectors(of: texts, for: owner)
        let time = ContinuousClock.now - start
        guard embedder.isCostly else { return time }
        try await database.write(scope) { transaction in
            try await transaction.keepEmbeddings(vectors, of: texts.map { ContentStore.digest(of: Array($0.utf8)) }, by: embedder.model.id)
        }
        return time
    }

    private func vectors(of texts: [String], in transaction: Transaction, _ owner: UsageOwner) async throws -> [[Float]] {
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
            contentSHA256: ContentStore.digest(of: Array(chunk.content.utf8)), context: chunk.context, embedding: vector)
    }
}

extension ProcessedFile {
    init(_ document: ReadDocument, by model: EmbeddingModel) {
        self.init(
            mediaType: document.mediaType.rawValue, sourceType: document.mediaType.shortName, title: document.title,
            embeddingModel: model.id, chunkCount: document.chunks.count)
    }
}
