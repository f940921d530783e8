import ArgumentParser
import Domain
import Foundation
import Operations
import Retrieval

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the index with the table, and files with their passages and stored bytes.",
        discussion: """
            Every row is compared: that the index has it, with the same vector and the same attributes, and no other. For some rows the ten \
            nearest are looked for by the index and by the database. Exit code 1: something differs (with --repair: differed).
            """)

    @Flag(
        help: """
            Put into the index what the table says, have files with other passages than they say read again, and remove stored bytes that \
            belong to nothing.
            """)
    var repair = false
    @Option(help: ArgumentHelp("Only the index's rows of this assistant, and no files.", valueName: "name"))
    var assistant: String?
    @Flag(help: "Print the API's answer as JSON.")
    var json = false
    @OptionGroup var options: GlobalOptions

    private struct Body: Encodable {
        let repair: Bool
        let assistant: String?
    }

    private struct Answer: Decodable {
        let index: IndexVerification?
        let files: FileVerification?
    }

    func run() async throws {
        let body = try JSONEncoder().encode(Body(repair: repair, assistant: assistant))
        let data = try await options.withServer {
            try await $0.raw(.POST, "/v1/index/verify", body: (Array(body), "application/json"), timeout: .hours(6))
        }
        let answer = try JSONDecoder().decode(Answer.self, from: data)
        if json { Output.line(String(decoding: data, as: UTF8.self)) } else { show(answer) }
        let leftovers = answer.files?.leftovers ?? ContentSweep()
        let differences =
            (answer.index?.differing.values.reduce(0, +) ?? 0) + (answer.files?.faults.count ?? 0) + (answer.files?.mismatches.count ?? 0)
            + leftovers.contents + leftovers.files
        if differences > 0 { throw DifferencesFound(count: differences, areRepaired: repair) }
    }

    private func show(_ answer: Answer) {
        if let index = answer.index {
            Output.line(
                "Index: \(index.index_rows) rows in \(index.partitions) partitions; \(index.table_rows) rows of the table compared in "
                    + "\(String(format: "%.1f", index.seconds)) s.")
            if index.unsearchable > 0 {
                Output.line("  \(index.unsearchable) rows have a vector without a direction; no search finds them.")
            }
            for (kind, count) in index.differing.sorted(by: <) { Output.line("  \(kind): \(count)") }
            for example in index.examples.prefix(10) {
                Output.line("    \(example.kind.rawValue) \(example.id.uuidString.lowercased())")
            }
            if let recall = index.recall {
                Output.line("  recall@10 against exact SQL: \(String(format: "%.3f", recall)) (\(index.compared) rows)")
            }
            if index.repaired > 0 { Output.line("  \(index.repaired) rows put right.") }
            if index.isSame { Output.line("  Index and table are the same.") }
        }
        guard let files = answer.files else { return }
        Output.line("Files: \(files.contents) stored contents read.")
        for fault in files.faults {
            Output.line("  \(fault.code) \(fault.sha256): \(fault.files.map(\.description).joined(separator: ", "))")
        }
        for mismatch in files.mismatches {
            Output.line("  \(mismatch.name) (\(mismatch.file)) says \(mismatch.expected) passages and has \(mismatch.found)")
        }
        if files.leftovers.contents > 0 { Output.line("  \(files.leftovers.contents) stored contents belong to no file") }
        if files.leftovers.isForeign { Output.line("  That is most of them, so none is removed: is this their database?") }
        if files.leftovers.files > 0 { Output.line("  \(files.leftovers.files) uploads were left over by a crash") }
        if files.repaired > 0 { Output.line("  \(files.repaired) files are read again.") }
        if files.isSound { Output.line("  Files, passages and stored bytes belong together.") }
    }
}
