import RowFilters
import CVectorKernels
import FoundationEssentials

extension PartitionedIndex {
    /// An index with the rows of a snapshot, which answers as the one that was saved did. Vectors, ids and codes are used in place
    /// from the file until they change; attributes are read into memory.
    ///
    /// Dimension and seed of the configuration must be those of the snapshot. Throws `SnapshotError`. Cost: reads ids and codes, not the
    /// vectors unless `verification` is `full`.
    public convenience init(
        snapshot: IndexSnapshot, configuration: IndexConfiguration, verification: IndexSnapshot.Verification = .structure
    ) throws(SnapshotError) {
        let path = snapshot.manifest.path
        guard snapshot.dimensions == configuration.dimensions else {
            throw .otherConfiguration(
                path: path, reason: "its vectors have \(snapshot.dimensions) dimensions, the index wants \(configuration.dimensions)")
        }
        guard snapshot.seed == configuration.seed else {
            throw .otherConfiguration(path: path, reason: "its seed is \(snapshot.seed), the index wants \(configuration.seed)")
        }
        let rotation = Rotation(dimensions: configuration.dimensions, seed: configuration.seed)
        let keeper = configuration.memory.map(MemoryKeeper.init)
        var loader = SnapshotLoader(
            snapshot, configuration: configuration, rotation: rotation, keeper: keeper, verification: verification)
        let partitions = try loader.partitions()
        self.init(
            configuration: configuration, rotation: rotation, keeper: keeper, partitions: partitions,
            unverified: UnverifiedVectors(loader.unverified, of: snapshot.data, letsGo: keeper != nil))
    }

    /// Compares vectors that the index began with, and that were mapped without being read, with the checksums of their snapshot: `limit`
    /// bytes more with each call. Later searches find them in the system's cache.
    ///
    /// - Returns: whether there are more.
    /// - Throws: `SnapshotError.damaged`, now and with each further call: searches and snapshots of this index may then be wrong. Cost: a read
    ///   of the bytes, from disk if need be, on the calling thread; further callers wait.
    public func verifySnapshot(bytes limit: Int = 16 << 20) throws(SnapshotError) -> Bool {
        try unverified.withLock { unverified throws(SnapshotError) in
            try unverified.verify(atMost: limit)
            return !unverified.isEmpty
        }
    }
}

/// Makes partitions of a snapshot. Trusts nothing in it: every number is checked before it is used.
struct SnapshotLoader {
    private let configuration: IndexConfiguration
    private let rotation: Rotation
    private let keeper: MemoryKeeper?
    private let verification: IndexSnapshot.Verification
    private let verifiesChecksums: Bool
    private var manifest: ManifestReader
    private var data: SegmentReader
    /// Segments of vectors that were mapped without being read, and their checksums.
    private(set) var unverified: [(bytes: Range<Int>, checksum: UInt32)] = []

    init(
        _ snapshot: IndexSnapshot, configuration: IndexConfiguration, rotation: Rotation, keeper: MemoryKeeper?,
        verification: IndexSnapshot.Verification
    ) {
        self.configuration = configuration
        self.rotation = rotation
        self.keeper = keeper
        self.verification = verification
        verifiesChecksums = snapshot.verifiesChecksums
        manifest = snapshot.manifest
        data = snapshot.data
    }

    mutating func partitions() throws(SnapshotError) -> [UUID: Partition] {
        var partitions: [UUID: Partition] = [:]
        let count = try manifest.integer(UInt32.self, "the number of partitions")
        for _ in 0..<count {
            let start = manifest.offset
            let id = UUID(uuid: try manifest.value("a partition's id"))
            guard partitions[id] == nil else { throw manifest.damaged("partition \(id) is there twice", at: start) }
            partitions[id] = try partition()
        }
        guard manifest.offset == manifest.end else { throw manifest.damaged("\(manifest.end - manifest.offset) bytes follow its end") }
        try data.finish()
        return partitions
    }

