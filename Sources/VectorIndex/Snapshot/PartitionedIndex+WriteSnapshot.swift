public import FoundationEssentials
import Glibc

extension PartitionedIndex {
    /// Writes a snapshot into a folder, which is made when it is not there, in place of the one that is there. Returns its generation.
    ///
    /// Searches and writers go on. The snapshot holds each partition as it was at one moment during the call, with every write that
    /// returned before the call; a position in the source that goes into the label must therefore be taken before the call, and what came
    /// after it applied again to a loaded index. The snapshot that was there stays whole until the new one is safely on disk, and is then removed;
    /// indexes that were loaded from it keep working. Writers to one folder, of any process, take turns. Nobody but this method may change
    /// the files.
    ///
    /// - Parameter label: up to `IndexSnapshot.longestLabel` bytes for the reader, such as the model and the position in the source.
    ///
    /// Cost: all vectors, ids, attributes and codes are written, and no memory beyond one list's codes is taken.
    @discardableResult
    public func writeSnapshot(to folder: URL, label: Data = Data()) throws(SnapshotError) -> UInt64 {
        guard label.count <= IndexSnapshot.longestLabel else { throw .labelTooLong(count: label.count) }
        let images = all.map { $1.image($0) }.filter { $0.view.liveCount > 0 }.sorted { $0.id < $1.id }
        let path = folder.path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system(path: path, operation: "making the folder", code: errno) }
        let directory = try SnapshotFile(path, flags: O_RDONLY | O_DIRECTORY)
        try directory.lock()
        let last = try Self.names(in: path).compactMap(SnapshotFormat.generation).max() ?? 0
        let generation = last + 1
        let dataName = SnapshotFormat.dataName(generation)
        do throws(SnapshotError) {
            let manifest = try write(images, label: label, generation: generation, to: path + "/" + dataName)
            let unfinished = path + "/" + SnapshotFormat.unfinishedManifestName
            try Self.write(manifest, to: unfinished)
            let finished = path + "/" + SnapshotFormat.manifestName
            guard rename(unfinished, finished) == 0 else { throw .system(path: finished, operation: "replacing it", code: errno) }
        } catch {
            unlink(path + "/" + dataName)
            unlink(path + "/" + SnapshotFormat.unfinishedManifestName)
            throw error
        }
        try directory.synchronize()
        for (_, partition) in all { partition.readAll() }
        keepBudgetLater()
        // What is left over harms nobody: the next writer removes it.
        for name in try Self.names(in: path) where SnapshotFormat.generation(of: name) != nil && name != dataName {
            unlink(path + "/" + name)
        }
        return generation
    }

    private func write(
        _ images: [PartitionImage], label: Data, generation: UInt64, to path: String
    ) throws(SnapshotError) -> [UInt8] {
        var data = SegmentWriter(try SnapshotFile(path, flags: O_WRONLY | O_CREAT | O_EXCL))
        var partitions = ManifestWriter()
        for image in images { try image.write(&partitions, &data, width: rotation.width) }
        try data.synchronize()
        var manifest = ManifestWriter()
        manifest.append(SnapshotFormat.magic)
        manifest.append(SnapshotFormat.version)
        manifest.append(SnapshotFormat.byteOrder)
        // The length, once it is known.
        manifest.append(UInt64(0))
        manifest.append(generation)
        manifest.append(UInt64(configuration.dimensions))
        manifest.append(configuration.seed)
        manifest.append(UInt64(data.count))
        manifest.append(UInt32(label.count))
        manifest.append(contentsOf: label)
        manifest.append(UInt32(images.count))
        manifest.append(contentsOf: Data(partitions.bytes))
        return manifest.finished()
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(SnapshotError) {
        let file = try SnapshotFile(path, flags: O_WRONLY | O_CREAT | O_TRUNC)
        let memory = MappedBytes(copying: bytes)
        try file.write(UnsafeRawBufferPointer(start: memory.base, count: memory.count))
        try file.synchronize()
    }

    private static func names(in path: String) throws(SnapshotError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .system(path: path, operation: "listing it", code: EIO)
        }
    }
}
