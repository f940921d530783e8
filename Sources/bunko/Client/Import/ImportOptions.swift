import Foundation

/// What an import was asked for.
struct ImportOptions: Sendable {
    var roots: [ImportRoot]
    /// Nil: for all to share.
    var assistant: String?
    var tags: [String] = []
    var retryFailed = false
    /// Uploads under way at a time.
    var jobs = 8
    /// Whether what is gone from the roots is removed from the knowledge.
    var sync = false
    /// With `sync`: whether a folder without any file may empty the knowledge.
    var allowEmpty = false
    /// Whether nothing is told on standard error while it runs.
    var isQuiet = false

    /// Tags as the server keeps them: a comma divides two, and each counts once.
    static func tags(_ given: [String]) -> [String] {
        var seen: Set<String> = []
        return given.flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
