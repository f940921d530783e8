import Glibc
import Logging
import Postgres

/// Everything needed to start, find and stop the PostgreSQL of one cluster. All methods block.
struct ClusterServer: Sendable {
    let layout: ClusterLayout
    let account: ServerAccount
    let installation: PostgresInstallation
    let socketDirectory: String
    let logger: Logger

    /// Crash recovery after a long outage takes its time; a server that needs more hangs.
    static let readyLimit = Duration.seconds(900)
    static let fastStopLimit = Duration.seconds(30)
    static let immediateStopLimit = Duration.seconds(10)

    /// Stands in the title of each of its processes, which every account may read.
    var clusterName: String { "bunko-" + RuntimeDirectory.fingerprint(layout.root) }
    var socketPath: String { socketDirectory + "/" + ClusterLayout.socketName }

    /// The postmaster of this cluster that runs already, whoever started it.
    func runningPostmaster() -> ServerProcess? {
        guard let file = PostmasterFile.read(fromCluster: layout.cluster), let process = ServerProcess(pid: file.pid) else { return nil }
        return process.isPostmaster(ofCluster: layout.cluster, owner: account.uid) ? process : nil
    }

    /// Starts a postmaster and returns at once; it is to be watched until ready.
    func launch() throws(EmbeddedPostgresError) -> ServerProcess {
        _ = try RuntimeDirectory.make(socketDirectory, account: account)
        endOrphans()
        do throws(SystemFailure) {
            try clearTraces()
            try prepareLogDirectory()
            let settings = ServerSettings(memoryMebibytes: ServerSettings.availableMebibytes(), logDirectory: layout.logDirectory)
            try writeAtomically(settings.fileText, to: layout.settings, mode: 0o600, owner: account)
            return try spawnPostmaster()
        } catch {
            throw error.asFolderError
        }
    }

    /// Waits until connections are accepted.
    /// - Parameter isAbandoned: asked many times a second; true gives up.
    func waitUntilReady(_ process: ServerProcess, isAbandoned: () -> Bool) throws(EmbeddedPostgresError) {
        let began = ContinuousClock.now
        var nextNote = began + .seconds(15)
        while !acceptsConnections(process) {
            if case .ended(let exit) = process.condition() { throw failure("PostgreSQL ended while it started (\(exit))") }
            if isAbandoned() {
                throw EmbeddedPostgresError(
                    .cancelled, "The start of PostgreSQL was given up: bunko is stopping.", at: layout.cluster, remedy: "start bunko again")
            }
            let now = ContinuousClock.now
            if now - began > Self.readyLimit { throw failure("PostgreSQL was not ready after \(Self.readyLimit)") }
            if now >= nextNote {
                logger.info("PostgreSQL is still starting (crash recovery can take minutes)", metadata: ["pid": "\(process.pid)"])
                nextNote = now + .seconds(15)
            }
            usleep(20_000)
        }
    }

    /// Ready by its own file, and by its answer: the file says so all through the recovery after a backend's crash, too.
    func acceptsConnections(_ process: ServerProcess) -> Bool {
        guard let file = PostmasterFile.read(fromCluster: layout.cluster), file.pid == process.pid, file.isReady else { return false }
        return file.socketDirectory == socketDirectory && superuser(password: nil).ping() == .accepting
    }

    /// The login of the cluster's administrator.
    func superuser(password: String?) -> PostgresConfiguration {
        PostgresConfiguration(
            host: socketDirectory, port: ClusterLayout.port, database: "postgres", user: ClusterLayout.superuser, password: password)
    }

    /// Fast shutdown, then immediate, then the end by force; returns how it ended.
    func stop(_ process: ServerProcess) throws(EmbeddedPostgresError) -> ExitDescription {
        let steps = [(SIGINT, Self.fastStopLimit), (SIGQUIT, Self.immediateStopLimit), (SIGKILL, Self.immediateStopLimit)]
        for (signal, limit) in steps {
            process.send(signal)
            if let exit = process.waitForEnd(atMost: limit) {
                endOrphans()
                return exit
            }
            logger.warning(
                "PostgreSQL did not stop in time", metadata: ["pid": "\(process.pid)", "signal": "\(signal)", "limit": "\(limit)"])
        }
        throw EmbeddedPostgresError(
            .stopFailed, "PostgreSQL (process \(process.pid)) did not stop.", at: layout.cluster,
            remedy: "look for a hanging disk, and end the process by hand")
    }

