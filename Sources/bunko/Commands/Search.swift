import ArgumentParser
import Domain
import Foundation

struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the passages that answer a text.",
        discussion: "Example: bunko search \"parental leave\" --assistant handbook -k 3")

    @Argument(help: "What to search for.")
    var text: String

    @Option(help: "The assistant, by name or id.")
    var assistant: String

    @Option(name: .customShort("k"), help: "How many passages, 1 to 1000.")
    var k = 5

    @Flag(help: "Print the API's answer as JSON.")
    var json = false

    @Flag(help: "Also tell what the index did and how long each stage took.")
    var explain = false

    @OptionGroup var options: GlobalOptions

    private struct Body: Encodable {
        let assistant: String
        let query: String
        let k: Int
    }

    func run() async throws {
        let body = try JSONEncoder().encode(Body(assistant: assistant, query: text, k: k))
        let data = try await options.withServer {
            try await $0.raw(.POST, "/v1/search", body: (Array(body), "application/json"))
        }
        if json { return Output.line(String(decoding: data, as: UTF8.self)) }
        let answer = try JSONDecoder().decode(SearchAnswer.self, from: data)
        if answer.results.isEmpty { Output.line("Nothing found.") }
        for (number, result) in answer.results.enumerated() {
            let place = ([result.file ?? "untitled"] + result.heading_path).joined(separator: " › ")
            Output.line("\(number + 1). \(place)  (score \(result.score.formatted(.number.precision(.fractionLength(3)))))")
            Output.line(result.content.split(separator: "\n", omittingEmptySubsequences: false).map { "   \($0)" }.joined(separator: "\n"))
            Output.line()
        }
        if let reason = answer.degraded { Output.note("Only words were compared, since the question has no vector (\(reason)).") }
        if explain {
            Output.line(
                "by \(answer.arms.joined(separator: " and ")): \(answer.matched) matched, \(answer.scanned) scanned, \(answer.probes) probes, exact: \(answer.exact)"
            )
            Output.line(Readable.timings(answer.timings_ms))
        }
    }
}