    private mutating func segment(_ count: Int?, _ checksum: UInt32?, _ what: String) throws(SnapshotError) -> Range<Int> {
        try data.segment(count, checksum: verifiesChecksums ? checksum : nil, what)
    }

    private mutating func partition() throws(SnapshotError) -> Partition {
        let start = manifest.offset
        let chunkCount = try manifest.count(UInt32.self, "the number of chunks", atMost: SnapshotFormat.mostChunks)
        let used = try manifest.array(UInt32.self, count: chunkCount, "the chunks").map(Int.init)
        guard used.allSatisfy({ $0 <= RowChunk.maximumCapacity }) else {
            throw manifest.damaged("a chunk has more than \(RowChunk.maximumCapacity) rows", at: start)
        }
        let wordsInChunk = RowChunk.maximumCapacity / UInt64.bitWidth
        let live = Bitmap(words: try manifest.array(UInt64.self, count: chunkCount * wordsInChunk, "the live rows"))
        let chunks = try chunks(used)
        var rows = LoadedRows(used: used, live: live, chunks: chunks)
        if let problem = rows.problemWithSlots { throw manifest.damaged(problem, at: start) }
        if let problem = rows.fillSlotTable() { throw manifest.damaged(problem, at: start) }
        let attributes = try attributes(live)
        let lists = try lists(&rows)
        var view = PartitionView()
        view.table = PartitionTable(chunks: chunks, lists: lists.lists, space: lists.space, coarse: lists.coarse)
        view.live = live
        view.liveCount = rows.slots.count
        view.storedCount = used.reduce(0, +)
        view.attributes = attributes.table
        view.bookkeepingBytes = rows.slots.bytes + attributes.bytes
        var writer = PartitionWriter()
        writer.idBytes = rows.slots.bytes
        writer.attributes = attributes
        writer.chunks = ChunkAllocator(closed: zip(used, rows.liveInChunk).map { (used: $0, live: $1) })
        writer.deadInList = rows.deadInList
        // At least as many rows changed since then.
        writer.changesSinceCalibration = abs(view.liveCount - (lists.coarse?.calibration.rows ?? view.liveCount))
        return Partition(configuration: configuration, rotation: rotation, memory: keeper, writer: writer, ids: rows.slots, view: view)
    }

    /// The chunks over the segments of ids and vectors.
    private mutating func chunks(_ used: [Int]) throws(SnapshotError) -> [RowChunk?] {
        let rowCount = used.reduce(0, +)
        let dimensions = configuration.dimensions
        let ids = try segment(
            SnapshotFormat.product(rowCount, MemoryLayout<UUID>.size), try manifest.integer(UInt32.self, "a checksum"), "ids")
        let checksum = try manifest.integer(UInt32.self, "a checksum")
        let rowBytes = SnapshotFormat.product(dimensions, MemoryLayout<Float>.size)
        let vectors = try segment(
            rowBytes.flatMap { SnapshotFormat.product(rowCount, $0) }, verification == .full ? checksum : nil, "vectors")
        if verification == .full {
            try verify(vectors, rowCount)
        } else if verifiesChecksums, !vectors.isEmpty {
            unverified.append((vectors, checksum))
        }
        var first = 0
        let mapping = data.bytes
        return used.map { count in
            guard count > 0 else { return nil }
            let rows = first..<first + count
            first += count
            return RowChunk(
                capacity: count, dimensions: dimensions, vectors: mapping.rows(rows, of: vectors, bytes: 4 * dimensions),
                ids: mapping.rows(rows, of: ids, bytes: MemoryLayout<UUID>.size))
        }
    }

    private mutating func attributes(_ live: Bitmap) throws(SnapshotError) -> AttributeWriter {
        let count = try manifest.integer(UInt64.self, "the length of the attributes")
        let segment = try segment(Int(exactly: count), try manifest.integer(UInt32.self, "a checksum"), "attributes")
        do throws(AttributeDamage) {
            return try AttributeWriter(
                decoding: UnsafeRawBufferPointer(start: data.bytes.base + segment.lowerBound, count: segment.count), of: live)
        } catch {
            throw data.damaged(error.reason, at: segment.lowerBound + error.offset)
        }
    }

