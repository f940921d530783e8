import Foundation

/// What an import would do, file by file and in sum.
struct DryRunReport: Encodable, Sendable {
    enum Action: String, Encodable, Sendable, CaseIterable {
        case add, replace, unchanged, remove, fail
    }

    struct File: Encodable, Sendable {
        let path: String
        let action: Action
        /// Nil for what is not read on this machine, as it lacks a program.
        let chunks: Int?
        /// To embed; at most, as a changed file embeds only the passages that changed.
        let tokens: Int?
        let reason: String?
        let code: String?
    }

    struct Totals: Encodable, Sendable, Equatable {
        let files: Int
        let add: Int
        let replace: Int
        let unchanged: Int
        let remove: Int
        let fail: Int
        /// Of files to add and replace.
        let chunks: Int
        let tokens: Int
        /// Files to add and replace whose passages are not counted, as this machine lacks a program that reads them.
        let not_counted: Int
        let cost: Double
    }

    let dry_run = true
    let files: [File]
    let totals: Totals
    /// With `--sync`: files that seem gone from the folder and would be kept, because not everything could be read.
    let kept: Int
    /// The model the cost is for; nil when the server tells none, and then the cost is 0 for want of a price.
    let embedding_model: String?
    let cost_per_million_tokens: Double?
    /// Whether the passages may be other ones on the server, as its vocabulary is not on this machine.
    let is_estimated: Bool
    let seconds: Double

    init(files: [File], kept: Int = 0, embedding: LimitsAnswer.Embedding?, isEstimated: Bool = false, seconds: Double) {
        self.files = files
        self.kept = kept
        self.seconds = (seconds * 1_000).rounded() / 1_000
        embedding_model = embedding?.model
        cost_per_million_tokens = embedding?.cost_per_million_tokens
        is_estimated = isEstimated
        func count(_ action: Action) -> Int { files.count { $0.action == action } }
        let new = files.filter { $0.action == .add || $0.action == .replace }
        let tokens = new.reduce(0) { $0 + ($1.tokens ?? 0) }
        totals = Totals(
            files: files.count, add: count(.add), replace: count(.replace), unchanged: count(.unchanged), remove: count(.remove),
            fail: count(.fail), chunks: new.reduce(0) { $0 + ($1.chunks ?? 0) }, tokens: tokens,
            not_counted: new.count { $0.chunks == nil }, cost: Double(tokens) * (embedding?.cost_per_million_tokens ?? 0) / 1_000_000)
    }

    /// For people: a line for each file that is not unchanged, then the sums.
    var lines: [String] {
        let rows = files.filter { $0.action != .unchanged }.map { file in
            [file.action.rawValue, file.chunks.map(String.init) ?? "", file.tokens.map(String.init) ?? "", file.path]
        }
        let reasons = files.filter { $0.action == .fail }.map { "\($0.path): \($0.reason ?? "no reason was given")" }
        let table = rows.isEmpty ? [] : TextTable(["", "passages", "tokens", "file"], rows).lines
        return table + (reasons.isEmpty ? [] : [""] + reasons) + [""] + sums
    }

    private var sums: [String] {
        let actions = [
            (totals.add, "to add"), (totals.replace, "to replace"), (totals.unchanged, "unchanged"), (totals.remove, "to remove"),
            (totals.fail, "would fail"),
        ]
        let told = actions.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        var lines = ["\(totals.files) files\(told.isEmpty ? "" : ": " + told.joined(separator: ", ")); nothing was done."]
        lines.append("\(totals.chunks) passages of \(totals.tokens) tokens to embed at most; \(price)")
        if kept > 0 { lines.append("\(kept) files seem gone and would be kept, because not everything could be read.") }
        if totals.not_counted > 0 {
            lines.append("\(totals.not_counted) files need a program to be read that this machine lacks: their passages are not counted.")
        }
        if is_estimated {
            lines.append("The server's vocabulary is not on this machine, so passages are estimated; name it in BUNKO_CHUNKING_TOKENIZER.")
        }
        return lines
    }

    private var price: String {
        guard let embedding_model else { return "cost 0: the server tells no price." }
        let cost = totals.cost.formatted(.number.precision(.fractionLength(0...6)).grouping(.never))
        let price = (cost_per_million_tokens ?? 0).formatted(.number.precision(.fractionLength(0...6)).grouping(.never))
        return "cost \(cost) with \(embedding_model) (\(price) a million)."
    }
}
