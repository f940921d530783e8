public import Domain
public import Embeddings
public import Foundation
public import Storage

/// Writes passages that come from no file: a text with its tags, or a document of the web, embedded as it is written.
public struct KnowledgeWriter: Sendable {
    /// Longest content of one passage, in characters; longer material is uploaded as a file and cut into passages.
    public static let longestContent = 20_000

    let database: Database
    let fetcher: PageFetcher
    let processor: DocumentProcessor
    private let inUse: EmbedderInUse
    private let usage: UsageRecorder

    /// - Parameter usage: takes down each call of the embedder.
    public init(
        database: Database, processor: DocumentProcessor, embedder: EmbedderInUse, usage: UsageRecorder,
        fetcher: PageFetcher = PageFetcher()
    ) {
        self.database = database
        self.processor = processor
        self.inUse = embedder
        self.usage = usage
        self.fetcher = fetcher
    }

    /// The embedder of one piece of work.
    var embedder: MeteredEmbedder { MeteredEmbedder(inUse.current, usage) }

    /// A passage ready to be stored.
    public struct Prepared: Sendable {
        let content: KnowledgeContent?
    }

    /// Embeds the content among the members, before a transaction is opened.
    /// - Throws: `invalid_request` for content that is missing, empty, too long or no text.
    public func prepare(_ members: [String: JSONValue], isNew: Bool, for owner: UsageOwner) async throws -> Prepared {
        guard let value = members["content"] else {
            guard !isNew else {
                throw Problem(
                    .invalidRequest, code: "member_missing", "The member \"content\" is missing.", remedy: "Add it to the JSON object.",
                    parameter: "content")
            }
            return Prepared(content: nil)
        }
        guard case .string(let text) = value, text.contains(where: { !$0.isWhitespace }), !text.utf8.contains(0) else {
            throw Problem.invalid("content", "content must be a text with something in it, and without U+0000.")
        }
        guard text.unicodeScalars.count <= Self.longestContent else {
            throw Problem.invalid(
                "content", "content has \(text.unicodeScalars.count) characters; the limit of one passage is \(Self.longestContent).",
                remedy: "Upload it as a file, which is cut into passages.")
        }
        let embedder = embedder
        let vector = try await embedder.vectors(of: [text], for: owner)[0]
        return Prepared(
            content: KnowledgeContent(
                embedding: vector, embeddingModel: embedder.model.id, sha256: ContentStore.digest(of: Array(text.utf8)),
                tokenCount: processor.counter.count(text)))
    }

    /// Adds a passage to an assistant, or to what all share when there is none, in the caller's transaction.
    public func add(
        _ members: [String: JSONValue], _ prepared: Prepared, to assistant: AssistantID?, in transaction: Transaction
    ) async throws -> ResourceRow {
        guard let content = prepared.content else { throw Problem.invalid("content", "There is no content.") }
        return try await transaction.addKnowledge(members, content, to: assistant)
    }

    /// Changes a passage. One cut from a file keeps its content, which the file says.
    /// - Parameter payer: whose use of the embedder it is, for the passage's assistant.
    public func update(
        _ id: UUID, _ members: [String: JSONValue], version: String?, scope: Scope, for payer: UserID
    ) async throws -> ResourceRow {
        try scope.require(.ingest)
        var owner = UsageOwner(payer)
        // Nothing is embedded for a passage that is not the scope's.
        if members["content"] != nil {
            owner = UsageOwner(payer, assistant: try await database.read(scope) { try await $0.assistant(ofKnowledge: id) })
        }
        let prepared = try await prepare(members, isNew: false, for: owner)
        return try await database.write(scope) { try await $0.updateKnowledge(id, members, prepared.content, version: version) }
    }
}