    private func verify(_ vectors: Range<Int>, _ rowCount: Int) throws(SnapshotError) {
        let dimensions = configuration.dimensions
        let values = (data.bytes.base + vectors.lowerBound).assumingMemoryBound(to: Float.self)
        for row in 0..<rowCount where !(abs(bunko_squared_norm(values + row * dimensions, dimensions) - 1) < 1e-4) {
            throw data.damaged("a vector has not length 1", at: vectors.lowerBound + 4 * row * dimensions)
        }
    }

    private mutating func lists(
        _ rows: inout LoadedRows
    ) throws(SnapshotError) -> (lists: [CodeList], space: CodeSpace?, coarse: CoarseQuantizer?) {
        let start = manifest.offset
        let listCount = try manifest.count(UInt32.self, "the number of lists", atMost: SnapshotFormat.mostRows)
        guard listCount > 0 else { return ([], nil, nil) }
        let counts = try manifest.array(UInt32.self, count: listCount, "the lists").map(Int.init)
        let centreRows = try manifest.count(UInt64.self, "the number of rows behind a centre", atMost: SnapshotFormat.mostRows)
        let hasCentroids = try manifest.count(UInt8.self, "whether there are centroids", atMost: 1) == 1
        guard hasCentroids || listCount == 1 else { throw manifest.damaged("there are \(listCount) lists without centroids", at: start) }
        let structureChecksum = try manifest.integer(UInt32.self, "a checksum")
        let codesChecksum = try manifest.integer(UInt32.self, "a checksum")
        let training = hasCentroids ? try self.training(lists: listCount) : nil
        let (space, coarse) = try structure(training, lists: listCount, centreRows: centreRows, checksum: structureChecksum)
        let lists = try codes(counts, checksum: codesChecksum, inBlocks: !hasCentroids)
        for (number, list) in lists.enumerated() {
            if let problem = rows.place(list, number: number) { throw manifest.damaged(problem, at: start) }
        }
        guard rows.placed == rows.slots.count else {
            throw manifest.damaged("\(rows.placed) of \(rows.slots.count) rows have codes", at: start)
        }
        return (lists, space, coarse)
    }

    private mutating func codes(_ counts: [Int], checksum: UInt32, inBlocks: Bool) throws(SnapshotError) -> [CodeList] {
        let width = rotation.width
        let offsets = SnapshotFormat.offsets(of: counts.map { CodeList.bytes(capacity: $0, width: width) })
        let segment = try segment(offsets?.last, checksum, "codes")
        let mapping = data.bytes
        let lists = zip(counts, offsets ?? []).map { count, offset in
            let start = segment.lowerBound + offset
            return CodeList(
                full: count, width: width,
                memory: AlignedMemory(start..<start + CodeList.bytes(capacity: count, width: width), of: mapping), inBlocks: inBlocks)
        }
        for (list, count) in zip(lists, counts) where list.count != count || !list.hasFiniteFactors {
            throw data.damaged(
                "a list of codes has another count than the manifest, or factors that are no numbers", at: segment.lowerBound)
        }
        return lists
    }

    private struct Training {
        var trainedRows: Int
        var components: Int
        var calibration: ProbeCalibration
    }

