import ArgumentParser
import Domain
import Foundation

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import files and folders into an assistant.",
        discussion: """
            Every file ends as done, unchanged or failed with its reason; the rest goes on. Running it again costs only what has changed. \
            Folders are read with everything below them, hidden files left out.

            Example: bunko import ./docs --assistant handbook --tag policy
            """)

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "path"))
    var paths: [String]

    @Option(help: "The assistant, by name or id; made when it is missing.")
    var assistant: String?

    @Flag(help: "For all to share instead: every assistant whose settings allow it. For administrators.")
    var shared = false

    @Option(name: .customLong("tag"), help: "A tag for these files; may be given several times.")
    var tags: [String] = []

    @Flag(help: "Tell what would be imported and do nothing.")
    var dryRun = false

    @Flag(help: "Also try files again that failed before and have not changed.")
    var retryFailed = false

    @Option(help: "Files under way at a time, 1 to 64.")
    var jobs = 8

    @Option(help: ArgumentHelp("Write the report as JSON to this file.", valueName: "file"))
    var report: String?

    @Option(help: ArgumentHelp("A server to import into, instead of the one on the data folder.", valueName: "url"))
    var server: String?

    @Option(help: "The API key for --server. Environment: BUNKO_KEY.")
    var key: String?

    @Flag(help: "Print the report as JSON on standard output.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name at least one file or folder.") }
        guard (assistant != nil) != shared else { throw ValidationError("Give --assistant NAME or --shared, one of them.") }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs is between 1 and 64.") }
    }

    func run() async throws {
        let found = FileFinder.files(below: paths)
        if dryRun { return tellPlan(found) }
        let job = ImportJob(items: found, assistant: assistant, tags: tags, retryFailed: retryFailed, jobs: jobs)
        let report: ImportReport
        if let server {
            guard let key = key ?? ProcessInfo.processInfo.environment["BUNKO_KEY"] else {
                throw Problem(
                    .configuration, code: "key_missing", "--server needs a key.", remedy: "Give it with --key or in BUNKO_KEY.",
                    parameter: "--key")
            }
            Logging.start(level: options.verbose ? .debug : .error)
            let client = APIClient(address: server.hasSuffix("/") ? String(server.dropLast()) : server, token: key)
            try await client.requireAlive()
            report = try await job.run(client)
        } else {
            report = try await options.withServer { try await job.run($0) }
        }
        try finish(report)
    }

    private func tellPlan(_ found: [FileFinder.Item]) {
        for item in found {
            switch item {
            case .file(let path): Output.line("would import \(path)")
            case .unreadable(let path, let reason): Output.line("cannot import \(path): \(reason)")
            }
        }
        Output.line("\(found.count) files; nothing was done.")
    }

    private func finish(_ report: ImportReport) throws {
        if let path = self.report {
            do {
                try report.json().write(to: URL(filePath: path), options: .atomic)
            } catch {
                throw Problem(
                    .environment, code: "report_not_written", "The report cannot be written to \(path): \(error.localizedDescription)",
                    remedy: "The import itself is finished; choose another path.", parameter: "--report", underlying: error)
            }
        }
        if json { Output.line(String(decoding: try report.json(), as: UTF8.self)) } else { report.tell() }
        if report.totals.failed > 0 { throw ItemsFailed(count: report.totals.failed, total: report.files.count) }
    }
}
