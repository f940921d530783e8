import Synchronization

/// Bytes of a partition, by where they are.
struct Footprint {
    /// Everything but vectors.
    var fixed = 0
    /// Vectors in memory.
    var inMemory = 0
    /// Vectors in files, and how much of them may be in memory as well.
    var inFiles = 0
    var touched = 0

    var resident: Int { fixed + inMemory + touched }
}

extension Partition {
    /// Chunks that leave memory before writers get their turn again (48 MB at 1536 dimensions).
    private static let chunksPerStep = 8
    /// What reading a row in a file may bring into memory: the kernel maps so much around a page at once.
    private static let bytesAround = 64 << 10

    var footprint: Footprint {
        let view = view.withLock { $0 }
        var footprint = Footprint(fixed: view.bytes)
        footprint.inFiles = view.table.bytesInFiles
        footprint.inMemory = view.table.chunks.reduce(0) { $0 + ($1?.vectorBytes ?? 0) } - footprint.inFiles
        footprint.fixed -= footprint.inFiles + footprint.inMemory
        footprint.touched = min(touched.load(ordering: .relaxed), footprint.inFiles)
        return footprint
    }

    /// Takes down that a search reads so many of the rows.
    func touch(rows: Int) {
        guard memory != nil else { return }
        lastSearch.store(MemoryKeeper.now, ordering: .relaxed)
        touch(bytes: rows * Self.bytesAround)
    }

    /// Takes down that so many rows were read, but not by a search.
    func read(rows: Int) {
        touch(bytes: rows * dimensions * MemoryLayout<Float>.stride)
    }

    /// Takes down that all rows were read.
    func readAll() {
        touch(bytes: .max)
    }

    /// Counts at most what lies in files: whoever reads the same rows again and again brings nothing more into memory.
    private func touch(bytes: Int) {
        guard let memory else { return }
        let room = view.withLock { $0.table.bytesInFiles } - touched.load(ordering: .relaxed)
        guard room > 0 else { return }
        let added = min(bytes, room)
        touched.add(added, ordering: .relaxed)
        memory.grow(added)
    }

    /// Moves the vectors into a file, but for a chunk that has just been begun, and lets go of those that lie in one: memory keeps codes, ids and
    /// attributes. Searches go on and read what they need; writers wait for a step at most.
    func evict(to file: VectorFile) throws(SnapshotError) {
        while try moveSome(to: file) {}
        letGo()
    }

    /// Lets go of the vectors that lie in files.
    func letGo() {
        // Before the pages go: a search that reads one in between is counted.
        touched.store(0, ordering: .relaxed)
        for case let chunk? in view.withLock({ $0.table.chunks }) { chunk.letGo() }
    }

    /// - Returns: whether there are more.
    private func moveSome(to file: VectorFile) throws(SnapshotError) -> Bool {
        try writer.withLock { writer throws(SnapshotError) in
            let view = view.withLock { $0 }
            let inMemory = view.table.chunks.indices.filter { number in
                view.table.chunks[number].map { !$0.isInFile && writer.chunks.mayClose(number, $0) } ?? false
            }
            let some = inMemory.prefix(Self.chunksPerStep)
            var moved: [Int: RowChunk] = [:]
            for number in some {
                guard let chunk = view.table.chunks[number] else { continue }
                moved[number] = try chunk.moved(rows: writer.chunks.usedRows(in: number), to: file)
                // What is written takes no more rows.
                writer.chunks.close(number)
            }
            guard !moved.isEmpty else { return false }
            var change = PartitionChange(view)
            change.changeChunks { chunks in for (number, chunk) in moved { chunks[number] = chunk } }
            publish(change, &writer)
            return inMemory.count > some.count
        }
    }
}

extension PartitionView {
    /// Memory reserved, and bytes in files.
    var bytes: Int { table.bytes + live.capacity / 8 + bookkeepingBytes + (attributes?.bytes ?? 0) }
}
