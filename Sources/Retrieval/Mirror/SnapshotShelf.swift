import Domain
import Foundation
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

    /// Writes a snapshot in place of the one that is there.
    func write(_ index: PartitionedIndex, _ kept: KeptMirror) throws {
        try makeFolder()
        let label = Label(kept: kept, dimensions: index.configuration.dimensions)
        try index.writeSnapshot(to: folder, label: JSONEncoder().encode(label))
    }
}
