import Glibc
import Logging
import Synchronization
import Postgres

extension EmbeddedCluster {
    /// The whole of `start()`; blocks.
    func startBlocking() throws(EmbeddedPostgresError) -> PostgresConfiguration {
        if let running = state.withLock({ $0.process == nil ? nil : $0.configuration }) { return running }
        state.withLock { $0.status.phase = .starting }
        do throws(EmbeddedPostgresError) {
            return try lockAndStart()
        } catch {
            releaseEverything(phase: .stopped)
            throw error
        }
    }

    private func lockAndStart() throws(EmbeddedPostgresError) -> PostgresConfiguration {
        let layout = try ClusterLayout.prepare(dataDirectory: dataDirectory)
        let lock = try DataDirectoryLock(directory: layout.root)
        state.withLock { $0.lock = lock }
        let owner = FileFacts(path: layout.cluster).flatMap { layout.isOccupied ? $0.owner : nil }
        let account = try ServerAccount.choose(clusterOwner: owner, clusterPath: layout.cluster)
        try account.checkCanEnter(layout.root)
        ClusterCreation.removeLeftovers(in: layout, logger: logger)
        let installation = try layout.installation(given: givenInstallation)
        let password = try preparePassword(layout)
        if !layout.isOccupied {
            logger.notice(
                "Creating a database cluster", metadata: ["folder": "\(layout.cluster)", "version": "\(installation.versionText)"])
            try ClusterCreation(layout: layout, account: account, installation: installation, logger: logger).create(password: password)
        }
        let socketDirectory = try RuntimeDirectory.prepare(for: layout, account: account)
        let server = ClusterServer(
            layout: layout, account: account, installation: installation, socketDirectory: socketDirectory, logger: logger)
        let configuration = server.superuser(password: password)
        state.withLock { state in
            state.server = server
            state.configuration = configuration
            state.status.socketDirectory = socketDirectory
            state.status.version = installation.versionText
        }
        try bringUp(server)
        return configuration
    }

    /// Takes over or starts, with a few attempts: after a crash, orphaned backends of the old server can hold its memory for a moment.
    private func bringUp(_ server: ClusterServer) throws(EmbeddedPostgresError) {
        let wasUnclean = PostmasterFile.read(fromCluster: server.layout.cluster) != nil
        var policy = RestartPolicy()
        while true {
            do throws(EmbeddedPostgresError) {
                return try takeOver(server) ? () : launch(server)
            } catch {
                guard wasUnclean, error.kind == .startFailed, policy.failuresInRow < 4, !isAbandoned else { throw error }
                guard case .restart(let wait) = policy.decide(afterRunOf: .zero) else { throw error }
                logger.warning(
                    "PostgreSQL did not start after an unclean end; trying again", metadata: ["error": "\(error)", "wait": "\(wait)"])
                usleep(useconds_t(wait / .microseconds(1)))
            }
        }
    }

    /// Takes over the postmaster that an earlier, dead bunko left running; one with another socket folder or that hangs is stopped.
    private func takeOver(_ server: ClusterServer) throws(EmbeddedPostgresError) -> Bool {
        guard let process = server.runningPostmaster() else { return false }
        let file = PostmasterFile.read(fromCluster: server.layout.cluster)
        if file?.socketDirectory == server.socketDirectory && FileFacts(path: server.socketPath)?.isSocket == true {
            try server.waitUntilReady(process) { isAbandoned }
            logger.notice("Taking over the PostgreSQL that was left running", metadata: ["pid": "\(process.pid)"])
            note(running: process, takenOver: true)
            return true
        }
        logger.notice("Stopping the PostgreSQL that was left running elsewhere", metadata: ["pid": "\(process.pid)"])
        let exit = try server.stop(process)
        state.withLock { $0.status.lastExit = exit }
        return false
    }

    /// Starts a postmaster and waits until it is ready; one that does not become ready is stopped.
    func launch(_ server: ClusterServer) throws(EmbeddedPostgresError) {
        let process = try server.launch()
        do throws(EmbeddedPostgresError) {
            try server.waitUntilReady(process) { isAbandoned }
        } catch {
            if process.condition() == .running { _ = try server.stop(process) }
            throw error
        }
        logger.notice("PostgreSQL accepts connections", metadata: ["pid": "\(process.pid)", "socket": "\(server.socketPath)"])
        note(running: process, takenOver: false)
    }

    private func note(running process: ServerProcess, takenOver: Bool) {
        state.withLock { state in
            state.process = process
            state.startedAt = .now
            state.status.pid = process.pid
            state.status.phase = .running
            state.status.wasTakenOver = takenOver
        }
    }

    /// Gives back what is held; the socket's folder stays while a postmaster uses it.
    func releaseEverything(phase: Status.Phase) {
        state.withLock { $0.server }?.removeRuntimeDirectory()
        state.withLock { state in
            state.lock?.release()
            state.lock = nil
            state.process = nil
            state.status.pid = nil
            state.status.phase = phase
        }
    }

    /// The superuser's password: made with the cluster, kept beside it.
    private func preparePassword(_ layout: ClusterLayout) throws(EmbeddedPostgresError) -> String {
        if let kept = text(ofFile: layout.secret)?.split(whereSeparator: \.isWhitespace).first { return String(kept) }
        guard !layout.isOccupied else {
            throw EmbeddedPostgresError(
                .clusterDamaged, "The file with the database's password is missing, empty or unreadable.", at: layout.secret,
                remedy: "put it back from a backup of the data folder, or move \(layout.cluster) away to begin anew")
        }
        let password = randomHex(bytes: 24)
        do throws(SystemFailure) {
            try writeAtomically(password + "\n", to: layout.secret, mode: 0o600)
        } catch {
            throw error.asFolderError
        }
        return password
    }
}

extension ClusterLayout {
    /// The installation to use: of the cluster's major version where there is a cluster, else the given or the newest.
    func installation(given: PostgresInstallation?) throws(EmbeddedPostgresError) -> PostgresInstallation {
        guard isOccupied else {
            if let given { return given }
            return try PostgresInstallation.discover()
        }
        guard let needed = clusterMajorVersion else {
            throw EmbeddedPostgresError(
                .clusterDamaged, "The folder of the database cluster holds something else (there is no readable PG_VERSION).", at: cluster,
                remedy: "move it away, or restore it from a backup")
        }
        let candidates = given == nil ? PostgresInstallation.survey() : []
        let suitable = given.map { [$0] } ?? candidates.compactMap(\.installation)
        let fitting = suitable.filter { $0.majorVersion == needed }
        if let newest = fitting.max(by: { $0.versionOrder.lexicographicallyPrecedes($1.versionOrder) }) { return newest }
        guard !suitable.isEmpty else { throw PostgresInstallation.noInstallation(candidates) }
        throw wrongVersion(needed: needed, found: suitable)
    }

    private func wrongVersion(needed: Int, found: [PostgresInstallation]) -> EmbeddedPostgresError {
        let versions = found.map { "\($0.versionText) in \($0.binDirectory)" }.joined(separator: ", ")
        return EmbeddedPostgresError(
            .wrongMajorVersion,
            "The database cluster was created by PostgreSQL \(needed) and opens with no other major version; found: \(versions).",
            at: cluster,
            remedy:
                "install PostgreSQL \(needed) with pgvector (Debian: postgresql-\(needed) postgresql-\(needed)-pgvector) and start again. "
                + "To move to another version: `bunko backup` with \(needed), move \(cluster) away, start with the other version, `bunko restore`; "
                + "or run pg_upgrade with --username=\(Self.superuser)")
    }
}
