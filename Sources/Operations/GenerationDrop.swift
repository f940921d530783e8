public import Domain
public import Storage

/// Removes the generation of vectors that is not live, a few rows at a time, so that nobody waits for it.
public struct GenerationDrop: Sendable {
    private let database: Database
    private let scope: Scope

    private static let window = 500
    /// Between two looks for rows that somebody was changing.
    private static let pause = Duration.milliseconds(200)

    /// - Parameter scope: a system scope.
    public init(database: Database, scope: Scope) {
        self.database = database
        self.scope = scope
    }

    /// Removes it; what an earlier attempt has begun is ended.
    /// - Parameter onProgress: gets how many more rows have no vector of it any more.
    /// - Throws: `conflict` when there is none, or another process is at it.
    public func run(onProgress: (Int) -> Void) async throws {
        try await database.aloneWithGenerations(scope) { try await drop(onProgress) }
    }

    private func drop(_ onProgress: (Int) -> Void) async throws {
        try await database.write(scope) { try await $0.beginDrop() }
        var place: PassagePlace?
        while true {
            let places = try await database.read(scope) { [place] in try await $0.filledPassages(after: place, limit: Self.window) }
            guard let last = places.last else {
                if try await database.write(scope, { try await $0.endDrop() }) { return }
                place = nil
                try await Task.sleep(for: Self.pause)
                continue
            }
            for (user, rows) in Dictionary(grouping: places, by: \.userID) {
                onProgress(try await database.write(scope.acting(for: user)) { try await $0.emptyGeneration(rows.map(\.id)) })
            }
            place = last
        }
    }
}
