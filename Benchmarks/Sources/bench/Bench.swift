import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures Bunko's vector index on generated embeddings, its embedder, and its cache.",
        subcommands: [ExactCommand.self, ProfileCommand.self, EmbedCommand.self, CacheCommand.self])
}
