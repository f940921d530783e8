import Glibc
import Logging

/// The thread that has the connection.
extension RedisStore {
    func keepConnected() {
        blockBrokenPipes()
        var pauses = Pauses(limits.pauses)
        var outage: ContinuousClock.Instant?
        while !state.withLock({ $0.isFinished }) {
            let begin = ContinuousClock.now
            do throws(RedisFailure) {
                let connection = try RedisConnection.open(address, limits)
                opened(after: outage)
                outage = nil
                do throws(RedisFailure) {
                    try serve(connection)
                    return lose(connection, RedisFailure(reason: "the service ends"))
                } catch {
                    lose(connection, error)
                    throw error
                }
            } catch {
                failed(error, isNews: outage == nil)
                outage = outage ?? .now
            }
            wake.wait(atMost: pauses.next(after: ContinuousClock.now - begin))
        }
    }

    /// Passes commands and answers on until the end; what is under way by then is waited for.
    private func serve(_ connection: RedisConnection) throws(RedisFailure) {
        var lastCommand = ContinuousClock.now
        while true {
            let (commands, isFinished) = state.withLock { state in
                defer { state.waiting = [] }
                if state.isFinished { state.isConnected = false }
                return (state.waiting, state.isFinished)
            }
            for command in commands { try connection.send(command) }
            if isFinished, connection.nextDeadline == nil { return }
            if !commands.isEmpty { lastCommand = .now }
            if lastCommand + limits.silence <= .now {
                try connection.send(RedisCommand(words: RedisCommand.words(["PING"]), deadline: .now + limits.command) { _ in })
                lastCommand = .now
            }
            try connection.turn(wake, until: lastCommand + limits.silence)
        }
    }

    private func opened(after outage: ContinuousClock.Instant?) {
        state.withLock { state in
            state.isConnected = true
            state.statistics.problem = nil
        }
        var facts: Logger.Metadata = ["redis": "\(address)"]
        if let outage { facts["away_seconds"] = "\((ContinuousClock.now - outage) / .seconds(1))" }
        logger.info("Redis answers", metadata: facts)
    }

    /// Nobody is let in any more, and whoever was has no answer.
    private func lose(_ connection: RedisConnection, _ failure: RedisFailure) {
        let unsent = state.withLock { state in
            state.isConnected = false
            defer { state.waiting = [] }
            return state.waiting
        }
        connection.giveUp(failure)
        for command in unsent { command.complete(.failure(failure)) }
    }

    private func failed(_ failure: RedisFailure, isNews: Bool) {
        state.withLock { state in
            state.statistics.problem = failure.reason
            if isNews { state.statistics.outages += 1 }
        }
        guard isNews else { return }
        logger.warning(
            "Redis does not answer; this server goes on without it, and tries again",
            metadata: ["redis": "\(address)", "reason": "\(failure.reason)"])
    }
}

/// On this thread a write to a closed connection fails and is no signal, which would end the process.
func blockBrokenPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
