import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite struct ClusterRefusalTests {
    /// A folder in the cluster's place, owned as PostgreSQL would own it.
    private func plant(_ files: [String: String], in folder: DataFolder) throws {
        let account = try folder.account()
        mkdir(folder.layout.cluster, 0o700)
        for (name, content) in files { try writeAtomically(content, to: "\(folder.layout.cluster)/\(name)", mode: 0o600, owner: account) }
        if geteuid() == 0 { chown(folder.layout.cluster, account.uid, account.gid) }
    }

    @Test func aClusterOfAnotherMajorVersionIsToldWithTheWayOut() async throws {
        try await withDataFolder { folder in
            try plant(["PG_VERSION": "9\n"], in: folder)
            let error = await failure { _ = try await folder.cluster().start() }
            #expect(error?.kind == .wrongMajorVersion)
            #expect(error?.what.contains("created by PostgreSQL 9 ") == true)
            #expect(error?.remedy.contains("postgresql-9-pgvector") == true)
            #expect(error?.remedy.contains("bunko restore") == true)
        }
    }

    @Test func aGivenInstallationOfAnotherMajorVersionIsRefused() async throws {
        try await withDataFolder { folder in
            try plant(["PG_VERSION": "15\n"], in: folder)
            let given = PostgresInstallation(binDirectory: "/opt/pg/bin", majorVersion: 18, versionText: "18.1", pgvectorVersion: "0.8.1")
            let error = await failure { _ = try folder.layout.installation(given: given) }
            #expect(error?.kind == .wrongMajorVersion)
            #expect(error?.what.contains("18.1 in /opt/pg/bin") == true)
        }
    }

    @Test func aFolderThatIsNoClusterIsLeftAsItIs() async throws {
        try await withDataFolder { folder in
            try plant(["notes.txt": "mine\n"], in: folder)
            let error = await failure { _ = try await folder.cluster().start() }
            #expect(error?.kind == .clusterDamaged)
            #expect(text(ofFile: folder.layout.cluster + "/notes.txt") == "mine\n")
        }
    }

    @Test func aLostPasswordFileIsNamed() async throws {
        try await withDataFolder { folder in
            try plant(["PG_VERSION": "\(try PostgresInstallation.discover().majorVersion)\n"], in: folder)
            let error = await failure { _ = try await folder.cluster().start() }
            #expect(error?.kind == .clusterDamaged)
            #expect(error?.location == folder.layout.secret)
        }
    }

    /// Root's unprivileged account cannot enter; a normal user cannot write.
    @Test func anUnreachableDataFolderIsNamedWithTheFolderThatRefuses() async throws {
        try await withDataFolder { folder in
            let closed = folder.path + "/closed"
            mkdir(closed, 0o700)
            if geteuid() != 0 { chmod(closed, 0o500) }
            let cluster = EmbeddedCluster(dataDirectory: closed + "/data", logger: quietLogger())
            let error = await failure { _ = try await cluster.start() }
            #expect(error?.kind == (geteuid() == 0 ? .folderUnreachable : .folderUnusable))
            #expect(error?.location == (geteuid() == 0 ? closed : closed + "/data"))
            #expect(cluster.status.phase == .stopped)
            chmod(closed, 0o755)
            #expect(await failure { _ = try await cluster.start() } == nil)
            try await cluster.stop()
        }
    }

    @Test func aFileInTheDataFoldersPlaceIsNamed() async throws {
        try await withDataFolder { folder in
            try write("", to: folder.path + "/file")
            for path in [folder.path + "/file", folder.path + "/file/data"] {
                let cluster = EmbeddedCluster(dataDirectory: path, logger: quietLogger())
                let error = await failure { _ = try await cluster.start() }
                #expect(error?.kind == .folderUnusable)
                #expect(error?.remedy.contains("a file stands") == true)
            }
        }
    }

    @Test func anInitdbThatFailsIsQuotedAndLeavesNothing() async throws {
        try await withDataFolder { folder in
            let bin = folder.path + "/bin"
            try makeDirectories(bin, mode: 0o755)
            try writeScript("echo 'initdb: no luck today' >&2\nexit 1\n", to: bin + "/initdb")
            let broken = PostgresInstallation(binDirectory: bin, majorVersion: 15, versionText: "15.0", pgvectorVersion: "0.8.0")
            let cluster = EmbeddedCluster(
                dataDirectory: folder.path, installation: broken, logger: quietLogger())
            let error = await failure { _ = try await cluster.start() }
            #expect(error?.kind == .creationFailed)
            #expect(error?.what.contains("no luck today") == true)
            #expect(!names(inDirectory: folder.path).contains { $0.hasPrefix("postgres.partial") || $0 == "postgres" })
            #expect(await failure { _ = try DataDirectoryLock(directory: folder.path) } == nil)
        }
    }

    @Test func watchingBeforeStartingIsAnError() async throws {
        try await withDataFolder { folder in
            #expect(await failure { try await folder.cluster().run() }?.kind == .startFailed)
        }
    }
}
