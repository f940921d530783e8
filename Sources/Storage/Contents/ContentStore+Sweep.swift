public import Domain
public import Foundation
import Glibc

/// A content as it stands on disk.
public struct StandingContent: Sendable, Hashable {
    public let digest: ContentDigest
    public let byteCount: Int
    public let changedAt: Date
}

/// What a sweep looks at: all that stands in the store's folders and may have nobody.
extension ContentStore {
    /// How many parts ``standingContents(part:olderThan:)`` tells of.
    public static let parts = 0..<256

    /// The stored contents of one part that were last changed before a moment.
    public func standingContents(part: Int, olderThan moment: Date) async throws -> [StandingContent] {
        let folder = folders.contents[part]
        return try await onQueue {
            ContentFolders.names(in: folder).compactMap { name in
                guard let digest = ContentDigest(name), let facts = Self.facts("\(folder)/\(name)"), facts.changedAt < moment else {
                    return nil
                }
                return StandingContent(digest: digest, byteCount: facts.byteCount, changedAt: facts.changedAt)
            }
        }
    }

    /// The resumable uploads with bytes that were last changed before a moment.
    public func standingUploads(olderThan moment: Date) async throws -> [UploadID] {
        let folder = folders.uploads
        return try await onQueue {
            ContentFolders.names(in: folder).compactMap { name in
                guard let id = UploadID(name), let facts = Self.facts("\(folder)/\(name)"), facts.changedAt < moment else { return nil }
                return id
            }
        }
    }

    /// The incoming files that were last changed before a moment and that no running process has; removed when that is asked for.
    /// - Returns: how many.
    public func abandonedFiles(olderThan moment: Date, removing: Bool) async throws -> Int {
        let folder = folders.incoming
        return try await onQueue {
            let abandoned = ContentFolders.names(in: folder).map { "\(folder)/\($0)" }.filter { path in
                guard let facts = Self.facts(path), facts.changedAt < moment else { return false }
                return (try? OpenFile(path, O_RDONLY).lock()) == true
            }
            return removing ? abandoned.count { unlink($0) == 0 } : abandoned.count
        }
    }

    private static func facts(_ path: String) -> (byteCount: Int, changedAt: Date)? {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return nil }
        let seconds = Double(facts.st_mtim.tv_sec) + Double(facts.st_mtim.tv_nsec) / 1e9
        return (Int(facts.st_size), Date(timeIntervalSince1970: seconds))
    }
}
