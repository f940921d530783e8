import ArgumentParser
import Domain
import Foundation

struct Context: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Assemble the finished context for a question and show it.",
        discussion: "Example: bunko context \"How many days of leave do I have?\" --assistant handbook --max-tokens 2000")

    @Argument(help: "The question.")
    var text: String

    @Option(help: "The assistant, by name or id.")
    var assistant: String

    @Option(name: .customShort("k"), help: "How many passages to look for, 1 to 100.")
    var k: Int?

    @Option(help: "Bound for all messages together, in tokens.")
    var maxTokens: Int?

    @Option(help: "Form of the messages; openai for now.")
    var format: String?

    @Flag(help: "Print the API's answer as JSON.")
    var json = false

    @Flag(help: "Also tell what the index did and how long each stage took.")
    var explain = false

    @OptionGroup var options: GlobalOptions

    private struct Body: Encodable {
        let assistant: String
        let query: String
        let k: Int?
        let max_tokens: Int?
        let format: String?
    }

    func run() async throws {
        let body = try JSONEncoder().encode(Body(assistant: assistant, query: text, k: k, max_tokens: maxTokens, format: format))
        let data = try await options.withServer {
            try await $0.raw(.POST, "/v1/context", body: (Array(body), "application/json"))
        }
        if json { return Output.line(String(decoding: data, as: UTF8.self)) }
        show(try JSONDecoder().decode(ContextAnswer.self, from: data))
    }

    private func show(_ answer: ContextAnswer) {
        for message in answer.messages {
            Output.line("── \(message.role) ".padding(toLength: 72, withPad: "─", startingAt: 0))
            Output.line(message.content)
            Output.line()
        }
        Output.line("── citations ".padding(toLength: 72, withPad: "─", startingAt: 0))
        for citation in answer.citations {
            let place = ([citation.file ?? "untitled"] + citation.heading_path).joined(separator: " › ")
            let span = citation.char_start.flatMap { start in citation.char_end.map { ", characters \(start)–\($0)" } } ?? ""
            Output.line("[\(citation.number)] \(place)\(span)  (score \(citation.score.formatted(.number.precision(.fractionLength(3)))))")
        }
        let tokens = answer.tokens
        Output.line(
            "\n\(tokens.total) of \(tokens.budget) tokens: system \(tokens.system), history \(tokens.history), knowledge \(tokens.knowledge), question \(tokens.query)"
        )
        if explain {
            Output.line("persona \(answer.persona), context \(answer.id)")
            Output.line(
                "by \(answer.search.arms.joined(separator: " and ")): \(answer.search.matched) matched, \(answer.search.scanned) scanned, \(answer.search.probes) probes, exact: \(answer.search.exact), \(answer.search.left_out) left out"
            )
            Output.line(Readable.timings(answer.timings_ms))
        }
    }
}

/// Small pieces of readable output.
enum Readable {
    /// Stages by their time, longest first.
    static func timings(_ stages: [String: Double]) -> String {
        stages.sorted { $0.value > $1.value }
            .map { "\($0.key) \($0.value.formatted(.number.precision(.fractionLength(2)))) ms" }
            .joined(separator: ", ")
    }

    /// "1 passage", "2 passages".
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
