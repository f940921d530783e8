import Domain
import Foundation

/// What an import did, file by file: `{"files":[{"path","state","chunks","reason","code","remedy"}],"totals":{…},"seconds", …}`.
struct ImportReport: Encodable, Sendable {
    enum State: String, Encodable, Sendable, CaseIterable {
        case done, unchanged, failed, removed
    }

    struct File: Encodable, Sendable, Equatable {
        let path: String
        let state: State
        let chunks: Int
        /// Of a failure: its code, and behind a colon what was wrong.
        var reason: String?
        var code: String?
        var remedy: String?

        init(path: String, state: State, chunks: Int) {
            self.path = path
            self.state = state
            self.chunks = chunks
        }

        init(path: String, failed code: String, _ reason: String, remedy: String? = nil) {
            self.init(path: path, state: .failed, chunks: 0)
            self.code = code
            self.reason = "\(code): \(reason)"
            self.remedy = remedy
        }

        init(path: String, _ fault: FileFault) {
            self.init(path: path, failed: fault.code, fault.reason, remedy: fault.remedy)
        }
    }

    struct Totals: Encodable, Sendable, Equatable {
        let files: Int
        let done: Int
        let unchanged: Int
        let failed: Int
        let removed: Int
        let chunks: Int
        /// Files that were found and had not come to their end when the import was stopped.
        let open: Int
    }

    let files: [File]
    let totals: Totals
    /// How many failed for each code.
    let failures: [String: Int]
    /// What was passed over by rule.
    let left_out: [String: Int]
    /// With `--sync`: files that seem gone from the folder and were kept, because not everything could be read.
    let kept: Int
    /// The assistant that was made for the import.
    let created_assistant: String?
    let interrupted: Bool
    let seconds: Double

    init(
        files: [File], open: Int = 0, leftOut: [LeftOut: Int] = [:], kept: Int = 0, createdAssistant: String? = nil,
        interrupted: Bool = false, seconds: Double
    ) {
        self.files = files
        self.seconds = (seconds * 1_000).rounded() / 1_000
        self.kept = kept
        self.interrupted = interrupted
        created_assistant = createdAssistant
        left_out = Dictionary(uniqueKeysWithValues: leftOut.map { ($0.key.rawValue, $0.value) })
        failures = files.reduce(into: [:]) { counts, file in
            if file.state == .failed { counts[file.code ?? "unknown", default: 0] += 1 }
        }
        func count(_ state: State) -> Int { files.count { $0.state == state } }
        totals = Totals(
            files: files.count, done: count(.done), unchanged: count(.unchanged), failed: count(.failed), removed: count(.removed),
            chunks: files.reduce(0) { $0 + ($1.state == .removed ? 0 : $1.chunks) }, open: open)
    }
}

/// A report as a file: whole or not at all, whatever happens while it is written.
enum ReportFile {
    /// Looks before the work begins whether it can be written at its end.
    static func check(_ path: String) throws(Problem) {
        let folder = (path as NSString).deletingLastPathComponent
        guard FileManager.default.isWritableFile(atPath: folder.isEmpty ? "." : folder) else {
            throw Problem(
                .configuration, code: "report_folder", "The report \(path) cannot be written: its folder is not there or not writable.",
                remedy: "Choose another path.", parameter: "--report")
        }
    }

    static func write(_ report: some Encodable, to path: String) throws(Problem) {
        do {
            try Output.encoded(report).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Problem(
                .environment, code: "report_not_written", "The report cannot be written to \(path): \(error.localizedDescription)",
                remedy: "The import itself has ended; choose another path.", parameter: "--report", underlying: error)
        }
    }
}
