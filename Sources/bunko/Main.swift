import ArgumentParser
import Domain
import Glibc

/// The process's entry: prepares BLAS, parses the command line, and turns every failure into one sentence and an exit code.
@main
enum Main {
    static func main() async {
        BLASEnvironment.prepare()
        // A reader that closes its pipe early is no reason to die in the middle of a write.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Bunko.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(Exit.report(error))
        }
    }
}

/// Exit codes: 0 done, 1 some items failed, 2 usage or configuration, 3 environment, 4 internal.
enum Exit {
    /// Says what went wrong on standard error (help goes to standard output) and returns the code to exit with.
    static func report(_ error: any Error) -> Int32 {
        if let problem = error as? Problem {
            Output.note("bunko: \(problem)")
            if let cause = problem.underlying { Output.note("       caused by: \(cause)") }
            return code(of: problem.kind)
        }
        if let failure = error as? APIClient.Failure {
            Output.note("bunko: \(failure)")
            return code(ofStatus: failure.status)
        }
        if let some = error as? ItemsFailed {
            Output.note("bunko: \(some)")
            return 1
        }
        if let differences = error as? DifferencesFound {
            Output.note("bunko: \(differences)")
            return 1
        }
        if error is CancellationError {
            Output.note("bunko: interrupted; what was done is kept.")
            return 3
        }
        return reportParsing(error)
    }

    private static func code(of kind: Problem.Kind) -> Int32 {
        switch kind {
        case .environment, .unavailable, .badGateway, .tooManyRequests, .storageFull: 3
        case .internalFault: 4
        default: 2
        }
    }

    private static func code(ofStatus status: Int) -> Int32 {
        switch status {
        case 429, 503, 507: 3
        case 500...: 4
        default: 2
        }
    }

    /// Errors of the argument parser, help among them; anything else that comes here is unforeseen.
    private static func reportParsing(_ error: any Error) -> Int32 {
        let parserCode = Bunko.exitCode(for: error)
        let message = Bunko.fullMessage(for: error)
        if parserCode == .success {
            Output.line(message)
            return 0
        }
        Output.note(message)
        return parserCode == .validationFailure ? 2 : 4
    }
}

/// Some items of a batch failed; the report has named them.
struct ItemsFailed: Error, CustomStringConvertible {
    let count: Int
    let total: Int
    var what = "files"

    var description: String { "\(count) of \(total) \(what) failed." }
}

/// A comparison found what should not be; the report has named it.
struct DifferencesFound: Error, CustomStringConvertible {
    let count: Int
    let areRepaired: Bool

    var description: String {
        areRepaired ? "\(count) differences were found." : "\(count) differences were found; --repair mends what can be mended."
    }
}
