import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite struct DiscoveryTests {
    /// An installation made of shell scripts and control files.
    private func makeInstallation(in folder: DataFolder, version: String, pgvector: String?, hasCrypto: Bool) throws -> String {
        let root = folder.path + "/pgsql"
        try makeDirectories(root + "/bin", mode: 0o755)
        try makeDirectories(root + "/share/extension", mode: 0o755)
        try writeScript("echo 'postgres (PostgreSQL) \(version)'\n", to: root + "/bin/postgres")
        try writeScript("", to: root + "/bin/initdb")
        try writeScript("echo '\(root)/share'\n", to: root + "/bin/pg_config")
        if let pgvector {
            try write("comment = 'vectors'\ndefault_version = '\(pgvector)'\n", to: root + "/share/extension/vector.control")
        }
        if hasCrypto { try write("default_version = '1.3'\n", to: root + "/share/extension/pgcrypto.control") }
        return root
    }

    @Test func acceptsASuitableInstallationByItsRootOrItsBinFolder() async throws {
        try await withDataFolder { folder in
            let root = try makeInstallation(in: folder, version: "17.2 (Test 1)", pgvector: "0.10.1", hasCrypto: true)
            for directory in [root, root + "/bin"] {
                let found = try PostgresInstallation.discover(overrideDirectory: directory)
                #expect(found.binDirectory == root + "/bin")
                #expect(found.majorVersion == 17)
                #expect(found.versionText == "17.2 (Test 1)")
                #expect(found.pgvectorVersion == "0.10.1")
            }
        }
    }

    @Test func findsTheExtensionsWithoutPgConfig() async throws {
        try await withDataFolder { folder in
            let root = try makeInstallation(in: folder, version: "16.1", pgvector: "0.8.0", hasCrypto: true)
            unlink(root + "/bin/pg_config")
            #expect(try PostgresInstallation.discover(overrideDirectory: root).pgvectorVersion == "0.8.0")
        }
    }

    @Test(arguments: [
        ("15.1", "0.6.0", true, "pgvector 0.8 or later (it has 0.6.0)"),
        ("15.1", nil, true, "pgvector 0.8 or later"),
        ("15.1", "0.8.0", false, "pgcrypto"),
        ("14.9", "0.8.0", true, "version 15 or later"),
    ])
    func refusesAndTellsWhatIsMissing(version: String, pgvector: String?, hasCrypto: Bool, missing: String) async throws {
        try await withDataFolder { folder in
            let root = try makeInstallation(in: folder, version: version, pgvector: pgvector, hasCrypto: hasCrypto)
            let error = await failure { _ = try PostgresInstallation.discover(overrideDirectory: root) }
            #expect(error?.kind == .noInstallation)
            #expect(error?.description.contains("PostgreSQL \(version) in \(root)/bin: lacks \(missing)") == true)
            #expect(error?.remedy.contains("install PostgreSQL") == true)
        }
    }

    @Test func refusesAFolderWithoutServerPrograms() async throws {
        try await withDataFolder { folder in
            let error = await failure { _ = try PostgresInstallation.discover(overrideDirectory: folder.path) }
            #expect(error?.kind == .noInstallation)
            #expect(error?.what.contains("lacks the server programs") == true)
        }
    }

    @Test func surveyListsEveryInstallationOnceAndDiscoveryPicksTheNewest() throws {
        let candidates = PostgresInstallation.survey()
        #expect(Set(candidates.map(\.binDirectory)).count == candidates.count)
        let chosen = try PostgresInstallation.discover()
        let newest = candidates.compactMap(\.installation).map(\.majorVersion).max()
        #expect(chosen.majorVersion == newest)
        #expect(chosen.majorVersion >= PostgresInstallation.oldestMajorVersion)
    }

    @Test func comparesVersionsAsNumbers() {
        #expect(versionNumbers("0.10.0") == [0, 10, 0])
        #expect(versionNumbers("18beta1") == [18])
        #expect(versionNumbers("0.8").lexicographicallyPrecedes(versionNumbers("0.10.0")))
        #expect(!versionNumbers("0.8.0").lexicographicallyPrecedes(versionNumbers("0.8")))
    }
}
