import Foundation

/// What an import did, file by file: `{"files":[{"path","state","chunks","reason"}],"totals":{…},"seconds"}`.
struct ImportReport: Encodable, Sendable {
    enum State: String, Encodable, Sendable {
        case done, unchanged, failed, removed
    }

    struct File: Encodable, Sendable {
        let path: String
        let state: State
        let chunks: Int
        let reason: String?
    }

    struct Totals: Encodable, Sendable {
        let files: Int
        let done: Int
        let unchanged: Int
        let failed: Int
        let removed: Int
        let chunks: Int
    }

    let files: [File]
    let totals: Totals
    let seconds: Double

    init(files: [File], seconds: Double) {
        self.files = files
        self.seconds = (seconds * 1_000).rounded() / 1_000
        func count(_ state: State) -> Int { files.count { $0.state == state } }
        totals = Totals(
            files: files.count, done: count(.done), unchanged: count(.unchanged), failed: count(.failed), removed: count(.removed),
            chunks: files.reduce(0) { $0 + $1.chunks })
    }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// For people: the failures with their reasons, then the sums.
    func tell() {
        for file in files where file.state == .failed {
            Output.line("failed: \(file.path): \(file.reason ?? "no reason was given")")
        }
        Output.line(
            "\(totals.done) done, \(totals.unchanged) unchanged, \(totals.failed) failed; \(totals.chunks) passages; \(seconds.formatted(.number.precision(.fractionLength(1)))) s"
        )
    }
}
