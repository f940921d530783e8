import Glibc
import Logging
import Postgres
import Testing

@testable import EmbeddedPostgres

/// A data folder of one test, reachable for the unprivileged account when root runs the tests.
final class DataFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/bunko-embedded-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure("mkdtemp", "/tmp") }
        path = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
        chmod(path, 0o755)
    }

    var layout: ClusterLayout { ClusterLayout(root: path) }

    /// The account of the cluster in this folder, or of one that would be made.
    func account() throws -> ServerAccount {
        try ServerAccount.choose(
            clusterOwner: layout.isOccupied ? FileFacts(path: layout.cluster)?.owner : nil, clusterPath: layout.cluster)
    }

    func cluster(policy: RestartPolicy = RestartPolicy(firstWait: .milliseconds(50), longestWait: .milliseconds(200))) -> EmbeddedCluster {
        EmbeddedCluster(dataDirectory: path, installation: nil, restartPolicy: policy, logger: quietLogger())
    }

    /// The recorded postmaster, when it is really this folder's.
    func runningPostmaster() throws -> ServerProcess? {
        guard let pid = PostmasterFile.read(fromCluster: layout.cluster)?.pid, let process = ServerProcess(pid: pid) else { return nil }
        return process.isPostmaster(ofCluster: layout.cluster, owner: try account().uid) ? process : nil
    }

    /// Ends what a failed test left running and removes everything.
    func remove() {
        if let process = try? runningPostmaster() {
            process.send(SIGQUIT)
            _ = process.waitForEnd(atMost: .seconds(10))
        }
        if let account = try? account(), let runtime = try? RuntimeDirectory.prepare(for: layout, account: account) {
            _ = try? ChildCommand(["/bin/rm", "-rf", runtime]).run()
        }
        _ = try? ChildCommand(["/bin/rm", "-rf", path]).run()
    }
}

/// Lends a data folder and removes it afterwards.
func withDataFolder(_ body: (DataFolder) async throws -> Void) async throws {
    let folder = try DataFolder()
    defer { folder.remove() }
    try await body(folder)
}

/// Runs SQL through psql as a client would; the trimmed answer.
func query(_ sql: String, _ configuration: PostgresConfiguration) throws -> String {
    let result = try ChildCommand([
        "/usr/bin/env", "PGPASSWORD=\(configuration.password ?? "")", "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet",
        "--set=ON_ERROR_STOP=1", "--host=\(configuration.host)", "--port=\(configuration.port)", "--username=\(configuration.user)",
        "--dbname=\(configuration.database)", "--command=\(sql)",
    ]).run()
    guard result.succeeded else { throw QueryFailure(output: result.output) }
    return result.output.split(separator: "\n").joined(separator: "\n")
}

struct QueryFailure: Error, CustomStringConvertible {
    let output: String
    var description: String { output }
}

/// Polls until the condition holds, at most half a minute.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    for _ in 0..<600 {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return false
}

/// The error of the room that the body throws; nil when it throws none.
func failure(_ body: () async throws -> Void) async -> EmbeddedPostgresError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? EmbeddedPostgresError
    }
}

/// Writes a shell script, by a process of its own: one that this process had open for writing could not be run ("text file busy") while a
/// child that another test starts this moment still has the descriptor.
func writeScript(_ lines: String, to path: String) throws {
    let writing = try ChildCommand(["/bin/sh", "-c", "printf '#!/bin/sh\n%s' \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", lines, path]).run()
    #expect(writing.succeeded, "\(writing.output)")
}

func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
    try writeAtomically(text, to: path, mode: mode)
}

/// Errors speak for themselves in tests.
func quietLogger() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
