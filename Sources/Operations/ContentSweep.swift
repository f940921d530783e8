import Domain
import Foundation
public import Storage

/// What stands on disk and belongs to nothing: left by a crash between a file's bytes and its row.
public struct ContentSweep: Sendable, Codable, Equatable {
    /// Stored contents that no row knows of.
    public var contents = 0
    /// Incoming files that nobody is writing, and bytes of resumable uploads without a row.
    public var files = 0

    public init() {}

    /// Whether there is nothing.
    public var isEmpty: Bool { contents + files == 0 }
}

extension Upkeep {
    /// What is younger may be on its way to a row.
    private static let grace: TimeInterval = 3_600
    private static let uploadsPerRound = 100

    /// Counts what stands in the store's folders for an hour and belongs to nothing, and removes it when that is asked for.
    ///
    /// Contents are handed to the clean-up of released ones, which removes them within seconds, and not while a backup is under way.
    public func sweep(_ contents: ContentStore, removing: Bool) async throws -> ContentSweep {
        let moment = Date.now.addingTimeInterval(-Self.grace)
        var found = ContentSweep()
        for part in ContentStore.parts {
            let standing = try await contents.standingContents(part: part, olderThan: moment)
            if standing.isEmpty { continue }
            let unknown = try await database.read(scope) { try await $0.unknownContents(standing) }
            if unknown.isEmpty { continue }
            found.contents += removing ? try await database.write(scope) { try await $0.takeDown(unknown) } : unknown.count
        }
        found.files = try await contents.abandonedFiles(olderThan: moment, removing: removing)
        let uploads = try await contents.standingUploads(olderThan: moment)
        for id in try await database.read(scope, { try await $0.unknownUploads(uploads) }) {
            found.files += 1
            if removing { try await contents.removeUpload(id) }
        }
        return found
    }

    /// Ends the resumable uploads that have expired, and removes their bytes.
    /// - Returns: how many.
    public func expireUploads(_ contents: ContentStore) async throws -> Int {
        var count = 0
        while true {
            let expired = try await database.write(scope) { try await $0.clearUploads(limit: Self.uploadsPerRound) }
            for id in expired { try await contents.removeUpload(id) }
            count += expired.count
            if expired.count < Self.uploadsPerRound { return count }
        }
    }
}
