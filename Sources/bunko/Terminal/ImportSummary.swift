import Foundation

/// What an import did, for people: a table by state, the failures by their codes and one by one, and what was passed over.
struct ImportSummary {
    let report: ImportReport

    var lines: [String] {
        failures + (failures.isEmpty ? [] : [""]) + table + notes
    }

    private var table: [String] {
        let rows = ImportReport.State.allCases.compactMap { state -> [String]? in
            let files = report.files.filter { $0.state == state }
            guard !files.isEmpty || state == .done else { return nil }
            return [state.rawValue, "\(files.count)", "\(files.reduce(0) { $0 + $1.chunks })"]
        }
        return TextTable(["", "files", "passages"], rows).lines
    }

    /// Each failed file with its reason and what to do, and above them how many failed for which code.
    private var failures: [String] {
        let failed = report.files.filter { $0.state == .failed }
        guard !failed.isEmpty else { return [] }
        let codes = report.failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        return ["\(failed.count) failed: \(codes.joined(separator: ", "))"]
            + failed.flatMap { file in
                ["  \(file.path)", "      \(file.reason ?? "no reason was given")"] + (file.remedy.map { ["      → \($0)"] } ?? [])
            }
    }

    private var notes: [String] {
        var notes: [String] = []
        let leftOut = LeftOut.allCases.compactMap { reason in report.left_out[reason.rawValue].map { "\($0) \(reason.phrase)" } }
        if !leftOut.isEmpty { notes.append("left out: \(leftOut.joined(separator: ", "))") }
        if report.kept > 0 {
            notes.append(
                "kept: \(Readable.count(report.kept, "file")) gone from the folder as it seems, because not everything below it could be read"
            )
        }
        if report.totals.open > 0 { notes.append("not at their end: \(Readable.count(report.totals.open, "file"))") }
        notes.append("\(report.seconds.formatted(.number.precision(.fractionLength(1)).grouping(.never))) s")
        return notes
    }
}
