import ArgumentParser

@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures Bunko's vector index on generated embeddings.",
        subcommands: [ExactCommand.self, ProfileCommand.self])
}
