import RowFilters
import CVectorKernels
import FoundationEssentials
import Synchronization

extension Partition {
    /// Chunks emptied in one step: bounds the extra memory (48 MB at 1536 dimensions).
    private static let chunksPerStep = 8

    /// Whether the partition should be trained, or trained again.
    var wantsTraining: Bool {
        let view = view.withLock { $0 }
        guard let coarse = view.table.coarse else { return view.liveCount > configuration.singleListRows }
        return view.liveCount > 4 * coarse.trainedRows
    }

    /// Gives the partition the structure for its size and reclaims what is dead. The caller holds `writer`.
    func restructure(_ writer: inout PartitionWriter) {
        let before = view.withLock { $0 }
        if let space = before.table.space {
            if before.liveCount * 2 < configuration.exhaustiveRows {
                dropCodes(&writer)
            } else if before.table.coarse != nil ? before.liveCount * 2 < configuration.singleListRows : outgrew(space, before) {
                makeSingleList(&writer)
            }
        } else if before.liveCount > configuration.exhaustiveRows {
            makeSingleList(&writer)
        }
        rewriteSparseLists(&writer)
        emptySparseChunks(&writer)
        if !writer.keepsNumbers, writer.chunks.wantsRenumbering(over: configuration.maintenance.droppedChunks) { renumberChunks(&writer) }
    }

    /// A centre that stands for a quarter of the rows at most may be far from their mean.
    private func outgrew(_ space: CodeSpace, _ view: PartitionView) -> Bool {
        view.liveCount >= 4 * space.rows && view.liveCount <= configuration.singleListRows
    }

    private func dropCodes(_ writer: inout PartitionWriter) {
        var change = PartitionChange(view.withLock { $0 })
        change.exchangeStructure(lists: [], space: nil, coarse: nil)
        publish(change, &writer)
    }

