import Domain
import Extraction
import Foundation

/// Takes the files of an import, several groups at a time: read, compare, upload. The small ones of a group share a request.
struct ImportLine: Sendable {
    private typealias Part = (candidate: ImportLedger.Candidate, read: LocalFile.Read)

    let transfer: FileTransfer
    let limits: LimitsAnswer
    let inventory: Inventory
    let ledger: ImportLedger
    let outstanding: OutstandingFiles
    let progress: ImportProgress
    /// Groups under way at a time.
    let width: Int

    /// Most files of a group.
    private static let largestGroup = 32

    /// Ends when all are uploaded or refused; what the server makes of them is waited for elsewhere.
    func run(_ candidates: CandidateQueue) async throws {
        defer { outstanding.close() }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            var underWay = 0
            while true {
                if underWay == width {
                    try await tasks.next()
                    underWay -= 1
                }
                // Where there are few, each is taken by itself, so that large ones are under way at the same time.
                let group = await candidates.next { waiting in min(Self.largestGroup, max(1, waiting / width)) }
                guard !group.isEmpty else { break }
                underWay += 1
                tasks.addTask { try await take(group) }
            }
            try await tasks.waitForAll()
        }
    }

    private func take(_ group: [ImportLedger.Candidate]) async throws {
        var small: [Part] = []
        for candidate in group {
            try await recording(candidate) {
                guard let read = try await changed(candidate) else { return }
                if (read.bytes?.count ?? .max) <= FileTransfer.togetherUpTo {
                    small.append((candidate, read))
                } else {
                    try await send([(candidate, read)])
                }
            }
        }
        guard small.count > 1 else {
            for part in small { try await recording(part.candidate) { try await send([part]) } }
            return
        }
        do {
            try await send(small)
        } catch let failure as APIClient.Failure where ![401, 403].contains(failure.status) {
            // One of them is at fault, or the server takes no several.
            for part in small { try await recording(part.candidate) { try await send([part]) } }
        }
    }

    /// Takes down why a file could not be sent.
    private func recording(_ candidate: ImportLedger.Candidate, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let fault as FileFault {
            ledger.end(candidate.index, ImportReport.File(path: candidate.path, fault), hidesContent: fault.hidesContent)
        } catch let failure as APIClient.Failure where ![401, 403].contains(failure.status) {
            let file = ImportReport.File(path: candidate.path, failed: failure.code, failure.detail, remedy: failure.remedy)
            ledger.end(candidate.index, file)
        }
    }

    /// Reads a file; nil when the server has it as it is.
    private func changed(_ candidate: ImportLedger.Candidate) async throws -> LocalFile.Read? {
        let read = try await LocalContent.read(candidate.path, limits)
        if let standing = inventory[ExactPath(candidate.path)], standing.isUnchanged(read.file.digest, tags: transfer.tags) {
            ledger.end(candidate.index, ImportReport.File(path: candidate.path, state: .unchanged, chunks: standing.chunks))
            return nil
        }
        return read
    }

    private func send(_ parts: [Part]) async throws {
        try await outstanding.reserve(parts.count)
        do {
            for part in parts { progress.move(part.candidate.index, to: .uploading) }
            let outcomes = parts.count == 1 ? [try await transfer.send(parts[0].read)] : try await transfer.send(parts.map(\.read))
            for (part, outcome) in zip(parts, outcomes) { follow(outcome, part.candidate) }
        } catch {
            outstanding.abandon(parts.count)
            throw error
        }
    }

    private func follow(_ outcome: FileTransfer.Outcome, _ candidate: ImportLedger.Candidate) {
        let file = outcome.file
        inventory[ExactPath(candidate.path)] = Inventory.Standing(file)
        let entry = OutstandingFiles.Entry(
            candidate: candidate, fileID: file.id, jobID: file.job_id, isRepeated: outcome.isRepeated)
        progress.move(candidate.index, to: .queued)
        let early = outstanding.add(entry)
        let ending = early.map(Ending.init) ?? Ending(file)
        if case .open = ending { return }
        if outstanding.remove(entry) { end(entry, ending) }
    }

    /// Takes down what the server made of a file.
    func end(_ entry: OutstandingFiles.Entry, _ ending: Ending) {
        let path = entry.candidate.path
        guard let file = ending.file(path, isRepeated: entry.isRepeated) else { return }
        ledger.end(entry.candidate.index, file)
        if file.state != .failed { inventory.finish(ExactPath(path), id: entry.fileID, chunks: file.chunks) }
    }
}

/// Reads a file as an import takes it.
enum LocalContent {
    /// - Throws: ``FileFault`` for what the server would refuse or cannot be read.
    static func read(_ path: String, _ limits: LimitsAnswer) async throws -> LocalFile.Read {
        try await Blocking.run { interest in
            try checkName(path, limits.supported_file_types)
            let read = try LocalFile.read(path, limit: limits.max_file_size, wholeUpTo: FileTransfer.wholeUpTo, interest)
            if fileExtension(path) == nil { try checkContent(read, limits.supported_file_types) }
            return read
        }
    }

    private static func checkName(_ path: String, _ supported: [String]) throws(FileFault) {
        guard let type = fileExtension(path), !supported.contains(type) else { return }
        throw .unsupportedType(type, supported: supported)
    }

    /// A name without an extension tells nothing, so the content is looked at before it is sent.
    private static func checkContent(_ read: LocalFile.Read, _ supported: [String]) throws {
        do throws(ExtractionError) {
            guard let bytes = read.bytes else { return }
            let type = try MediaType.detect(bytes: bytes, fileName: (read.file.path as NSString).lastPathComponent)
            guard supported.contains(type.shortName) else { throw .unsupported(type: type.rawValue) }
        } catch {
            throw FileFault(error)
        }
    }

    /// As the server reads it: behind the last dot of the name, in lower case.
    static func fileExtension(_ path: String) -> String? {
        let name = (path as NSString).lastPathComponent
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        let suffix = name[name.index(after: dot)...].lowercased()
        return suffix.isEmpty || suffix.count > 100 ? nil : suffix
    }
}
