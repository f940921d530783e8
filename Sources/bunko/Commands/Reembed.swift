import ArgumentParser
import Domain
import Embeddings
import Foundation
import Ingestion
import Retrieval
import Storage

struct Reembed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Embed the knowledge again with another model, and switch to it.",
        discussion: """
            The new model's vectors are filled in beside those that are searched, from the stored texts, below a running server too. What \
            is done stays done when it is interrupted; run it again to go on. What is imported meanwhile is filled in as well.

              bunko reembed --model local --estimate     rows, tokens, cost and time
              bunko reembed --model local                fill (a remote model: with --url, or the settings that serve takes)
              bunko reembed --status
              bunko reembed --compare                    how far the two agree, on what users asked last or on --questions
              bunko reembed --switch                     at once; refused while rows lack their vector
              bunko reembed --rollback                   at once, as long as the former vectors are there
              bunko reembed --drop                       remove those that are not searched

            Servers follow a switch by themselves when their settings tell how to ask the new model; else words answer alone until they are \
            started with such settings. What is written meanwhile is of the new model alone, so that a rollback may first need \
            --model with the former one.
            """)

    @Option(help: ArgumentHelp("Fill the vectors of this model: local, hash, or a name at --url.", valueName: "name"))
    var model: String?
    @Option(help: ArgumentHelp("What /embeddings is put behind (default: embedding.url of the settings).", valueName: "url"))
    var url: String?
    @Option(help: ArgumentHelp("The key there; safer in the environment, as BUNKO_EMBEDDING_KEY.", valueName: "key"))
    var key: String?
    @Option(help: ArgumentHelp("The length the endpoint is asked to shorten vectors to.", valueName: "count"))
    var dimensions: Int?
    @Option(help: ArgumentHelp("What a million tokens cost.", valueName: "price"))
    var cost: String?
    @Flag(help: "Tell what filling would take, and fill nothing; some passages are embedded to measure the time.")
    var estimate = false
    @Flag(help: "Tell which generations of vectors there are.")
    var status = false
    @Flag(help: "Ask both models the same questions, and compare what is nearest by every row's vectors.")
    var compare = false
    @Option(
        help: ArgumentHelp(
            "With --compare: a file with a question on each line, or a folder as bunko eval takes it, whose passages are files of the knowledge.",
            valueName: "path"))
    var questions: String?
    @Option(help: ArgumentHelp("With --compare: search this assistant's knowledge.", valueName: "name"))
    var assistant: String?
    @Option(name: .customLong("k"), help: ArgumentHelp("With --compare: count so many nearest rows.", valueName: "count"))
    var count = 10
    @Flag(name: .customLong("switch"), help: "Search the filled vectors from now on; with --model, fill them first.")
    var switches = false
    @Flag(help: "Search the former vectors again.")
    var rollback = false
    @Flag(help: "Remove the vectors that are not searched.")
    var drop = false
    @Flag(help: "Print facts as JSON.")
    var json = false
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        // A model named for --compare is the one beside the live one, where the settings do not tell how to ask it.
        let actions = [status, rollback, drop, compare, switches || (model != nil && !compare)].count { $0 }
        guard actions == 1 else {
            throw ValidationError("Name one of --model, --status, --compare, --switch, --rollback and --drop.")
        }
        if !compare, questions != nil || assistant != nil { throw ValidationError("--questions and --assistant belong to --compare.") }
        guard (1...ComparisonQuestions.depth).contains(count) else {
            throw ValidationError("--k is \(count); it must be between 1 and \(ComparisonQuestions.depth).")
        }
        if estimate, compare { throw ValidationError("--estimate is of filling.") }
        if model == nil, estimate || url != nil || key != nil || dimensions != nil || cost != nil {
            throw ValidationError("--estimate, --url, --key, --dimensions and --cost belong to --model.")
        }
        if estimate, switches { throw ValidationError("--estimate changes nothing, and --switch does.") }
    }

    func run() async throws {
        let (settings, logger) = try await options.commandSettings()
        let embedder = try model.map { try provider(of: $0, settings) }
        try await ReembeddingAccess.with(settings, logger) { access in
            if status { return try show(try await access.generations) }
            if drop { return try await dropGeneration(access) }
            if rollback { return try await change(to: .former, access) }
            if compare { return try await compareGenerations(access, settings, embedder) }
            guard let embedder else { return try await change(to: .next, access) }
            try await access.filling(embedder) { reembedding in
                let rows = try await tellEstimate(reembedding, embedder.model)
                if !estimate { try await fill(reembedding, rows, access) }
            }
        }
    }

    /// - Throws: `environment` for a model that cannot be had on this machine.
    private func provider(of name: String, _ settings: Settings) throws(Problem) -> any EmbeddingProvider {
        let models = EmbeddingModels(
            settings: try settings.embedding.with(model: name, url: url, key: key, dimensions: dimensions, cost: cost))
        let provider = models.provider(of: try models.standard)
        if let missing = provider as? UnavailableEmbedder {
            throw Problem(
                .environment, code: "embedding_unavailable", "The embedding model \(missing.model.id) cannot be had: \(missing.reason).",
                remedy: "Run scripts/setup.sh, which obtains the built-in model, or name another.", parameter: "--model")
        }
        return provider
    }

    // MARK: - Status

    private struct Status: Encodable {
        struct Generation: Encodable {
            let model: String
            let role: EmbeddingGeneration.Role
            let rows: Int
            let missing: Int

            init(_ generation: EmbeddingGeneration) {
                (model, role, rows, missing) = (generation.model, generation.role, generation.rows, generation.missing)
            }
        }

        let live: Generation?
        let shadow: Generation?
    }

    private func show(_ generations: EmbeddingGenerations) throws {
        if json {
            return try Output.json(
                Status(live: generations.live.map(Status.Generation.init), shadow: generations.shadow.map(Status.Generation.init)))
        }
        guard generations.live != nil else { return Output.line("The knowledge has no vectors yet.") }
        let rows = [generations.live, generations.shadow].compactMap(\.self).map { [$0.model, "\($0.rows)", "\($0.missing)", $0.state] }
        TextTable(["model", "rows", "missing", "state"], rows).print()
    }

    // MARK: - Filling

    private struct Estimate: Encodable {
        let model: String
        let rows: Int
        let tokens: Int
        let cost: Decimal
        let seconds: Int?
    }

    /// - Returns: how many rows there are to embed.
    private func tellEstimate(_ reembedding: Reembedding, _ model: EmbeddingModel) async throws -> Int {
        let estimate = try await reembedding.estimate()
        let (rows, tokens) = (estimate.work.rows, estimate.work.tokens)
        guard !json else {
            let seconds = estimate.time.map { Int($0.components.seconds) }
            if self.estimate {
                try Output.json(Estimate(model: model.id, rows: rows, tokens: tokens, cost: estimate.cost, seconds: seconds))
            }
            return rows
        }
        let price = model.costPerMillionTokens > 0 ? ", cost \(estimate.cost)" : ""
        let time = estimate.time.map { ", about \(ProgressDisplay.clock($0))" } ?? ""
        Output.line("\(model.id): \(Readable.count(rows, "row")) to embed, about \(tokens) tokens\(price)\(time)")
        return rows
    }

    private struct Filled: Encodable {
        let filled: Int
        let refused: [String]
        let busy: Int
    }

    private func fill(_ reembedding: Reembedding, _ rows: Int, _ access: ReembeddingAccess) async throws {
        let outcome = try await filled(reembedding, rows)
        if json {
            try Output.json(Filled(filled: outcome.filled, refused: outcome.refused.map(\.description), busy: outcome.busy))
        } else {
            Output.line("\(Readable.count(outcome.filled, "row")) filled.")
        }
        for id in outcome.refused { Output.note("The model refuses the text of the passage \(id).") }
        let open = outcome.refused.count + outcome.busy
        if open > 0 { throw ItemsFailed(count: open, total: open + outcome.filled, what: "rows") }
        if switches {
            try await change(to: .next, access)
        } else if !json {
            Output.line("bunko reembed --switch searches them from then on.")
        }
    }

    private func filled(_ reembedding: Reembedding, _ rows: Int) async throws -> ReembeddingOutcome {
        let display = StepDisplay()
        defer { display.finish() }
        return try await reembedding.fill { display.advance("embed", by: $0, of: rows) }
    }

    // MARK: - Comparing

    private func compareGenerations(_ access: ReembeddingAccess, _ settings: Settings, _ named: (any EmbeddingProvider)?) async throws {
        let generations = try await access.generations
        guard let live = generations.live, let shadow = generations.shadow, shadow.rows > 0 else {
            throw Problem(
                .conflict, code: "no_such_generation", "There is no generation beside the live one to compare with.",
                remedy: "Fill one first: bunko reembed --model NAME.")
        }
        let models = EmbeddingModels(settings: settings.embedding)
        func provider(_ model: String) async throws -> any EmbeddingProvider {
            if let named, named.model.id == model { return named }
            let provider = await models.loaded(model)
            guard let missing = provider as? UnavailableEmbedder else { return provider }
            throw Problem(
                .environment, code: "embedding_unavailable", "The embedding model \(model) cannot be had: \(missing.reason).",
                remedy: "Name it with --model and --url, and the other one by the settings.", parameter: "--model")
        }
        let (one, other) = (try await provider(live.model), try await provider(shadow.model))
        let asked = try await ComparisonQuestions(questions, assistant: assistant, access.database, access.scope)
        let rankings = try await access.recording { usage in
            try await GenerationComparison(database: access.database, live: one, shadow: other, usage: usage, scope: access.scope)
                .rankings(of: asked.questions, depth: ComparisonQuestions.depth)
        }
        let report = asked.report(rankings, k: count, live: one.model, shadow: other.model)
        if json { try Output.json(report) } else { report.show() }
        if shadow.missing > 0 { Output.note("\(Readable.count(shadow.missing, "row")) without a vector of \(shadow.model) were left out.") }
    }

    // MARK: - Switching

    private struct Switched: Encodable {
        let live: String
        let former: String
    }

    private func change(to role: EmbeddingGeneration.Role, _ access: ReembeddingAccess) async throws {
        let (live, former) = try await access.switchGenerations(to: role)
        if json { return try Output.json(Switched(live: live, former: former)) }
        Output.line("The knowledge is searched by the vectors of \(live); those of \(former) are kept.")
        Output.line(
            role == .next
                ? "bunko reembed --rollback goes back to them, --drop removes them." : "bunko reembed --switch goes on to them again.")
    }

    private func dropGeneration(_ access: ReembeddingAccess) async throws {
        let total = max(1, try await access.generations.shadow?.rows ?? 0)
        let display = StepDisplay()
        try await access.drop { display.advance("remove", by: $0, of: total) }
        display.finish()
        if !json { Output.line("Removed; PostgreSQL uses the room for what comes next.") }
    }
}

extension EmbeddingGeneration {
    /// What may be done with it.
    fileprivate var state: String {
        switch role {
        case .live: "searched"
        case .next: missing == 0 ? "filled: --switch searches it" : "being filled, or interrupted: --model \(model) goes on"
        case .former: missing == 0 ? "former: --rollback goes back to it" : "former, incomplete: --model \(model) fills it for a --rollback"
        case .dropped: "being removed, or interrupted: --drop goes on"
        }
    }
}
