import Domain
import Foundation
public import Storage

/// What stands on disk and belongs to nothing: left by a crash between a file's bytes and its row.
public struct ContentSweep: Sendable, Codable, Equatable {
    /// Stored contents that no row knows of.
    public var contents = 0
    /// Incoming files that nobody is writing, and bytes of resumable uploads without a row.
    public var files = 0
    /// Whether the database knows fewer of the stored contents than not. A crash leaves a few; a whole store of strangers belongs to
    /// another database, which the service was not given. Then none of them is removed.
    public var isForeign = false

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
    /// Contents are handed to the clean-up of released ones, which removes them within seconds, and not while a backup is under way. Of a
    /// store that looks like another database's nothing but incoming files is removed.
    public func sweep(_ contents: ContentStore, removing: Bool) async throws -> ContentSweep {
        let moment = Date.now.addingTimeInterval(-Self.grace)
        var found = ContentSweep()
        found.files = try await contents.abandonedFiles(olderThan: moment, removing: removing)
        let (unknown, known) = try await unknownContents(in: contents, olderThan: moment)
        found.contents = unknown.count
        found.isForeign = unknown.count > known
        let uploads = try await contents.standingUploads(olderThan: moment)
        let strayUploads = try await database.read(scope) { try await $0.unknownUploads(uploads) }
        found.files += strayUploads.count
        guard removing, !found.isForeign else { return found }
        if !unknown.isEmpty { _ = try await database.write(scope) { try await $0.takeDown(unknown) } }
        for id in strayUploads { try await contents.removeUpload(id) }
        return found
    }

    private func unknownContents(
        in contents: ContentStore, olderThan moment: Date
    ) async throws -> (unknown: [StandingContent], known: Int) {
        var (unknown, known) = ([StandingContent](), 0)
        for part in ContentStore.parts {
            let standing = try await contents.standingContents(part: part, olderThan: moment)
            if standing.isEmpty { continue }
            let strangers = try await database.read(scope) { try await $0.unknownContents(standing) }
            unknown += strangers
            known += standing.count - strangers.count
        }
        return (unknown, known)
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
