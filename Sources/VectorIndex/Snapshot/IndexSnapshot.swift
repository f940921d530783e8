public import FoundationEssentials
import Glibc

/// A snapshot that was opened: what it says of itself is known, its rows are not read yet. It stays as it is when a newer one is written
/// beside it.
public struct IndexSnapshot: Sendable {
    /// Bytes a label may have.
    public static let longestLabel = 65_536

    /// How much is read to verify a snapshot. Whatever is left unverified cannot harm the process, only give wrong answers.
    public enum Verification: Sendable {
        /// Everything but the vectors: all counts, ids and codes. The vectors are mapped and first read by the searches that need them, or by
        /// ``PartitionedIndex/verifySnapshot(bytes:)``.
        case structure
        /// The vectors too, all of them: their checksum, and that each has length 1.
        case full
    }

    /// Number of float32 values in each vector.
    public let dimensions: Int
    /// `IndexConfiguration.seed` of the index.
    public let seed: UInt64
    /// What the writer said about the rows, such as the model and the position in the source.
    public let label: Data
    /// Counts the snapshots written to the folder.
    public let generation: UInt64

    /// Behind the label.
    let manifest: ManifestReader
    let data: SegmentReader
    let verifiesChecksums: Bool

    /// Opens the snapshot in a folder.
    ///
    /// Throws `SnapshotError`: `missing` when there is none, `damaged` and others when it cannot be used.
    public init(at folder: URL) throws(SnapshotError) {
        // A writer may replace the snapshot, and remove its file, between the two openings.
        for _ in 0..<16 {
            if let snapshot = try Self.open(folder) {
                self = snapshot
                return
            }
        }
        throw .damaged(
            path: folder.path + "/" + SnapshotFormat.manifestName, offset: 24, reason: "the data file of its generation is not there")
    }

    /// Nil when the data file is not there.
    private static func open(_ folder: URL) throws(SnapshotError) -> IndexSnapshot? {
        let path = folder.path + "/" + SnapshotFormat.manifestName
        let manifest: MappedBytes
        do throws(SnapshotError) {
            manifest = try SnapshotFile(path, flags: O_RDONLY | O_NONBLOCK).mapped()
        } catch {
            if case .system(_, _, ENOENT) = error { throw .missing(path: path) }
            throw error
        }
        let generation = try Self.header(of: ManifestReader(path: path, bytes: manifest, verifiesChecksum: true)).generation
        let dataPath = folder.path + "/" + SnapshotFormat.dataName(generation)
        do throws(SnapshotError) {
            let data = try SnapshotFile(dataPath, flags: O_RDONLY | O_NONBLOCK).mapped()
            return try IndexSnapshot(path: path, manifest: manifest, dataPath: dataPath, data: data, verifiesChecksums: true)
        } catch {
            if case .system(_, _, ENOENT) = error { return nil }
            throw error
        }
    }

    /// A snapshot in memory. Checksums may be ignored by those who look for flaws behind them.
    init(path: String, manifest: MappedBytes, dataPath: String, data: MappedBytes, verifiesChecksums: Bool) throws(SnapshotError) {
        let header = try Self.header(of: ManifestReader(path: path, bytes: manifest, verifiesChecksum: verifiesChecksums))
        dimensions = header.dimensions
        seed = header.seed
        label = header.label
        generation = header.generation
        guard header.dataBytes == UInt64(data.count) else {
            throw .damaged(
                path: dataPath, offset: data.count, reason: "it has \(data.count) bytes, but the manifest says \(header.dataBytes)")
        }
        self.manifest = header.rest
        self.data = SegmentReader(path: dataPath, bytes: data)
        self.verifiesChecksums = verifiesChecksums
    }

    private struct Header {
        var generation: UInt64
        var dimensions: Int
        var seed: UInt64
        var dataBytes: UInt64
        var label: Data
        var rest: ManifestReader
    }

    private static func header(of manifest: ManifestReader) throws(SnapshotError) -> Header {
        var manifest = manifest
        let generation = try manifest.integer(UInt64.self, "the generation")
        let dimensions = try manifest.count(UInt64.self, "the number of dimensions", atMost: Int(Int32.max))
        let seed = try manifest.integer(UInt64.self, "the seed")
        let dataBytes = try manifest.integer(UInt64.self, "the length of the data file")
        let labelCount = try manifest.count(UInt32.self, "the length of the label", atMost: longestLabel)
        let label = Data(try manifest.array(UInt8.self, count: labelCount, "the label"))
        return Header(
            generation: generation, dimensions: dimensions, seed: seed, dataBytes: dataBytes, label: label, rest: manifest)
    }
}
