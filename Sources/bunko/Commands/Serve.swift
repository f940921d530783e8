import ArgumentParser
import Domain
import Foundation
import Logging

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the service: API, index and import workers, with a private PostgreSQL when no database is named.",
        discussion: """
            Stops in good order on SIGTERM and SIGINT. The address stands on standard output, the log (one JSON object a line) on \
            standard error. GET /readyz tells when it can answer.

            While nobody can log in and administer, a one-time link is printed that makes the first administrator; \
            BUNKO_ADMIN_PASSWORD makes the user "admin" instead. BUNKO_JWT_KEY (32 bytes or more) signs access tokens, the same on \
            all replicas; without it the data folder keeps a key of its own.

            BUNKO_EMBEDDING_MODEL chooses whose vectors a new installation has: local (all-MiniLM-L6-v2 in this process, the default where \
            scripts/setup.sh put its files), hash (words alone), or the name of a model at BUNKO_EMBEDDING_URL, an OpenAI-compatible \
            endpoint such as https://api.openai.com/v1, with BUNKO_EMBEDDING_KEY, _DIMENSIONS and _COST (of a million tokens).

            REDIS_URL, such as redis://:password@host:6379/0 or unix:///run/redis/redis.sock, lets several servers, and the next start, \
            share the vectors of questions, each for BUNKO_REDIS_TTL seconds (604800, 7 days). A Redis that is away fails no request.

            BUNKO_CHUNKING_TARGET (350) is the size of passages in tokens, which are estimated, or counted by the vocabulary that \
            BUNKO_CHUNKING_TOKENIZER names (a .tiktoken or tokenizer.json file). What was imported before stays as it was cut.
            """)

    @Option(help: "Address to listen on (default: 127.0.0.1).")
    var host: String?

    @Option(help: "Port to listen on; 0 takes any free one (default: 8787).")
    var port: Int?

    @Flag(help: "Print the address as one JSON line: {\"listening\":\"http://…\"}, with \"setup\" while there is no administrator.")
    var json = false

    @OptionGroup var options: GlobalOptions

    private struct Listening: Encodable {
        let listening: String
        let setup: String?
    }

    func run() async throws {
        let settings = try await Settings(options, host: host, port: port)
        guard let level = Logger.Level(rawValue: settings.logLevel) else {
            throw Problem(
                .configuration, code: "invalid_log_level", "log.level is \"\(settings.logLevel)\".",
                remedy: "It is one of trace, debug, info, notice, warning, error, critical.", parameter: "log.level")
        }
        Logging.start(level: level)
        let logger = Logger(label: "bunko")
        let application = BunkoApplication(settings: settings, logger: logger, offersSetUp: true)
        let asJSON = json
        defer { ServerFile.read(in: settings.dataDirectory).flatMap { $0.pid == getpid() ? $0 : nil }?.remove(in: settings.dataDirectory) }
        try await application.run { endpoint, group in
            do {
                let file = ServerFile(address: endpoint.address, token: endpoint.administrator.token, pid: getpid())
                try file.write(in: settings.dataDirectory)
            } catch {
                logger.error("commands on this machine will not find this server", metadata: ["error": "\(error)"])
            }
            do {
                if asJSON {
                    try Output.json(Listening(listening: endpoint.address, setup: endpoint.setUpLink))
                } else {
                    Output.line("Bunko listens on \(endpoint.address)")
                    if let link = endpoint.setUpLink {
                        Output.line("There is no administrator yet. This link makes one, once, within 24 hours:")
                        Output.line("  POST \(link)  {\"username\": …, \"email\": …, \"password\": …}")
                    }
                }
            } catch {
                logger.error("the address could not be printed", metadata: ["error": "\(error)"])
            }
        }
    }
}
