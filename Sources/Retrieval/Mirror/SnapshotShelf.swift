import Domain
import Foundation
import LexicalIndex
import Logging
import Storage
import VectorIndex

/// A replica's folder: the snapshot of its index, and the names under which the database may know it.
///
/// The methods block on the disk: they belong outside the cooperative pool.
struct SnapshotShelf: Sendable {
    let folder: URL

    private var namesFile: URL { folder.appending(path: "replica.json") }

    /// What stands in a snapshot's label.
    private struct Label: Codable {
        var kept: KeptMirror
        var dimensions: Int
        /// How the names of attributes are written; a label without it, or with another, is none.
        var attributes = attributeNames
    }

    private static let attributeNames = 2

    /// The names that were remembered; none when there is no such file, or it cannot be read: then everything is loaded.
    func names(_ logger: Logger) -> [ReplicaID] {
        do {
            return try JSONDecoder().decode([ReplicaID].self, from: Data(contentsOf: namesFile))
        } catch CocoaError.fileReadNoSuchFile {
            return []
        } catch {
            logger.warning("the replica's name cannot be read", metadata: ["file": "\(namesFile.path)", "error": "\(error)"])
            return []
        }
    }

    /// Remembers names for the next start, in place of those that were remembered. On a disk that takes no more the next start reads every row,
    /// which is no reason not to follow now.
    func remember(_ names: [ReplicaID], _ logger: Logger) {
        do {
            try makeFolder()
            try JSONEncoder().encode(names).write(to: namesFile, options: .atomic)
        } catch {
            logger.warning("the replica's name cannot be kept", metadata: ["file": "\(namesFile.path)", "error": "\(error)"])
        }
    }

    private func makeFolder() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// The snapshot in the folder with what it says of itself; nil when there is none, or it cannot be used, which is logged.
    func snapshot(dimensions: Int, seed: UInt64, _ logger: Logger) -> (snapshot: IndexSnapshot, kept: KeptMirror)? {
        do {
            let snapshot = try IndexSnapshot(at: folder)
            let label = try JSONDecoder().decode(Label.self, from: snapshot.label)
            guard snapshot.dimensions == dimensions, snapshot.seed == seed, label.attributes == Self.attributeNames else {
                logger.warning("the index's snapshot is of another kind and is not used", metadata: ["folder": "\(folder.path)"])
                return nil
            }
            return (snapshot, label.kept)
        } catch SnapshotError.missing {
            return nil
        } catch {
            logger.warning(
                "the index's snapshot cannot be used and every row is read anew",
                metadata: ["folder": "\(folder.path)", "error": "\(error)"])
            return nil
        }
    }

    /// The words of the snapshot's rows.
    func words(of kept: KeptMirror) throws(LexicalSnapshotError) -> LexicalIndex {
        try LexicalIndex(contentsOf: wordsFile(kept).path(percentEncoded: false), token: kept.token)
    }

    /// Writes a snapshot in place of the one that is there. The words come first, under a name of their own: until the vectors are there as
    /// well, the last snapshot is whole.
    func write(_ vectors: PartitionedIndex, _ words: LexicalImage, _ kept: KeptMirror) throws {
        try makeFolder()
        let file = wordsFile(kept)
        do {
            try words.write(to: file.path(percentEncoded: false), token: kept.token)
            let label = Label(kept: kept, dimensions: vectors.configuration.dimensions)
            try vectors.writeSnapshot(to: folder, label: JSONEncoder().encode(label))
        } catch {
            removeWords { $0 == file.lastPathComponent }
            throw error
        }
        removeWords { $0 != file.lastPathComponent }
    }

    private static let wordsPrefix = "words-"

    private func wordsFile(_ kept: KeptMirror) -> URL {
        folder.appending(path: Self.wordsPrefix + kept.token.uuidString.lowercased())
    }

    /// Removes the words of snapshots that are no more. What cannot be removed only takes room, until the next time.
    private func removeWords(where isGone: (String) -> Bool) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
        for name in names where name.hasPrefix(Self.wordsPrefix) && isGone(name) {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }
}