    private mutating func training(lists: Int) throws(SnapshotError) -> Training {
        let trainedRows = try manifest.count(UInt64.self, "the number of trained rows", atMost: SnapshotFormat.mostRows)
        let components = try manifest.count(UInt32.self, "the number of components", atMost: configuration.dimensions)
        guard components > 0 else { throw manifest.damaged("there are no principal components") }
        let calibratedRows = try manifest.count(UInt64.self, "the number of calibrated rows", atMost: SnapshotFormat.mostRows)
        let start = manifest.offset
        let deviation: Float = try manifest.value("the codes' deviation")
        guard (0...2).contains(deviation) else { throw manifest.damaged("the codes' deviation is out of range", at: start) }
        let pointCount = try manifest.count(UInt32.self, "the number of calibrated points", atMost: SnapshotFormat.mostPoints)
        var points: [ProbeCalibration.Point] = []
        for _ in 0..<pointCount {
            let start = manifest.offset
            let point = ProbeCalibration.Point(
                k: try manifest.count(UInt32.self, "a number of neighbours", atMost: SnapshotFormat.mostRows),
                margin: try manifest.value("a margin"),
                mostProbes: try manifest.count(UInt32.self, "a number of probes", atMost: SnapshotFormat.mostRows),
                meanProbes: try manifest.value("a mean number of probes"), recall: try manifest.value("a recall"))
            guard ProbeCalibration.levels.contains(point.k), abs(point.margin) <= 4, point.mostProbes >= 1,
                (0...Double(SnapshotFormat.mostRows)).contains(point.meanProbes), (0...1.000_001).contains(point.recall)
            else { throw manifest.damaged("a point of the calibration is out of range", at: start) }
            points.append(point)
        }
        return Training(
            trainedRows: trainedRows, components: components,
            calibration: ProbeCalibration(points: points, rows: calibratedRows, deviation: deviation))
    }

    private mutating func structure(
        _ training: Training?, lists: Int, centreRows: Int, checksum: UInt32
    ) throws(SnapshotError) -> (CodeSpace, CoarseQuantizer?) {
        let (dimensions, width) = (configuration.dimensions, rotation.width)
        let offsets = SnapshotFormat.structure(
            dimensions: dimensions, width: width, components: training?.components ?? 0, lists: training == nil ? 0 : lists)
        let segment = try segment(offsets?.last, checksum, "structure")
        let mapping = data.bytes
        let starts = (offsets ?? []).map { segment.lowerBound + $0 }
        func floats(_ part: Int, count: Int) throws(SnapshotError) -> [Float] {
            let values = UnsafeBufferPointer(
                start: (mapping.base + starts[part]).assumingMemoryBound(to: Float.self), count: count)
            // Parts of unit vectors and what they are multiplied with.
            guard values.allSatisfy({ abs($0) <= 2 }) else { throw data.damaged("a value is out of range", at: starts[part]) }
            return Array(values)
        }
        let space = CodeSpace(rotation: rotation, centre: try floats(0, count: dimensions), rows: centreRows)
        guard let training else { return (space, nil) }
        let components = PrincipalComponents(
            dimensions: dimensions, mean: try floats(1, count: dimensions), basis: try floats(2, count: training.components * dimensions))
        let projected = AlignedMemory(starts[3]..<starts[4], of: mapping)
        let halves = UnsafeBufferPointer(start: projected.base.assumingMemoryBound(to: UInt16.self), count: lists * components.count)
        guard halves.allSatisfy({ $0 & 0x7FFF <= 0x4000 }) else { throw data.damaged("a centroid is out of range", at: starts[3]) }
        let units = AlignedMemory(starts[4]..<starts[5], of: mapping)
        let steps = UnsafeBufferPointer(
            start: (units.base + CoarseQuantizer.stepOffset(lists, width)).assumingMemoryBound(to: Float.self), count: lists)
        guard steps.allSatisfy({ abs($0) <= 2 }) else { throw data.damaged("a centroid is out of range", at: starts[4]) }
        let codes = CodeList(full: lists, width: width, memory: AlignedMemory(starts[5]..<starts[6], of: mapping))
        guard codes.count == lists, codes.hasFiniteFactors else { throw data.damaged("the centroids' codes are no codes", at: starts[5]) }
        let coarse = CoarseQuantizer(
            lists: lists, width: width, components: components, units: units, codes: codes, projected: projected,
            trainedRows: training.trainedRows, calibration: training.calibration)
        return (space, coarse)
    }
}

extension MappedBytes {
    fileprivate func rows(_ rows: Range<Int>, of segment: Range<Int>, bytes: Int) -> AlignedMemory {
        AlignedMemory(segment.lowerBound + rows.lowerBound * bytes..<segment.lowerBound + rows.upperBound * bytes, of: self)
    }
}
