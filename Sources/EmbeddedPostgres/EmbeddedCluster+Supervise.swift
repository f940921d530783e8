import Logging
import Synchronization

extension EmbeddedCluster {
    private static let pollInterval = Duration.milliseconds(200)

    /// Returns when the task is cancelled; throws when PostgreSQL cannot be kept alive.
    func supervise() async throws {
        guard let server = state.withLock({ $0.process == nil ? nil : $0.server }) else {
            throw EmbeddedPostgresError(
                .startFailed, "The cluster is watched before it was started.", at: dataDirectory, remedy: "call start() before run()")
        }
        var policy = restartPolicy
        while await waitForEnd(server) {
            try await restart(server, &policy)
        }
    }

    /// True when PostgreSQL ended; false when the task was cancelled or the cluster stopped.
    private func waitForEnd(_ server: ClusterServer) async -> Bool {
        while !Task.isCancelled, let process = state.withLock({ $0.status.phase == .running ? $0.process : nil }) {
            if case .ended(let exit) = process.condition() { return noteEnd(exit) }
            if FileFacts(path: server.socketPath)?.isSocket != true {
                logger.error("The socket of PostgreSQL is gone; starting it again", metadata: ["socket": "\(server.socketPath)"])
                if let exit = try? await offPool({ _ throws(EmbeddedPostgresError) in try server.stop(process) }) { return noteEnd(exit) }
            }
            try? await Task.sleep(for: Self.pollInterval)
        }
        return false
    }

    private func noteEnd(_ exit: ExitDescription) -> Bool {
        let isUnexpected = state.withLock { state in
            // A stop() of another task ends PostgreSQL too.
            guard state.status.phase == .running else { return false }
            state.process = nil
            state.status.pid = nil
            state.status.lastExit = exit
            state.status.phase = .restarting
            return true
        }
        if isUnexpected { logger.error("PostgreSQL ended by itself", metadata: ["exit": "\(exit)"]) }
        return isUnexpected
    }

    /// Tries until it runs, with growing waits. Returns early when the task is cancelled.
    private func restart(_ server: ClusterServer, _ policy: inout RestartPolicy) async throws {
        var length = state.withLock { ContinuousClock.now - $0.startedAt }
        while !Task.isCancelled && !isAbandoned {
            guard case .restart(let wait) = policy.decide(afterRunOf: length) else { throw giveUp(server) }
            length = .zero
            do {
                try await Task.sleep(for: wait)
                try await abandoningWhenCancelled { cluster throws(EmbeddedPostgresError) in try cluster.relaunch(server) }
                return
            } catch let error as EmbeddedPostgresError where error.kind != .cancelled {
                logger.error("PostgreSQL did not start again", metadata: ["error": "\(error)", "failures": "\(policy.failuresInRow)"])
            } catch {
                return
            }
        }
    }

    private func relaunch(_ server: ClusterServer) throws(EmbeddedPostgresError) {
        guard !isAbandoned else { return }
        try launch(server)
        state.withLock { $0.status.restarts += 1 }
    }

    private func giveUp(_ server: ClusterServer) -> EmbeddedPostgresError {
        state.withLock { $0.status.phase = .failed }
        return server.failure("PostgreSQL failed \(restartPolicy.attempts) times in a row and is not started again", kind: .keepsFailing)
    }
}
