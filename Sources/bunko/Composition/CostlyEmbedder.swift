import Domain
import Embeddings
import Glibc
import Storage
import Synchronization

/// The offline embedder as if it asked for money: takes down what it was asked for, so that a test can count what was paid over all
/// crashes.
struct CostlyEmbedder: EmbeddingProvider {
    private let embedder = HashingEmbedder()
    private let ledger: Ledger

    /// - Parameter ledger: gets a line for each call that asks for passages: the digests of their texts.
    init(ledger path: String) throws(Problem) {
        ledger = try Ledger(path)
    }

    var model: EmbeddingModel { embedder.model }
    var isCostly: Bool { true }

    func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> [[Float]] {
        if purpose == .passage {
            try ledger.append(texts.map { ContentStore.digest(of: Array($0.utf8)).description }.joined(separator: " ") + "\n")
        }
        return try await embedder.embed(texts, purpose: purpose)
    }
}

/// A file that lines are added to.
private final class Ledger: Sendable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(Problem) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    /// Adds a line as a whole, durably.
    func append(_ line: String) throws(Problem) {
        let bytes = Array(line.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0 else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> Problem {
        Problem(
            .configuration, code: "ledger_unwritable", "The file \(path) cannot be written: \(String(cString: strerror(errno))).",
            parameter: "fault.costly.embedder")
    }
}
