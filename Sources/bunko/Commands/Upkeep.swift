import ArgumentParser
import Domain
import Foundation
import Operations
import Storage

struct Archive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move old messages and inactive conversations into the archive, list them, or bring them back.",
        discussion: "The server archives daily by itself, after as many days as the setting archive_after_days says.",
        subcommands: [Run.self, List.self, Restore.self], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Archive what is old (both kinds after 6 months unless one is given).")

        @Option(help: ArgumentHelp("Archive messages older than this, such as 6months or 90days.", valueName: "age"))
        var messagesOlderThan: String?
        @Option(help: ArgumentHelp("Archive conversations without a message for so long.", valueName: "age"))
        var inactive: String?
        @Flag(help: "Tell what would be archived and change nothing.")
        var dryRun = false
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Body: Encodable {
            let messages_older_than: String?
            let inactive: String?
            let dry_run: Bool
        }

        func run() async throws {
            let isPlain = messagesOlderThan == nil && inactive == nil
            let body = try JSONEncoder().encode(
                Body(
                    messages_older_than: isPlain ? "6months" : messagesOlderThan, inactive: isPlain ? "6months" : inactive,
                    dry_run: dryRun))
            let data = try await options.withServer {
                try await $0.raw(.POST, "/v1/admin/archive", body: (Array(body), "application/json"), timeout: .hours(6))
            }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            let report = try JSONDecoder().decode(ArchiveReport.self, from: data)
            Output.line(
                "\(dryRun ? "Would archive" : "Archived") \(report.messages) messages, and \(report.conversations) conversations with "
                    + "\(report.messages_of_conversations) messages.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List your archived conversations, the last active one first.")

        @Flag(help: "Print the API's answers as JSON, one line a page.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            try await options.printList("/v1/archive/conversations", of: ArchivedConversationAnswer.self, asJSON: json) { $0.line }
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Bring conversations, or their archived messages, back.")

        @Argument(help: "Ids of conversations.")
        var ids: [String]
        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        private struct Answer: Decodable {
            let conversations: Int
            let messages: Int
        }

        func run() async throws {
            let body = try JSONEncoder().encode(["ids": ids])
            let data = try await options.withServer {
                try await $0.raw(.POST, "/v1/admin/archive/restore", body: (Array(body), "application/json"), timeout: .hours(6))
            }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            let answer = try JSONDecoder().decode(Answer.self, from: data)
            Output.line("Brought back \(answer.conversations) conversations and \(answer.messages) messages.")
        }
    }
}

extension ArchivedConversationAnswer {
    fileprivate var line: String {
        let day = Date(timeIntervalSince1970: Double(updated_at)).formatted(.iso8601.year().month().day())
        return "\(id)  \(day)  \(title ?? "without a title")  (\(message_count) messages)"
    }
}

struct Partitions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the monthly partitions of messages, or make some ahead.",
        discussion: "The server makes those of the next three months by itself. Past months are wanted before a bulk load.")

    @Option(help: ArgumentHelp("Make the partitions of so many months.", valueName: "months"))
    var ensure: Int?
    @Option(help: ArgumentHelp("The first of them (default: this month).", valueName: "YYYY-MM"))
    var from: String?
    @Flag(help: "Print the API's answer as JSON.")
    var json = false
    @OptionGroup var options: GlobalOptions

    private struct Body: Encodable {
        let months: Int
        let from: String?
    }

    private struct Answer: Decodable {
        let made: Int
        let data: [MessagePartition]
    }

    func validate() throws {
        if from != nil, ensure == nil { throw ValidationError("--from needs --ensure, the number of months.") }
    }

    func run() async throws {
        let body = try ensure.map { Array(try JSONEncoder().encode(Body(months: $0, from: from))) }
        let data = try await options.withServer { client in
            guard let body else { return try await client.raw(.GET, "/v1/admin/partitions") }
            return try await client.raw(.POST, "/v1/admin/partitions", body: (body, "application/json"))
        }
        if json { return Output.line(String(decoding: data, as: UTF8.self)) }
        let answer = try JSONDecoder().decode(Answer.self, from: data)
        if ensure != nil { Output.line("Made \(answer.made) partitions.") }
        TextTable(
            ["partition", "rows (about)", "size", "bounds"],
            answer.data.map { [$0.name, "\($0.estimatedRows)", TextTable.size($0.bytes), $0.bounds] }
        ).print()
    }
}

