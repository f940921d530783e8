import ArgumentParser
import Extraction
import Glibc

/// The process that reads one untrusted document for the server; not for people.
struct ReadDocument: ParsableCommand {
    static let name = "read-document"
    /// What starts it from this program.
    static let command = ["/proc/self/exe", name]
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Read one document from standard input, under limits.", shouldDisplay: false)

    @Argument var request: String

    func run() {
        Glibc.exit(IsolatedReading.run(request: request))
    }
}
