import Foundation
import Synchronization

/// The programs that measure other libraries, `Benchmarks/Peers` of the repository.
public struct PeerPrograms: Sendable {
    /// All peers, in the order they are measured.
    public static let names = [
        "faiss-ivfflat", "faiss-rabitq", "faiss-hnsw", "hnswlib", "usearch-f32", "usearch-bf16", "usearch-i8", "pgvector-ivfflat",
        "pgvector-hnsw",
    ]

    /// How much of a peer's grid is measured.
    public enum Effort: String, Sendable, CaseIterable {
        /// One build of each graph, the usual settings.
        case quick
        /// Several builds, every setting.
        case full
    }

    private let folder: String
    private let cache: String

    /// The programs in `folder`; the environment and the builds they keep are below `cache`.
    public init(folder: String, cache: String) {
        self.folder = folder
        self.cache = cache
    }

    /// Makes the environment when it is not there, and returns its interpreter. What it does goes to standard error.
    public func prepare() async throws -> String {
        let lines = Mutex<[String]>([])
        try await run("/bin/bash", ["\(folder)/setup.sh", cache]) { line in lines.withLock { $0.append(line) } }
        guard let interpreter = lines.withLock({ $0.last }) else { throw PeerFailure(program: "setup.sh", status: 0) }
        return interpreter
    }

    /// Measures one peer; each result is reported as it comes.
    public func measure(
        _ peer: String, interpreter: String, dataset: String, k: Int, by rules: BenchmarkProtocol, limit: Int?, effort: Effort,
        report: @escaping @Sendable (BenchmarkResult) -> Void
    ) async throws {
        var arguments = ["\(folder)/run.py", peer, dataset, "--cache", cache, "--k", "\(k)", "--threads", "\(rules.threads)"]
        arguments += [
            "--cores", rules.cores.map(String.init).joined(separator: ","), "--batch", "\(rules.batch)", "--effort", effort.rawValue,
        ]
        if let limit { arguments += ["--queries", "\(limit)"] }
        let damaged = Mutex<String?>(nil)
        try await run(interpreter, arguments) { line in
            do {
                report(try JSONDecoder().decode(BenchmarkResult.self, from: Data(line.utf8)))
            } catch {
                damaged.withLock { $0 = line }
            }
        }
        if let line = damaged.withLock({ $0 }) { throw PeerFailure(program: "\(peer), which printed \"\(line.prefix(200))\"", status: 0) }
    }

    /// Runs a program to its end and takes its output line by line; cancellation ends it.
    private func run(_ program: String, _ arguments: [String], take: @escaping @Sendable (String) -> Void) async throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        // `waitUntilExit` would block a thread of the pool, and may miss the end of a short process.
        let (ends, ended) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { process in
            ended.yield(process.terminationStatus)
            ended.finish()
        }
        try process.run()
        let output = pipe.fileHandleForReading
        let status = await withTaskCancellationHandler {
            for await line in Self.lines(of: output) { take(line) }
            return await ends.first { _ in true }
        } onCancel: {
            process.terminate()
        }
        try Task.checkCancellation()
        guard status == 0 else { throw PeerFailure(program: arguments.prefix(2).joined(separator: " "), status: Int(status ?? -1)) }
    }

    /// The lines of a pipe until it ends, read on a thread of their own.
    private static func lines(of output: FileHandle) -> AsyncStream<String> {
        let (lines, source) = AsyncStream<String>.makeStream()
        Thread {
            var rest = Data()
            while let piece = try? output.read(upToCount: 1 << 16), !piece.isEmpty {
                rest += piece
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    source.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest = Data(rest[(end + 1)...])
                }
            }
            source.finish()
        }.start()
        return lines
    }
}

/// A peer's program did not do its work; it has said why on standard error.
public struct PeerFailure: Error, CustomStringConvertible {
    let program: String
    let status: Int

    public var description: String { "\(program) failed with exit code \(status); its message stands above." }
}
