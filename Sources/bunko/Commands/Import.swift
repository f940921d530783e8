import ArgumentParser
import Domain
import Foundation

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import files and folders into an assistant.",
        discussion: """
            Every file that is found ends as done, unchanged or failed with its reason; the rest goes on, and nothing is dropped in \
            silence. Running the same command again costs only what has changed and goes on where an interrupted import stopped.

            PATHS are files, folders with everything below them, and globs in quotes ('docs/**/*.{md,pdf}'). In folders are left \
            out, counted but not failed: hidden files, links to folders, and what .gitignore and .bunkoignore files say, which are \
            read as git reads them. A file of a type that cannot be read (an image, an archive) is failed: a line *.png in a \
            .bunkoignore file says that it is not meant.

            --sync makes the knowledge equal to the folders: what is gone from them is removed, last, and only when everything below \
            them could be read. What ignore files leave out is gone, too. A folder without any file removes nothing, as its disk \
            may not be mounted, unless --allow-empty is given. Files attached to conversations are none of the folder's and stay.

            --dry-run reads every file as the server would, and tells what would be added, replaced, unchanged and removed, the \
            passages and tokens, and what embedding them costs by the server's price. It changes nothing.

            Examples:
              bunko import ./docs --assistant handbook --tag policy
              bunko import ./docs --assistant handbook --sync --dry-run
              bunko import ./docs --assistant handbook --sync --watch
              bunko import 'reports/2026-*/*.pdf' --shared --server https://bunko.example --key bk_…

            Exit codes: 0 all files done or unchanged, 1 some failed (the summary and --report name them), 2 usage, 3 interrupted or \
            no server.
            """)

    @Argument(help: ArgumentHelp("Files, folders and globs.", valueName: "path"))
    var paths: [String]

    @Option(help: "The assistant, by name or id; made when it is missing.")
    var assistant: String?

    @Flag(help: "For all to share instead: every assistant whose settings allow it. For administrators.")
    var shared = false

    @Option(name: .customLong("tag"), help: "A tag for these files; may be given several times.")
    var tags: [String] = []

    @Flag(help: "Make the knowledge equal to the paths: also remove what is gone from them.")
    var sync = false

    @Flag(help: "With --sync: a folder without any file may remove all that was imported from it.")
    var allowEmpty = false

    @Flag(help: "Tell what would be done with each file, passages, tokens and cost, and change nothing.")
    var dryRun = false

    @Flag(help: "Afterwards stay, and import what changes until Ctrl-C.")
    var watch = false

    @Flag(help: "Also try files again that failed before and have not changed.")
    var retryFailed = false

    @Option(help: "Uploads under way at a time, 1 to 64; the server processes at its own pace.")
    var jobs = 8

    @Option(help: ArgumentHelp("Write the report as JSON to this file, also when interrupted.", valueName: "file"))
    var report: String?

    @Option(help: ArgumentHelp("A server to import into, instead of the one on the data folder.", valueName: "url"))
    var server: String?

    @Option(help: "The API key for --server. Environment: BUNKO_KEY.")
    var key: String?

    @Flag(help: "Print the report as JSON on standard output, and no progress.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name at least one file or folder.") }
        guard (assistant != nil) != shared else { throw ValidationError("Give --assistant NAME or --shared, one of them.") }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs is between 1 and 64.") }
        guard !(dryRun && watch) else { throw ValidationError("--dry-run and --watch exclude each other.") }
        guard sync || !allowEmpty else { throw ValidationError("--allow-empty goes with --sync.") }
    }

    func run() async throws {
        if let report { try ReportFile.check(report) }
        let paths = paths
        let wanted = ImportOptions(
            roots: try await Blocking.run { _ in paths.map(ImportRoot.init) }, assistant: assistant,
            tags: ImportOptions.tags(tags), retryFailed: retryFailed, jobs: jobs, sync: sync, allowEmpty: allowEmpty, isQuiet: json)
        try await UploadNote.clear()
        // A failure is no reason to end a service of the command's own in any other than good order, so it is carried out as a value.
        let failure: (any Error)? = try await onServer { client in
            do {
                try await cancelledBySignals { try await work(wanted, client) }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private func work(_ wanted: ImportOptions, _ client: APIClient) async throws {
        if dryRun { return try tell(try await DryRun(wanted, client, preview: preview).run()) }
        try await importAll(wanted, client)
    }

    /// Reads documents as the server at hand does. Its vocabulary is in the data folder when it is this machine's; for another server it
    /// may be named here as it is there.
    private func preview(_ limits: LimitsAnswer) async throws -> DocumentPreview {
        guard limits.reading?.vocabulary != nil else { return try DocumentPreview.asServer(limits.reading) { _ in nil } }
        let settings = try await Settings(options)
        return try DocumentPreview.asServer(limits.reading) { try VocabularyFile.prepared($0, settings) }
    }

    private func importAll(_ wanted: ImportOptions, _ client: APIClient) async throws {
        let pass = try await ImportPass.prepared(wanted, client)
        guard watch else { return try tell(await pass.run()) }
        try await ImportWatch(pass: pass, isJSON: json).run {
            do {
                try tell(await pass.run())
            } catch is ItemsFailed {
                // They are told; the rest is watched.
            }
        }
    }

    private func onServer<R: Sendable>(_ body: @escaping @Sendable (APIClient) async throws -> R) async throws -> R {
        guard let server else { return try await options.withServer(body) }
        guard let key = key ?? ProcessInfo.processInfo.environment["BUNKO_KEY"] else {
            throw Problem(
                .configuration, code: "key_missing", "--server needs a key.", remedy: "Give it with --key or in BUNKO_KEY.",
                parameter: "--key")
        }
        Logging.start(level: options.verbose ? .debug : .error)
        let client = APIClient(address: server.hasSuffix("/") ? String(server.dropLast()) : server, token: key)
        try await client.requireAlive()
        return try await body(client)
    }

    private func tell(_ outcome: ImportPass.Outcome) throws {
        let told = outcome.report
        if let path = report { try ReportFile.write(told, to: path) }
        if json { try Output.json(told) } else { for line in ImportSummary(report: told).lines { Output.line(line) } }
        if let stop = outcome.stop { throw stop is CancellationError ? Self.interrupted(told) : stop }
        if told.totals.failed > 0 { throw ItemsFailed(count: told.totals.failed, total: told.files.count) }
    }

    private func tell(_ plan: DryRunReport) throws {
        if let path = report { try ReportFile.write(plan, to: path) }
        if json { try Output.json(plan) } else { for line in plan.lines { Output.line(line) } }
        if plan.totals.fail > 0 { throw ItemsFailed(count: plan.totals.fail, total: plan.files.count, what: "files would have") }
    }

    private static func interrupted(_ report: ImportReport) -> Problem {
        Problem(
            .environment, code: "interrupted", "The import was interrupted with \(report.totals.open) files not at their end.",
            remedy: "What was done is kept, and what the server has taken it goes on with; run the same command again for the rest.")
    }
}