struct DatabaseCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Look at the database.", subcommands: [Stats.self])

    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sizes of tables, use of indexes, partitions, connections and pools.")

        @Flag(help: "Print the API's answer as JSON.")
        var json = false
        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let data = try await options.withServer { try await $0.raw(.GET, "/v1/admin/stats") }
            if json { return Output.line(String(decoding: data, as: UTF8.self)) }
            tell(try JSONDecoder().decode(DatabaseStatistics.self, from: data))
            let answer = try JSONDecoder().decode(Answer.self, from: data)
            tell(answer.index)
            tell(answer.caches)
        }

        /// What of the index's and the caches' figures is told.
        private struct Answer: Decodable {
            struct Index: Decodable {
                let backend: String
                let state: String
                let rows: Int
                let bytes: Int
                let lag: Lag?
                let memory: Memory?
                let recall: Recall?
                let drift: Drift?
            }
            struct Lag: Decodable {
                let changes: Int
                let seconds: Double
            }
            struct Memory: Decodable {
                let budget: Int?
                let resident: Int
                let in_files: Int
                let evicted_partitions: Int
            }
            struct Recall: Decodable {
                let questions: Int
                let mean: Double?
                let p5: Double?
                let retrained: Int
            }
            struct Drift: Decodable {
                let imbalance: Double
                let growth: Double
            }

            struct Caches: Decodable {
                let questions: Questions
                let passages: Passages
                let redis: Redis
            }
            struct Questions: Decodable {
                let remembered: Int
                let memory_hits: Int
                let redis_hits: Int
                let misses: Int
            }
            struct Passages: Decodable {
                let estimated_entries: Int
                let bytes: Int
                let hits: Int
                let misses: Int
            }
            struct Redis: Decodable {
                let state: String
                let address: String?
                let problem: String?
                let failures: Int
                let skipped: Int
                let outages: Int
            }

            let index: Index
            let caches: Caches
        }

        private func tell(_ caches: Answer.Caches) {
            let (questions, passages, redis) = (caches.questions, caches.passages, caches.redis)
            Output.line()
            Output.line(
                "Vectors of questions: \(questions.remembered) in memory; found there \(questions.memory_hits), in Redis "
                    + "\(questions.redis_hits), not found \(questions.misses)")
            if let address = redis.address {
                let problem = redis.problem.map { " (\($0))" } ?? ""
                Output.line(
                    "  Redis: \(redis.state)\(problem), \(address), \(redis.failures) failures, \(redis.skipped) skipped, "
                        + "\(redis.outages) outages")
            }
            Output.line(
                "Vectors of passages: about \(passages.estimated_entries) kept, \(TextTable.size(passages.bytes)); found \(passages.hits), "
                    + "not found \(passages.misses)")
        }

        private func tell(_ index: Answer.Index) {
            Output.line()
            Output.line("Index: \(index.backend), \(index.state), \(index.rows) rows, \(TextTable.size(index.bytes))")
            if let lag = index.lag { Output.line("  lag: \(lag.changes) changes, \(Self.decimal(lag.seconds)) s") }
            if let memory = index.memory {
                let budget = memory.budget.map { " of \(TextTable.size($0))" } ?? ""
                Output.line(
                    "  memory: \(TextTable.size(memory.resident))\(budget), \(TextTable.size(memory.in_files)) in files, "
                        + "\(memory.evicted_partitions) partitions evicted")
            }
            if let recall = index.recall {
                let measured =
                    recall.mean.map { "\(Self.decimal($0)) (5th percentile \(Self.decimal(recall.p5 ?? $0)))" } ?? "not measured yet"
                Output.line("  recall: \(measured), \(recall.questions) questions asked again, \(recall.retrained) partitions trained anew")
            }
            if let drift = index.drift {
                Output.line(
                    "  drift: list imbalance \(Self.decimal(drift.imbalance)), grown \(Self.decimal(drift.growth))-fold since training")
            }
        }

        private static func decimal(_ value: Double) -> String { value.formatted(.number.precision(.fractionLength(3)).grouping(.never)) }

        private func tell(_ figures: DatabaseStatistics) {
            Output.line("Database \(figures.database): \(TextTable.size(figures.bytes)), PostgreSQL \(figures.server_version)")
            Output.line()
            TextTable(
                ["table", "size", "rows (about)", "dead", "table scans", "index scans"],
                figures.tables.map {
                    [
                        $0.name, TextTable.size($0.bytes), "\($0.estimated_rows)", "\($0.dead_rows)", "\($0.sequential_scans)",
                        "\($0.index_scans)",
                    ]
                }
            ).print()
            Output.line()
            TextTable(
                ["index", "table", "size", "scans", "read", "fetched"],
                figures.indexes.filter { $0.scans > 0 }.map {
                    [$0.name, $0.table, TextTable.size($0.bytes), "\($0.scans)", "\($0.tuples_read)", "\($0.tuples_fetched)"]
                }
            ).print()
            Output.line()
            Output.line("Indexes not used so far: \(figures.unused_indexes.isEmpty ? "none" : "\(figures.unused_indexes.count)")")
            for name in figures.unused_indexes { Output.line("  \(name)") }
            Output.line()
            TextTable(
                ["partition", "rows (about)", "size"],
                figures.partitions.map { [$0.name, "\($0.estimatedRows)", TextTable.size($0.bytes)] }
            ).print()
            Output.line()
            TextTable(["role", "connections"], figures.connections.map { [$0.role, "\($0.count)"] }).print()
            Output.line()
            TextTable(
                ["pool", "lent", "idle", "waiting", "opened", "closed", "timed out"],
                figures.pools.map {
                    [$0.name, "\($0.leased)", "\($0.idle)", "\($0.waiting)", "\($0.opened)", "\($0.closed)", "\($0.timed_out)"]
                }
            ).print()
        }
    }
}
