import Domain
import Foundation

/// Uploads files and waits until each is done or failed.
struct ImportJob: Sendable {
    let items: [FileFinder.Item]
    /// Nil: for all to share.
    let assistant: String?
    let tags: [String]
    let retryFailed: Bool
    let jobs: Int

    /// Runs the import; what goes wrong with one file stands in the report and the others go on.
    /// - Throws: when the server cannot be reached or refuses the key, so that nothing can go on.
    func run(_ client: APIClient) async throws -> ImportReport {
        let start = ContinuousClock.now
        let target: String? = if let assistant { try await Self.ensureAssistant(assistant, client) } else { nil }
        let limits: LimitsAnswer = try await client.get("/v1/limits")
        let progress = ProgressDisplay(total: items.count)
        let results = try await withThrowingTaskGroup(of: (Int, ImportReport.File).self) { group in
            var results: [Int: ImportReport.File] = [:]
            var waiting = items.enumerated().makeIterator()
            for _ in 0..<jobs {
                guard let (index, item) = waiting.next() else { break }
                group.addTask { (index, try await one(item, client, target, limits)) }
            }
            while let (index, result) = try await group.next() {
                results[index] = result
                progress.advance(failed: result.state == .failed, name: (result.path as NSString).lastPathComponent)
                if let (index, item) = waiting.next() {
                    group.addTask { (index, try await one(item, client, target, limits)) }
                }
            }
            return results
        }
        progress.finish()
        let files = results.sorted { $0.key < $1.key }.map(\.value)
        return ImportReport(files: files, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    private static func ensureAssistant(_ assistant: String, _ client: APIClient) async throws -> String {
        do {
            let found: AssistantAnswer = try await client.get(APIClient.path("assistants", assistant))
            return found.id
        } catch let failure as APIClient.Failure where failure.code == "assistant_not_found" {
            guard AssistantID(assistant) == nil else { throw failure }
            let made: AssistantAnswer = try await client.post("/v1/assistants", ["name": assistant])
            Output.note("Created the assistant \"\(made.name)\".")
            return made.id
        }
    }

    private func one(
        _ item: FileFinder.Item, _ client: APIClient, _ target: String?, _ limits: LimitsAnswer
    ) async throws -> ImportReport.File {
        switch item {
        case .unreadable(let path, let reason):
            return ImportReport.File(path: path, state: .failed, chunks: 0, reason: reason)
        case .file(let path):
            do {
                return try await upload(path, client, target, limits)
            } catch let failure as APIClient.Failure where failure.status != 401 && failure.status != 403 {
                return ImportReport.File(path: path, state: .failed, chunks: 0, reason: failure.description)
            }
        }
    }

    private func upload(_ path: String, _ client: APIClient, _ target: String?, _ limits: LimitsAnswer) async throws -> ImportReport.File {
        let bytes: [UInt8]
        switch await LocalFile.read(path, limit: limits.max_file_size) {
        case .success(let content): bytes = content
        case .failure(let refusal): return ImportReport.File(path: path, state: .failed, chunks: 0, reason: refusal.reason)
        }
        var query = ["name": (path as NSString).lastPathComponent, "source_path": path]
        if let target { query["assistant"] = target } else { query["shared"] = "true" }
        if !tags.isEmpty { query["tags"] = tags.joined(separator: ",") }
        if retryFailed { query["retry_failed"] = "true" }
        var file: FileAnswer = try await client.upload("/v1/files", query: query, bytes: bytes)
        let isUnchanged = file.outcome == "unchanged"
        while file.state == .pending || file.state == .processing {
            file = try await client.get("/v1/files/\(file.id)", query: ["wait": "30"])
        }
        let state: ImportReport.State = file.state == .failed ? .failed : isUnchanged ? .unchanged : .done
        return ImportReport.File(path: path, state: state, chunks: file.chunks, reason: file.reason)
    }
}

/// Reads files of this machine away from the cooperative threads.
enum LocalFile {
    struct Refusal: Error {
        let reason: String
    }

    static func read(_ path: String, limit: Int) async -> Result<[UInt8], Refusal> {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: readNow(path, limit: limit)) }
        }
    }

    private static func readNow(_ path: String, limit: Int) -> Result<[UInt8], Refusal> {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: (path as NSString).resolvingSymlinksInPath)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                return .failure(Refusal(reason: "This is no regular file."))
            }
            let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
            guard size <= limit else {
                return .failure(
                    Refusal(
                        reason:
                            "The file has \(size) bytes; the limit is \(limit). Split it, or let an administrator raise the setting max_file_size."
                    ))
            }
            return .success([UInt8](try Data(contentsOf: URL(filePath: path))))
        } catch {
            return .failure(Refusal(reason: "The file cannot be read: \(error.localizedDescription)"))
        }
    }
}