    /// Codes all live rows around their mean, in one list.
    private func makeSingleList(_ writer: inout PartitionWriter) {
        let view = view.withLock { $0 }
        var change = PartitionChange(view)
        let slots = view.live.slots
        let mean = PartitionTraining.mean(of: slots, in: view.table, dimensions: dimensions, workers: configuration.workers)
        let space = CodeSpace(rotation: rotation, centre: mean, rows: slots.count)
        let list = CodeList(capacity: slots.count + slots.count / 4, width: rotation.width, inBlocks: true)
        let table = view.table
        inParallel(slots.count, grain: 1024, workers: configuration.workers) { range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: rotation.width) { scratch in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
                    guard let scratch = scratch.baseAddress, let code = code.baseAddress else { return }
                    for row in range {
                        let factors = space.encode(table.vector(slots[row]), scratch: scratch, into: code)
                        list.write(row, code: code, factors: factors, slot: slots[row])
                    }
                }
            }
        }
        list.publish(slots.count)
        change.exchangeStructure(lists: [list], space: space, coarse: nil)
        publish(change, &writer)
    }

    private func rewriteSparseLists(_ writer: inout PartitionWriter) {
        let lists = view.withLock { $0.table.lists }
        let sparse = writer.deadInList.indices.filter { number in
            let dead = writer.deadInList[number]
            return dead >= configuration.maintenance.deadRowsInList && dead * 5 > lists[number].count
        }
        guard !sparse.isEmpty else { return }
        var change = PartitionChange(view.withLock { $0 })
        for number in sparse { change.rewrite(number) }
        publish(change, &writer)
    }

    /// Reclaims dead rows once they are more than a fifth of all: moves the live rows of the sparsest chunks to new slots and drops these
    /// chunks. Their codes move along without being computed again. Amortised cost: a removed row pays for at most nine others.
    private func emptySparseChunks(_ writer: inout PartitionWriter) {
        while true {
            let view = view.withLock { $0 }
            guard (view.storedCount - view.liveCount) * 5 > view.storedCount else { return }
            if view.liveCount == 0 { writer.chunks.closeCurrent() }
            var sparse = writer.chunks.sparseChunks(limit: Self.chunksPerStep)
            if sparse.isEmpty {
                writer.chunks.closeCurrent()
                sparse = writer.chunks.sparseChunks(limit: Self.chunksPerStep)
            }
            guard !sparse.isEmpty else { return }
            empty(sparse, view, &writer)
        }
    }

    private func empty(_ numbers: [Int], _ view: PartitionView, _ writer: inout PartitionWriter) {
        var change = PartitionChange(view)
        let moving = numbers.flatMap { number -> [Slot] in
            let capacity = view.table.chunks[number]?.capacity ?? 0
            return (0..<capacity).lazy.map { Slot(chunk: number, row: $0) }.filter(view.live.contains)
        }
        let slots = reserve(moving.count, &change, &writer)
        var counts: [Int: Int] = [:]
        for (slot, old) in zip(slots, moving) {
            guard let source = change.chunks[old.chunk] else { continue }
            change.chunks[slot.chunk]?.copy(slot.row, from: source, row: old.row)
            writer.chunks.addLive(slot)
            let place = change.place(old)
            if place != .none { counts[place.list, default: 0] += 1 }
        }
        for (list, added) in counts { change.makeRoom(for: added, in: list) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rotation.width / 8) { code in
            guard let code = code.baseAddress else { return }
            for (slot, old) in zip(slots, moving) {
                let place = change.place(old)
                guard place != .none else { continue }
                let factors = change.lists[place.list].read(place.row, into: code)
                change.append(slot, code: code, factors: factors, to: place.list)
            }
        }
        memory?.grow(moving.count * dimensions * MemoryLayout<Float>.stride)
        writer.attributes.move(moving, to: slots)
        change.born = slots
        for old in moving { change.kill(old) }
        ids.withLock { ids in
            for slot in slots {
                guard let id = change.id(slot) else { continue }
                _ = ids.set(id, to: slot, idOf: { change.id($0) ?? id })
            }
            publish(change, &writer)
        }
        var drop = PartitionChange(self.view.withLock { $0 })
        drop.changeChunks { chunks in
            for number in numbers {
                writer.chunks.drop(number, chunks: &chunks)
                writer.attributes.drop(chunk: number)
            }
        }
        publish(drop, &writer)
    }

    /// Gives the chunks low numbers again: slots would otherwise grow for ever. Copies the codes once for about as many replaced rows as there
    /// are rows. The rows themselves stay where they are, and so do readers' views.
    private func renumberChunks(_ writer: inout PartitionWriter) {
        let old = view.withLock { $0 }
        var chunks = old.table.chunks
        let numbers = writer.chunks.renumber(chunks: &chunks)
        func renumbered(_ slot: Slot) -> Slot? {
            numbers[slot.chunk].map { Slot(chunk: $0, row: slot.row) }
        }
        var live = Bitmap()
        live.reserve(chunks.count << RowChunk.shift)
        old.live.forEach { if let slot = renumbered($0) { live.insert(slot) } }
        let lists = old.table.lists.map { list in
            list.copy(capacity: list.count + max(4, list.count / 8)) { old.live.contains($0) ? renumbered($0) : nil }
        }
        for (number, list) in lists.enumerated() {
            for row in 0..<list.count { chunks[list.slot(row).chunk]?[place: list.slot(row).row] = Place(list: number, row: row) }
        }
        writer.attributes.renumber(old.live, renumbered)
        writer.deadInList = [Int](repeating: 0, count: lists.count)
        let table = PartitionTable(chunks: chunks, lists: lists, space: old.table.space, coarse: old.table.coarse)
        let attributes = writer.attributes.table
        ids.withLock { ids in
            ids.renumber { renumbered($0) ?? $0 }
            view.withLock { view in
                view.table = table
                view.live = live
                view.attributes = attributes
            }
        }
    }

    /// Trains the partition, or keeps its lists in shape.
    func maintain() {
        if !train() { balanceIfNeeded() }
    }

    /// Trains the partition when it has outgrown its structure, or anyhow if it has lists. Searches and writers go on meanwhile; writers wait only for the rows that
    /// came during the last moments to be coded. Returns whether it did.
    @discardableResult
    func train(anyhow: Bool = false) -> Bool {
        training.withLock { _ in
            guard wantsTraining || (anyhow && view.withLock { $0.table.coarse } != nil) else { return false }
            let (start, changes) = writer.withLock { writer in
                writer.keepsNumbers = true
                return (view.withLock { $0 }, writer.changesSinceCalibration)
            }
            defer { writer.withLock { $0.keepsNumbers = false } }
            let plan = PartitionTraining(
                table: start.table, live: start.live, rotation: rotation, configuration: configuration)
            guard var trained = plan.train() else { return false }
            trained.calibrate(start, rotation: rotation, configuration: configuration)
            var covered = start.live
            while true {
                let now = view.withLock { $0 }
                var missing = now.live
                missing.subtract(covered)
                guard missing.count > 2_000 else { break }
                trained.append(missing, of: now.table)
                covered.formUnion(missing)
            }
            writer.withLock { writer in
                let now = view.withLock { $0 }
                var missing = now.live
                missing.subtract(covered)
                trained.append(missing, of: now.table)
                var change = PartitionChange(now)
                change.exchangeStructure(lists: trained.lists, space: trained.space, coarse: trained.coarse)
                writer.changesSinceCalibration -= changes
                publish(change, &writer)
                for (number, list) in trained.lists.enumerated() {
                    writer.deadInList[number] = (0..<list.count).count { !now.live.contains(list.slot($0)) }
                }
                restructure(&writer)
            }
            trainings.add(1, ordering: .relaxed)
            readAll()
            return true
        }
    }
}

extension TrainedPartition {
    mutating func calibrate(_ start: PartitionView, rotation: Rotation, configuration: IndexConfiguration) {
        var view = start
        view.table = PartitionTable(chunks: start.table.chunks, lists: lists, space: space, coarse: coarse)
        let calibration = ProbeCalibration.measure(
            view, rotation: rotation, configuration: configuration)
        coarse = CoarseQuantizer(coarse, calibration: calibration)
    }

    /// Adds rows to lists that no reader sees yet.
    mutating func append(_ rows: Bitmap, of table: PartitionTable) {
        let slots = rows.slots
        guard !slots.isEmpty else { return }
        let dimensions = space.rotation.dimensions
        let memory = AlignedMemory(bytes: 4 * (slots.count * dimensions + space.rotation.width))
        let vectors = memory.base.bindMemory(to: Float.self, capacity: slots.count * dimensions + space.rotation.width)
        for (position, slot) in slots.enumerated() {
            (vectors + position * dimensions).update(from: table.vector(slot), count: dimensions)
        }
        let numbers = coarse.assign(vectors, count: slots.count).map(Int.init)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: space.codeBytes) { code in
            guard let code = code.baseAddress else { return }
            for (slot, number) in zip(slots, numbers) {
                let count = lists[number].count
                if count == lists[number].capacity { lists[number] = lists[number].copy(capacity: count + max(4, count / 5)) }
                let factors = space.encode(table.vector(slot), scratch: vectors + slots.count * dimensions, into: code)
                lists[number].write(count, code: code, factors: factors, slot: slot)
                lists[number].publish(count + 1)
            }
        }
    }
}
