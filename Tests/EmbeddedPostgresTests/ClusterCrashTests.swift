import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite struct ClusterCrashTests {
    @Test func aKilledPostmasterComesBackWithItsData() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            let supervision = Task { try await cluster.run() }
            _ = try query("CREATE TABLE t (x int)", configuration)
            for round in 1...3 {
                _ = try query("INSERT INTO t VALUES (\(round))", configuration)
                let old = try #require(cluster.status.pid)
                kill(old, SIGKILL)
                #expect(try await eventually { cluster.status.restarts == round && cluster.status.phase == .running })
                #expect(cluster.status.pid != old)
                #expect(cluster.status.lastExit == .signal(SIGKILL))
                #expect(try query("SELECT count(*) FROM t", configuration) == "\(round)")
            }
            supervision.cancel()
            try await supervision.value
        }
    }

    @Test func aVanishedSocketIsMadeAgain() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            let supervision = Task { try await cluster.run() }
            unlink("\(configuration.host)/\(ClusterLayout.socketName)")
            #expect(try await eventually { cluster.status.restarts == 1 })
            #expect(try query("SELECT 1", configuration) == "1")
            supervision.cancel()
            try await supervision.value
        }
    }

    @Test func repeatedFailureEndsWithTheLogsLastLines() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster(policy: RestartPolicy(firstWait: .milliseconds(10), longestWait: .milliseconds(20), attempts: 3))
            _ = try await cluster.start()
            let path = folder.layout.cluster + "/postgresql.conf"
            try writeAtomically("no_such_setting = 1\n", to: path, mode: 0o600, owner: try folder.account())
            kill(try #require(cluster.status.pid), SIGKILL)
            let error = await failure { try await cluster.run() }
            #expect(error?.kind == .keepsFailing)
            #expect(error?.what.contains("no_such_setting") == true)
            #expect(cluster.status.phase == .failed)
            #expect(cluster.status.restarts == 0)
            let next = await failure { _ = try await folder.cluster().start() }
            #expect(next?.kind == .startFailed)
            #expect(next?.what.contains("no_such_setting") == true)
        }
    }

    /// Starts the cluster in a process of its own, which then dies by SIGKILL.
    private func startAndDie(_ folder: DataFolder) async {
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let cluster = EmbeddedCluster(dataDirectory: path, logger: quietLogger())
            let configuration = try await cluster.start()
            _ = try query("CREATE TABLE IF NOT EXISTS t AS SELECT 42 AS x", configuration)
            kill(getpid(), SIGKILL)
        }
    }

    @Test func aPostmasterLeftBehindIsTakenOverAndWatched() async throws {
        try await withDataFolder { folder in
            await startAndDie(folder)
            let orphan = try #require(try folder.runningPostmaster())
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            #expect(cluster.status.wasTakenOver)
            #expect(cluster.status.pid == orphan.pid)
            #expect(try query("SELECT x FROM t", configuration) == "42")
            let supervision = Task { try await cluster.run() }
            orphan.send(SIGKILL)
            #expect(try await eventually { cluster.status.restarts == 1 })
            #expect(try query("SELECT x FROM t", configuration) == "42")
            supervision.cancel()
            try await supervision.value
            #expect(try folder.runningPostmaster() == nil)
        }
    }

    @Test func aPostmasterLeftWithoutItsSocketIsReplaced() async throws {
        try await withDataFolder { folder in
            await startAndDie(folder)
            let orphan = try #require(try folder.runningPostmaster())
            let socket = try RuntimeDirectory.prepare(for: folder.layout, account: folder.account()) + "/" + ClusterLayout.socketName
            unlink(socket)
            let cluster = folder.cluster()
            #expect(try query("SELECT x FROM t", await cluster.start()) == "42")
            #expect(!cluster.status.wasTakenOver)
            #expect(orphan.condition() != .running)
            try await cluster.stop()
        }
    }

    @Test func aStalePidFileOfADeadServerIsNoObstacle() async throws {
        try await withDataFolder { folder in
            await startAndDie(folder)
            let orphan = try #require(try folder.runningPostmaster())
            orphan.send(SIGKILL)
            _ = orphan.waitForEnd(atMost: .seconds(5))
            #expect(access(PostmasterFile.path(inCluster: folder.layout.cluster), F_OK) == 0)
            let cluster = folder.cluster()
            #expect(try query("SELECT x FROM t", await cluster.start()) == "42")
            try await cluster.stop()
        }
    }

    @Test func aReusedPidIsNeitherKilledNorAnObstacle() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            try await cluster.stop()
            let account = try folder.account()
            let stranger = try account.command(["/bin/sleep", "600"]).spawn(output: STDERR_FILENO)
            defer {
                kill(stranger, SIGKILL)
                waitpid(stranger, nil, 0)
            }
            let file = "\(stranger)\n\(folder.layout.cluster)\n1700000000\n5432\n\(configuration.host)\n\n  1  1\nready   \n"
            try writeAtomically(file, to: PostmasterFile.path(inCluster: folder.layout.cluster), mode: 0o600, owner: account)
            let socket = try #require(try RuntimeDirectory.make(configuration.host, account: account)) + "/" + ClusterLayout.socketName
            try writeAtomically(file, to: socket + ".lock", mode: 0o600, owner: account)
            #expect(try query("SELECT 1", await cluster.start()) == "1")
            try await cluster.stop()
            #expect(ServerProcess(pid: stranger) != nil)
        }
    }

    @Test func thePostmasterOfAnotherFolderIsLeftAlone() async throws {
        try await withDataFolder { first in
            try await withDataFolder { second in
                let other = first.cluster()
                let otherConfiguration = try await other.start()
                let cluster = second.cluster()
                _ = try await cluster.start()
                try await cluster.stop()
                let file = try #require(text(ofFile: PostmasterFile.path(inCluster: first.layout.cluster)))
                try writeAtomically(
                    file, to: PostmasterFile.path(inCluster: second.layout.cluster), mode: 0o600, owner: try second.account())
                #expect(try query("SHOW data_directory", await cluster.start()) == second.layout.cluster)
                try await cluster.stop()
                #expect(try query("SHOW data_directory", otherConfiguration) == first.layout.cluster)
                try await other.stop()
            }
        }
    }

    @Test func aDeathDuringCreationLeavesNoHalfCluster() async throws {
        try await withDataFolder { folder in
            let path = folder.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let cluster = EmbeddedCluster(dataDirectory: path, logger: quietLogger())
                Task {
                    // The moment initdb has begun to write.
                    while !names(inDirectory: path).contains(where: { access("\(path)/\($0)/cluster/PG_VERSION", F_OK) == 0 }) {
                        usleep(1000)
                    }
                    kill(getpid(), SIGKILL)
                }
                _ = try await cluster.start()
            }
            #expect(access(folder.layout.cluster, F_OK) != 0)
            #expect(names(inDirectory: path).contains { $0.hasPrefix(ClusterLayout.partialPrefix) })
            let cluster = folder.cluster()
            #expect(try query("SELECT 1", await cluster.start()) == "1")
            #expect(!names(inDirectory: path).contains { $0.hasPrefix(ClusterLayout.partialPrefix) })
            try await cluster.stop()
        }
    }
}
