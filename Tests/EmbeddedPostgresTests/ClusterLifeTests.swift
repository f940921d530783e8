import Glibc
import Postgres
import Testing

@testable import EmbeddedPostgres

@Suite struct ClusterLifeTests {
    @Test func createsStartsStopsAndKeepsData() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            _ = try query("CREATE EXTENSION vector; CREATE EXTENSION pgcrypto; CREATE TABLE t AS SELECT 42 AS x", configuration)
            #expect(cluster.status.phase == .running)
            #expect(try await cluster.start() == configuration)
            try await cluster.stop()
            #expect(cluster.status.phase == .stopped)
            #expect(cluster.status.lastExit == .code(0))
            #expect(try folder.runningPostmaster() == nil)
            #expect(access(configuration.host, F_OK) != 0)

            let again = folder.cluster()
            #expect(try await again.start() == configuration)
            #expect(again.status.wasTakenOver == false)
            #expect(try query("SELECT x FROM t", configuration) == "42")
            try await again.stop()
            try await again.stop()
        }
    }

    @Test func isPrivateDurableAndUnicode() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            var configuration = try await cluster.start()
            let settings = [
                ("listen_addresses", ""), ("fsync", "on"), ("data_checksums", "on"), ("server_encoding", "UTF8"), ("TimeZone", "UTC"),
                ("unix_socket_permissions", "0700"), ("max_connections", "120"), ("password_encryption", "scram-sha-256"),
                ("log_directory", folder.layout.logDirectory),
            ]
            for (name, value) in settings { #expect(try query("SHOW \(name)", configuration) == value, "\(name)") }
            #expect(try query("SELECT count(*) FROM pg_hba_file_rules", configuration) == "1")
            #expect(try query("SELECT upper('é') || (SELECT 'a' < 'B')", configuration) == "Éfalse")
            let secret = try #require(FileFacts(path: folder.layout.secret))
            #expect(secret.mode & 0o777 == 0o600)
            #expect(secret.owner == geteuid())
            #expect(FileFacts(path: configuration.host)?.mode == S_IFDIR | 0o700)
            configuration.password = "wrong"
            #expect(throws: QueryFailure.self) { try query("SELECT 1", configuration) }
            #expect(try await eventually { !names(inDirectory: folder.layout.logDirectory).isEmpty })
            try await cluster.stop()
        }
    }

    @Test func ownSettingsInPostgresqlConfWin() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            _ = try await cluster.start()
            try await cluster.stop()
            let path = folder.layout.cluster + "/postgresql.conf"
            let settings = try #require(text(ofFile: path))
            try writeAtomically(settings + "work_mem = '7MB'\n", to: path, mode: 0o600, owner: try folder.account())
            #expect(try query("SHOW work_mem", await cluster.start()) == "7MB")
            try await cluster.stop()
        }
    }

    @Test func aSecondServerOfTheFolderIsRefused() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            let error = await failure { _ = try await folder.cluster().start() }
            #expect(error?.kind == .folderInUse)
            #expect(error?.what.contains("process \(getpid())") == true)
            #expect(try query("SELECT 1", configuration) == "1")
            try await cluster.stop()
        }
    }

    @Test func makesAMissingDataFolderOfAnyNameThroughALink() async throws {
        try await withDataFolder { folder in
            symlink(folder.path, folder.path + "/link")
            let name = #"it's a \ "long" 文庫 "# + String(repeating: "x", count: 120)
            let cluster = EmbeddedCluster(dataDirectory: folder.path + "/link/new/\(name)", logger: quietLogger())
            let configuration = try await cluster.start()
            #expect(try query("SHOW data_directory", configuration) == folder.path + "/new/\(name)/postgres")
            try await cluster.stop()
        }
    }

    @Test func aCancelledStartLeavesNothingRunningOrLocked() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let start = Task { try await cluster.start() }
            start.cancel()
            #expect(await failure { _ = try await start.value }?.kind == .cancelled)
            #expect(try folder.runningPostmaster() == nil)
            let next = folder.cluster()
            #expect(try query("SELECT 1", await next.start()) == "1")
            try await next.stop()
        }
    }

    @Test func cancelledSupervisionStopsThePostmaster() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            _ = try await cluster.start()
            let supervision = Task { try await cluster.run() }
            try await Task.sleep(for: .milliseconds(100))
            #expect(try folder.runningPostmaster() != nil)
            supervision.cancel()
            try await supervision.value
            #expect(try folder.runningPostmaster() == nil)
            #expect(cluster.status.lastExit == .code(0))
        }
    }

    @Test func terminationStopsTheClusterAfterItsDependents() async throws {
        try await withDataFolder { folder in
            let path = folder.path
            await #expect(processExitsWith: .success) { [path = path as String] in
                try await serveUntilTerminated(dataDirectory: path)
            }
            #expect(try folder.runningPostmaster() == nil)
            let cluster = folder.cluster()
            #expect(try query("SELECT count(*) FROM last_words", await cluster.start()) == "1")
            try await cluster.stop()
        }
    }
}
