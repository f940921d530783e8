import Glibc
import Postgres
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

    /// A backend that computes does not notice its postmaster's death, and its hold of the shared memory keeps a new one from starting.
    @Test func orphanedBackendsDoNotKeepTheServerDown() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            let supervision = Task { try await cluster.run() }
            let busy = Task.detached { try query("DO $$ BEGIN LOOP END LOOP; END $$", configuration) }
            let isBusy = {
                try query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO%' AND state = 'active'", configuration) == "1"
            }
            #expect(try await eventually(isBusy))
            kill(try #require(cluster.status.pid), SIGKILL)
            #expect(try await eventually { cluster.status.restarts == 1 && cluster.status.phase == .running })
            #expect(try query("SELECT 1", configuration) == "1")
            await #expect(throws: QueryFailure.self) { try await busy.value }
            supervision.cancel()
            try await supervision.value
        }
    }

    @Test func aVanishedSocketIsMadeAgain() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            let supervision = Task { try await cluster.run() }
            for (round, path) in ["\(configuration.host)/\(ClusterLayout.socketName)", configuration.host].enumerated() {
                #expect(try ChildCommand(["/bin/rm", "-r", path]).run().succeeded)
                #expect(try await eventually { cluster.status.restarts == round + 1 })
                #expect(try query("SELECT 1", configuration) == "1")
            }
            supervision.cancel()
            try await supervision.value
        }
    }

    @Test func repeatedFailureEndsWithTheLogsLastLines() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster(policy: RestartPolicy(firstWait: .milliseconds(10), longestWait: .milliseconds(20), attempts: 3))
            let configuration = try await cluster.start()
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
            #expect(access(configuration.host, F_OK) != 0)
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

    /// When a backend dies by force the server ends all others and recovers. One that is stopped holds that up until it is killed, after five
    /// seconds; until then the server lets nobody in.
    @Test func aPostmasterLeftBehindInRecoveryIsWaitedFor() async throws {
        try await withDataFolder { folder in
            await startAndDie(folder)
            let password = try #require(text(ofFile: folder.layout.secret)?.split(separator: "\n").first)
            var left = PostgresConfiguration(
                host: try RuntimeDirectory.prepare(for: folder.layout, account: folder.account()), port: ClusterLayout.port,
                database: "postgres", user: ClusterLayout.superuser, password: String(password))
            // The tests beside this one keep the threads busy.
            left.connectTimeout = .seconds(120)
            let stopped = try await PostgresConnection.connect(left, logger: quietLogger())
            let killed = try await PostgresConnection.connect(left, logger: quietLogger())
            for (session, signal) in [(stopped, SIGSTOP), (killed, SIGKILL)] {
                let backend = try await session.query("SELECT pg_backend_pid() AS pid").first?.decode("pid", as: Int32.self)
                kill(try #require(backend), signal)
            }
            let isRefusing = try await eventually { [left] in left.ping() == .refusing }
            #expect(isRefusing)
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            #expect(cluster.status.wasTakenOver)
            #expect(try query("SELECT x FROM t", configuration) == "42")
            for session in [stopped, killed] { await session.close() }
            try await cluster.stop()
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

    @Test func aDeathAtAnyMomentOfTheStartIsSurvived() async throws {
        try await withDataFolder { folder in
            await startAndDie(folder)
            for (milliseconds, signal) in [(5, SIGINT), (20, SIGKILL), (40, SIGINT), (80, SIGKILL), (160, SIGINT), (320, SIGTERM)] {
                try folder.runningPostmaster()?.send(signal)
                await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String, milliseconds = milliseconds as Int] in
                    Task.detached {
                        usleep(useconds_t(milliseconds * 1000))
                        kill(getpid(), SIGKILL)
                    }
                    let cluster = EmbeddedCluster(dataDirectory: path, logger: quietLogger())
                    _ = try await cluster.start()
                    try await Task.sleep(for: .seconds(10))
                }
            }
            let cluster = folder.cluster()
            #expect(try query("SELECT x FROM t", await cluster.start()) == "42")
            try await cluster.stop()
        }
    }

    @Test func aPostmasterStartedByHandThroughALinkIsReplaced() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            try await cluster.stop()
            let account = try folder.account()
            let sockets = try #require(try RuntimeDirectory.make(folder.path + "/sockets", account: account))
            symlink(folder.layout.cluster, folder.path + "/link")
            let program = try PostgresInstallation.discover().binDirectory + "/postgres"
            let arguments = [program, "-D", folder.path + "/link", "-k", sockets, "-c", "listen_addresses="]
            let byHand = try #require(ServerProcess(child: try account.command(arguments).spawn(output: STDERR_FILENO)))
            #expect(try await eventually { PostmasterFile.read(fromCluster: folder.layout.cluster)?.isReady == true })
            #expect(try await cluster.start() == configuration)
            #expect(byHand.condition() != .running)
            #expect(try query("SHOW unix_socket_directories", configuration) == configuration.host)
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

    /// What a server that died with the machine leaves: its files, while the pid in them is somebody else's by now.
    private func plantTraces(of pid: pid_t, in folder: DataFolder, socketDirectory: String) throws {
        let account = try folder.account()
        let text = "\(pid)\n\(folder.layout.cluster)\n1700000000\n5432\n\(socketDirectory)\n\n  1  1\nready   \n"
        try writeAtomically(text, to: PostmasterFile.path(inCluster: folder.layout.cluster), mode: 0o600, owner: account)
        let directory = try #require(try RuntimeDirectory.make(socketDirectory, account: account))
        try writeAtomically(text, to: "\(directory)/\(ClusterLayout.socketName).lock", mode: 0o600, owner: account)
    }

    @Test func aReusedPidIsNeitherKilledNorAnObstacle() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            try await cluster.stop()
            let stranger = try folder.account().command(["/bin/sleep", "600"]).spawn(output: STDERR_FILENO)
            defer {
                kill(stranger, SIGKILL)
                waitpid(stranger, nil, 0)
            }
            try plantTraces(of: stranger, in: folder, socketDirectory: configuration.host)
            #expect(try query("SELECT 1", await cluster.start()) == "1")
            try await cluster.stop()
            #expect(ServerProcess(pid: stranger) != nil)
        }
    }

    /// Where nobody reaps orphans (a container without init) a dead postmaster stays a zombie, which PostgreSQL takes for alive.
    @Test func aZombieIsNoObstacle() async throws {
        try await withDataFolder { folder in
            let cluster = folder.cluster()
            let configuration = try await cluster.start()
            try await cluster.stop()
            let zombie = try folder.account().command(["/bin/true"]).spawn(output: STDERR_FILENO)
            defer { waitpid(zombie, nil, 0) }
            #expect(try await eventually { ServerProcess(pid: zombie) == nil && access("/proc/\(zombie)", F_OK) == 0 })
            try plantTraces(of: zombie, in: folder, socketDirectory: configuration.host)
            #expect(try query("SELECT 1", await cluster.start()) == "1")
            try await cluster.stop()
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
