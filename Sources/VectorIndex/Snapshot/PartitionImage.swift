import RowFilters
import CVectorKernels
import FoundationEssentials

/// One moment of a partition, as a snapshot holds it. Writers go on.
struct PartitionImage {
    let id: UUID
    let view: PartitionView
    /// The keywords of each row; the table of both is that of the view.
    let attributes: AttributeWriter
    /// Published rows of each list at that moment: lists of a view may grow.
    let listCounts: [Int]
    /// Rows given out in each chunk, 0 for one that was dropped.
    let used: [Int]
}

extension Partition {
    /// Writers wait until it is taken, which copies nothing.
    func image(_ id: UUID) -> PartitionImage {
        writer.withLock { writer in
            let view = view.withLock { $0 }
            return PartitionImage(
                id: id, view: view, attributes: writer.attributes, listCounts: view.table.lists.map(\.count), used: writer.chunks.usedRows)
        }
    }
}

extension PartitionImage {
    /// Writes the segments to the data file and what describes them to the manifest. Cost: a copy of the codes, list by list.
    func write(_ manifest: inout ManifestWriter, _ data: inout SegmentWriter, width: Int) throws(SnapshotError) {
        manifest.append(id)
        manifest.append(UInt32(used.count))
        for count in used { manifest.append(UInt32(count)) }
        let words = used.count * RowChunk.maximumCapacity / UInt64.bitWidth
        for word in 0..<words { manifest.append(word < view.live.words.count ? view.live.words[word] : 0) }
        let chunks = zip(view.table.chunks, used).lazy.compactMap { chunk, used in chunk.map { (chunk: $0, used: used) } }
        try data.startSegment()
        for (chunk, used) in chunks {
            try data.write(UnsafeRawBufferPointer(start: chunk.ids, count: used * MemoryLayout<UUID>.stride))
        }
        manifest.append(data.checksum)
        try data.startSegment()
        for (chunk, used) in chunks {
            try data.write(UnsafeRawBufferPointer(start: chunk.vectors, count: used * chunk.dimensions * MemoryLayout<Float>.stride))
        }
        manifest.append(data.checksum)
        try data.startSegment()
        let start = data.count
        try attributes.encode(view.live) { bytes throws(SnapshotError) in try data.write(bytes) }
        manifest.append(UInt64(data.count - start))
        manifest.append(data.checksum)
        manifest.append(UInt32(listCounts.count))
        if let space = view.table.space { try write(space, &manifest, &data, width: width) }
    }

    private func write(
        _ space: CodeSpace, _ manifest: inout ManifestWriter, _ data: inout SegmentWriter, width: Int
    ) throws(SnapshotError) {
        for count in listCounts { manifest.append(UInt32(count)) }
        manifest.append(UInt64(space.rows))
        manifest.append(UInt8(view.table.coarse == nil ? 0 : 1))
        try data.startSegment()
        try data.writePart(space.centre)
        if let coarse = view.table.coarse {
            try data.writePart(coarse.components.mean)
            try data.writePart(coarse.components.basis)
            try data.writePart(UnsafeRawBufferPointer(start: coarse.projected.base, count: 2 * coarse.lists * coarse.components.count))
            try data.writePart(
                UnsafeRawBufferPointer(start: coarse.units.base, count: CoarseQuantizer.unitBytes(coarse.lists, coarse.width)))
            let codes = coarse.codes.image(count: coarse.lists)
            try data.writePart(UnsafeRawBufferPointer(start: codes.base, count: codes.bytes))
        }
        manifest.append(data.checksum)
        try data.startSegment()
        for (list, count) in zip(view.table.lists, listCounts) {
            let image = list.image(count: count)
            try data.write(UnsafeRawBufferPointer(start: image.base, count: image.bytes))
        }
        manifest.append(data.checksum)
        guard let coarse = view.table.coarse else { return }
        manifest.append(UInt64(coarse.trainedRows))
        manifest.append(UInt32(coarse.components.count))
        manifest.append(UInt64(coarse.calibration.rows))
        manifest.append(coarse.calibration.deviation)
        manifest.append(UInt32(coarse.calibration.points.count))
        for point in coarse.calibration.points {
            manifest.append(UInt32(point.k))
            manifest.append(point.margin)
            manifest.append(UInt32(point.mostProbes))
            manifest.append(point.meanProbes)
            manifest.append(point.recall)
        }
    }
}