    /// Removes the socket's folder; left alone when something is in it.
    func removeRuntimeDirectory() { rmdir(socketDirectory) }

    /// An error that quotes what PostgreSQL wrote last.
    func failure(_ what: String, kind: EmbeddedPostgresError.Kind = .startFailed) -> EmbeddedPostgresError {
        EmbeddedPostgresError(
            kind, "\(what). The end of its log:\n\(logTail())\n", at: layout.logDirectory,
            remedy: "mend what the log tells (a full disk, too little memory, a damaged file) and start bunko again")
    }

    /// The last lines of what the latest postmaster wrote, before its log was open and then to the newest log file.
    func logTail() -> String {
        let logs = names(inDirectory: layout.logDirectory).map { layout.logDirectory + "/" + $0 }
        let newest = logs.max { modificationSeconds($0) < modificationSeconds($1) }
        // Emptied at each start: a log older than it is of an earlier run and would mislead.
        let current = newest.flatMap { modificationSeconds($0) >= modificationSeconds(layout.startLog) ? $0 : nil }
        let parts = [layout.startLog, current].compactMap { $0 }.compactMap { text(ofFile: $0) }.map { tail(of: $0, lines: 10) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// Called with no postmaster running: what a dead one left must not keep a new one from starting.
    private func clearTraces() throws(SystemFailure) {
        // Zombies count here: PostgreSQL takes them for alive.
        if let file = PostmasterFile.read(fromCluster: layout.cluster), access("/proc/\(file.pid)", F_OK) == 0 {
            logger.warning("postmaster.pid names a process that is not this PostgreSQL; it is left alone", metadata: ["pid": "\(file.pid)"])
            try PostmasterFile.disown(inCluster: layout.cluster, account: account)
        }
        // The socket's own lock file names a pid too, and would stop PostgreSQL when that pid lives again.
        unlink(socketPath)
        unlink(socketPath + ".lock")
    }

    /// Ends the backends that outlive a killed postmaster: one in a long computation does not notice, and keeps a new server from starting.
    private func endOrphans() {
        let orphans = ServerProcess.all { $0.hasTitle(prefix: "postgres: \(clusterName): ", owner: account.uid) }
        guard !orphans.isEmpty else { return }
        logger.warning("Ending orphaned backends of a dead PostgreSQL", metadata: ["pids": "\(orphans.map(\.pid))"])
        for signal in [SIGQUIT, SIGKILL] {
            for orphan in orphans { orphan.send(signal) }
            let deadline = ContinuousClock.now + .seconds(2)
            if orphans.allSatisfy({ $0.waitForEnd(atMost: deadline - .now) != nil }) { return }
        }
    }

    private func prepareLogDirectory() throws(SystemFailure) {
        if mkdir(layout.logDirectory, 0o700) != 0 && errno != EEXIST { throw SystemFailure("Creating the folder", layout.logDirectory) }
        if geteuid() == 0 && lchown(layout.logDirectory, account.uid, account.gid) != 0 {
            throw SystemFailure("Changing the owner", layout.logDirectory)
        }
    }

    private func spawnPostmaster() throws(SystemFailure) -> ServerProcess {
        let output = open(layout.startLog, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw SystemFailure("Opening the log", layout.startLog) }
        defer { close(output) }
        let arguments = [installation.binDirectory + "/postgres", "-D", layout.cluster]
        let command = account.command(arguments + ServerSettings.fixedArguments(socketDirectory: socketDirectory, clusterName: clusterName))
        guard let process = ServerProcess(child: try command.spawn(output: output)) else {
            throw SystemFailure("Finding the process just started", "/proc")
        }
        return process
    }
}

private func modificationSeconds(_ path: String) -> Int {
    var facts = stat()
    return lstat(path, &facts) == 0 ? facts.st_mtim.tv_sec : 0
}
