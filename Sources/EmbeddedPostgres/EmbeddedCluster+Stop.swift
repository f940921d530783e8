import Logging
import Synchronization

extension EmbeddedCluster {
    /// The whole of `stop()`; blocks.
    func stopBlocking() throws(EmbeddedPostgresError) {
        let (server, process, hasFailed) = state.withLock { ($0.server, $0.process, $0.status.phase == .failed) }
        guard let server, let process else { return releaseEverything(phase: hasFailed ? .failed : .stopped) }
        state.withLock { $0.status.phase = .stopping }
        let exit = try server.stop(process)
        logger.notice("PostgreSQL stopped", metadata: ["pid": "\(process.pid)", "exit": "\(exit)"])
        state.withLock { $0.status.lastExit = exit }
        releaseEverything(phase: .stopped)
    }
}
