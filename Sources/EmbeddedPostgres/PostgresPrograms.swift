import Dispatch
import Glibc
public import Postgres
import Synchronization

/// PostgreSQL's programs for backups, `pg_dump` and `pg_restore`, of one version.
///
/// The login goes to them through their environment alone: arguments can be read by every account of the machine.
public struct PostgresPrograms: Sendable {
    /// Folder of the programs.
    public let binDirectory: String
    /// 15 for 15.8.
    public let majorVersion: Int

    private static let queue = DispatchQueue(label: "bunko.postgres-programs", attributes: .concurrent)

    /// The programs of the server's own major version, else the next newer ones: an older `pg_dump` refuses a newer server.
    ///
    /// Runs each installation's `pg_dump --version`: blocks for some ten milliseconds.
    /// - Parameter overrideDirectory: as in ``PostgresInstallation/discover(overrideDirectory:)``.
    public static func discover(
        forServer serverMajorVersion: Int, overrideDirectory: String? = nil
    ) throws(EmbeddedPostgresError) -> PostgresPrograms {
        let directories = overrideDirectory.map { [$0, $0 + "/bin"] } ?? PostgresInstallation.searchedDirectories()
        let found = directories.compactMap(PostgresPrograms.init(directory:))
        let fitting = found.filter { $0.majorVersion >= serverMajorVersion }
        guard let nearest = fitting.min(by: { $0.majorVersion < $1.majorVersion }) else {
            let seen = found.isEmpty ? "none" : found.map { "\($0.majorVersion) in \($0.binDirectory)" }.joined(separator: ", ")
            throw EmbeddedPostgresError(
                .noPrograms,
                "The server is PostgreSQL \(serverMajorVersion) and needs pg_dump and pg_restore of that version; found: \(seen).",
                at: directories.first ?? "/usr/lib/postgresql",
                remedy: "install them (Debian: apt install postgresql-client-\(serverMajorVersion))")
        }
        return nearest
    }

    private init?(directory: String) {
        guard ["pg_dump", "pg_restore"].allSatisfy({ access("\(directory)/\($0)", X_OK) == 0 }),
            let line = firstLine(of: [directory + "/pg_dump", "--version"]),
            let major = versionNumbers(productVersion(ofOutput: line)).first
        else { return nil }
        binDirectory = directory
        majorVersion = major
    }

    /// Writes schema `public` of a database to a new file in custom format at compression 9.
    /// - Parameter snapshot: the moment to dump, exported by a transaction that is still open.
    public func dump(_ database: PostgresConfiguration, snapshot: String, to path: String) async throws {
        _ = try await run(
            "pg_dump",
            ["--format=custom", "--compress=9", "--schema=public", "--no-password", "--snapshot=\(snapshot)", "--file=\(path)"],
            on: database)
    }

    /// Brings a dump into a database as the login's own, in one transaction: all of it or nothing.
    public func restore(_ path: String, into database: PostgresConfiguration, listFile: String) async throws {
        let contents = try await run("pg_restore", ["--list", path], on: database)
        do throws(SystemFailure) {
            try writeAtomically(Self.withoutSchemaItself(contents), to: listFile, mode: 0o600)
        } catch {
            throw error.asFolderError
        }
        defer { unlink(listFile) }
        _ = try await run(
            "pg_restore",
            [
                "--single-transaction", "--exit-on-error", "--no-owner", "--no-password", "--use-list=\(listFile)",
                "--dbname=dbname=\(Self.quoted(database.database))", path,
            ], on: database)
    }

    /// The list of a dump's items without the schema `public`, which every database has already and a plain owner may not comment on.
    static func withoutSchemaItself(_ list: String) -> String {
        let lines = list.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { line in
            [" SCHEMA - public ", " COMMENT - SCHEMA public ", " ACL - SCHEMA public "].allSatisfy { !line.contains($0) }
        }.joined(separator: "\n")
    }

    /// A value in libpq's keyword form.
    private static func quoted(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    /// Runs a program to its end on a thread of its own; a cancelled task ends the program.
    private func run(_ program: String, _ arguments: [String], on database: PostgresConfiguration) async throws -> String {
        let command = ChildCommand(["\(binDirectory)/\(program)"] + arguments, variables: Self.variables(database))
        let running = RunningProgram()
        let result: Result<ChildCommand.Result, SystemFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Self.queue.async {
                    let result = Result { () throws(SystemFailure) in try command.run { running.set($0) } }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            running.end()
        }
        try Task.checkCancellation()
        let finished: ChildCommand.Result
        do throws(SystemFailure) {
            finished = try result.get()
        } catch {
            throw error.asFolderError
        }
        guard finished.succeeded else {
            throw EmbeddedPostgresError(
                .programFailed, "\(program) failed (\(finished.exit)): \(Self.reason(finished))", at: "\(binDirectory)/\(program)",
                remedy: "mend what it tells and try again")
        }
        return finished.output
    }

    /// The lines that say what went wrong: the statement that failed follows them and may be long.
    private static func reason(_ result: ChildCommand.Result) -> String {
        let errors = result.output.split(separator: "\n").filter { $0.contains(" error: ") || $0.contains("FATAL: ") }
        return errors.isEmpty ? result.lastLines : errors.prefix(3).joined(separator: "; ")
    }

    private static func variables(_ database: PostgresConfiguration) -> [String] {
        var variables = [
            "PGHOST=\(database.host)", "PGPORT=\(database.port)", "PGUSER=\(database.user)", "PGDATABASE=\(database.database)",
            "PGAPPNAME=bunko backup", "PGCONNECT_TIMEOUT=10",
        ]
        if let password = database.password { variables.append("PGPASSWORD=\(password)") }
        if let mode = database.sslMode { variables.append("PGSSLMODE=\(mode)") }
        return variables
    }
}

/// A program that may be ended from elsewhere, also before it has begun.
private final class RunningProgram: Sendable {
    private struct State {
        var process: ServerProcess?
        var isUnwanted = false
    }
    private let state = Mutex(State())

    func set(_ process: ServerProcess?) {
        state.withLock { state in
            state.process = process
            if state.isUnwanted { process?.send(SIGTERM) }
        }
    }

    func end() {
        state.withLock { state in
            state.isUnwanted = true
            state.process?.send(SIGTERM)
        }
    }
}
