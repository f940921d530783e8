public import Domain
import Extraction
public import Storage

extension KnowledgeWriter {
    /// A document of the web, cut into passages that are ready to be stored.
    public struct PreparedPage: Sendable {
        let source: PageURL
        let file: ProcessedFile
        let passages: [KnowledgeDraft]
        /// What its passages are given beside their text.
        let members: [String: JSONValue]
    }

    /// What adding a document did.
    public struct AddedPage: Encodable, Sendable {
        public let object = "knowledge_page"
        public let source_url: String
        public let title: String?
        public let media_type: String
        public let chunks: Int
    }

    /// Fetches the document that the member `url` names and makes passages of it, before a transaction is opened.
    /// - Throws: `invalid_request` for another member than `tags` and `metadata`, and as ``PageFetcher``; `unsupported_type` and
    ///   `unprocessable` for a document that cannot be read.
    public func preparePage(_ members: [String: JSONValue], scope: Scope, for owner: UsageOwner) async throws -> PreparedPage {
        try scope.require(.ingest)
        guard case .string(let address)? = members["url"] else {
            throw Problem(.invalidRequest, code: "member_mistyped", "url must be a string.", parameter: "url")
        }
        let source = try PageURL(address)
        let rest = members.filter { $0.key != "url" }
        for member in rest.keys.sorted() where !Self.pageMembers.contains(member) {
            throw Problem.invalid(
                member, "\(member) is not taken together with url, whose document tells the rest.",
                remedy: "Beside url there may be tags and metadata.")
        }
        let (limit, types) = try await database.read(scope) { (try await $0.maximumFileSize(), try await $0.supportedFileTypes()) }
        let page = try await fetcher.fetch(source, maximumBytes: limit)
        do {
            let document = try await processor.read(page.bytes, fileName: try page.readableName())
            guard types.contains(document.mediaType.shortName) else {
                throw ExtractionError.unsupported(type: document.mediaType.rawValue)
            }
            let embedder = embedder
            let vectors = try await embedder.vectors(of: document.chunks.map(\.embeddingText), for: owner)
            return PreparedPage(
                source: source, file: ProcessedFile(document, by: embedder.model),
                passages: zip(document.chunks, vectors).map(KnowledgeDraft.init),
                members: rest)
        } catch let error as ExtractionError {
            throw Problem(error, of: source)
        } catch let error as ReaderKilled {
            throw Problem(
                .unavailable, code: "reader_killed", "The process that read \(source.text) was killed.",
                remedy: "Send the request again; if that happens every time, the machine lacks memory.", underlying: error)
        }
    }

    private static let pageMembers: Set<String> = ["tags", "metadata"]

    /// Stores a document's passages in the caller's transaction, in place of those an earlier reading of the same address left.
    public func add(_ page: PreparedPage, to assistant: AssistantID?, in transaction: Transaction) async throws -> AddedPage {
        try await transaction.stage(page.passages.map { (nil, $0) })
        try await transaction.putPage(page.file, from: page.source.text, page.members, to: assistant)
        return AddedPage(
            source_url: page.source.text, title: page.file.title, media_type: page.file.mediaType, chunks: page.file.chunkCount)
    }
}

extension Problem {
    fileprivate init(_ error: ExtractionError, of source: PageURL) {
        let kind: Kind =
            switch error {
            case .unsupported, .binary: .unsupportedType
            default: .unprocessable
            }
        self.init(kind, code: error.code, "\(source.text) cannot be read: \(error)", parameter: "url", underlying: error)
    }
}
