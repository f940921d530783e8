import ArgumentParser
import Cache
import Domain
import EmbeddedPostgres
import Embeddings
import Foundation
import Logging
import Operations
import Postgres
import Storage
import VectorIndex

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the machine and tell what to do.",
        discussion:
            "Looks at PostgreSQL, pgvector, Redis, BLAS, the embedding model, disk, memory and the running server. Exit code 3 when something keeps Bunko from working."
    )

    @Flag(help: "Print the findings as JSON.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (settings, logger) = try await options.commandSettings()
        let findings =
            [
                MachineChecks.dataFolder(settings.dataDirectory), MachineChecks.disk(at: settings.dataDirectory), MachineChecks.memory(),
                blas(), embeddings(settings),
            ] + (await database(settings, logger)) + [await redis(settings), await server(settings)]
        if json { try Output.json(findings) } else { tell(findings) }
        let broken = findings.count { $0.status == .failure }
        if broken > 0 {
            throw Problem(.environment, code: "not_fit", "\(broken) of \(findings.count) checks failed; each names its remedy.")
        }
    }

    private func tell(_ findings: [Finding]) {
        for finding in findings {
            let mark =
                switch finding.status {
                case .ok: "ok      "
                case .warning: "warning "
                case .failure: "FAILURE "
                }
            Output.line("\(mark) \(finding.subject.padding(toLength: 12, withPad: " ", startingAt: 0)) \(finding.detail)")
            if let remedy = finding.remedy { Output.line("                      → \(remedy)") }
        }
    }

    private func blas() -> Finding {
        let runtime = BLASRuntime.loaded()
        switch runtime.provider {
        case .openBLAS(_, let core, let threads):
            return Finding("BLAS", .ok, "OpenBLAS with \(core) kernels, \(threads) thread a worker (\(runtime.path))")
        case .reference:
            return Finding(
                "BLAS", .warning, "the reference BLAS is loaded, ten times slower or more (\(runtime.path))",
                remedy: "Install OpenBLAS: apt-get install libopenblas0-pthread")
        case .other:
            return Finding("BLAS", .ok, runtime.path)
        }
    }

    /// What a new installation would begin with; an older one stays with its own model.
    private func embeddings(_ settings: Settings) -> Finding {
        let models = EmbeddingModels(settings: settings.embedding)
        do {
            let standard = try models.standard
            switch models.provider(of: standard) {
            case let missing as UnavailableEmbedder:
                return Finding(
                    "embeddings", .failure, "\(standard) cannot be had: \(missing.reason)",
                    remedy: "Run scripts/setup.sh, which obtains the built-in model, or name another by embedding.model.")
            case is HashingEmbedder where settings.embedding.model == nil:
                return Finding(
                    "embeddings", .warning, "\(standard), which knows words and not meanings: the built-in model's files are not there",
                    remedy: "Run scripts/setup.sh, or put the files into \(ModelFolder.places(home: NSHomeDirectory())[0]).")
            default: return Finding("embeddings", .ok, standard)
            }
        } catch {
            return Finding("embeddings", .failure, error.detail, remedy: error.remedy)
        }
    }

    private func database(_ settings: Settings, _ logger: Logger) async -> [Finding] {
        guard let url = settings.databaseURL else { return installations(settings) }
        do {
            let configuration = try PostgresConfiguration(url: url)
            let findings = try await Provisioning(logger: logger).examine(configuration)
            return findings.map { Finding("PostgreSQL", .ok, $0) } + [await backups(configuration, logger)]
        } catch let problem as Problem {
            return [Finding("PostgreSQL", .failure, problem.detail, remedy: problem.remedy)]
        } catch {
            return [Finding("PostgreSQL", .failure, "\(error)", remedy: "Check DATABASE_URL.")]
        }
    }

    /// Whether some login may read all rows of a foreign database; the private cluster always has one.
    private func backups(_ owner: PostgresConfiguration, _ logger: Logger) async -> Finding {
        do {
            let login = try await Provisioning(logger: logger).backupLogin(DatabaseLogins(owner: owner))
            return Finding("backup", .ok, "\"\(login.user)\" may read all rows")
        } catch let problem as Problem {
            return Finding("backup", .warning, problem.detail, remedy: problem.remedy)
        } catch {
            return Finding("backup", .warning, "\(error)")
        }
    }

    private func installations(_ settings: Settings) -> [Finding] {
        do {
            let chosen = try PostgresInstallation.discover(overrideDirectory: settings.postgresDirectory)
            return [
                Finding("PostgreSQL", .ok, "\(chosen.versionText) with pgvector \(chosen.pgvectorVersion) (\(chosen.binDirectory))"),
                backupPrograms(chosen),
            ]
        } catch {
            let seen = PostgresInstallation.survey().map { "\($0)" }.joined(separator: "; ")
            return [Finding("PostgreSQL", .failure, "\(error.what)\(seen.isEmpty ? "" : " Found: \(seen)")", remedy: error.remedy)]
        }
    }

    /// pg_dump and pg_restore stand beside the server as a rule, but may come with a package of their own.
    private func backupPrograms(_ server: PostgresInstallation) -> Finding {
        do {
            let programs = try PostgresPrograms.discover(forServer: server.majorVersion)
            return Finding("backup", .ok, "pg_dump \(programs.majorVersion) (\(programs.binDirectory))")
        } catch {
            return Finding("backup", .warning, error.what, remedy: error.remedy)
        }
    }

    /// Without it every request is answered, so that nothing here is a failure.
    private func redis(_ settings: Settings) async -> Finding {
        guard let address = settings.redis else {
            return Finding("Redis", .ok, "REDIS_URL is not set: each server remembers the vectors of questions for itself")
        }
        do {
            let greeting = try await RedisStore.greeting(of: address)
            let ping = (greeting.ping / .milliseconds(1)).formatted(.number.precision(.fractionLength(2)))
            return Finding("Redis", .ok, "\(greeting.version ?? "of an unknown version") answers within \(ping) ms (\(address))")
        } catch {
            return Finding("Redis", .warning, error.detail, remedy: error.remedy)
        }
    }

    private func server(_ settings: Settings) async -> Finding {
        guard let file = ServerFile.read(in: settings.dataDirectory) else { return Finding("server", .ok, "none runs on this data folder") }
        let alive = await APIClient(address: file.address, token: file.token).isAlive()
        return alive
            ? Finding("server", .ok, "runs at \(file.address)")
            : Finding(
                "server", .warning, "the last one at \(file.address) ended without good-bye",
                remedy: "Nothing to do; the next start recovers.")
    }
}
