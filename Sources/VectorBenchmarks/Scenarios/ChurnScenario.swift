import Foundation
import Synchronization
import VectorIndex

extension ScenarioMeasurement {
    /// Shares of the rows that are gone after each step, and the rows of an insertion.
    private static let churnSteps = [(replaced: 0.2, batch: 64), (replaced: 0.5, batch: 1_000)]
    /// Rows that are made before they are written: bounds the memory they take.
    private static let segmentRows = 8_000

    /// Replaces half of the rows in two steps, while one pinned thread searches and another writes. The contender is not what it was
    /// afterwards.
    ///
    /// Rows are removed in a random order. The writer has a core of its own where there are two, and splits lists there that have grown.
    func churn(_ contender: IndexContender) async throws -> ChurnFigures {
        let queries = judgedQueries
        let idle = try await search(contender, queries).0
        let first = (0..<base.rows).sorted { scrambled($0) < scrambled($1) }
        var steps: [ChurnFigures.Step] = []
        var done = 0
        for step in Self.churnSteps {
            let end = Int(step.replaced * Double(base.rows))
            var writing = Writing()
            for start in stride(from: done, to: end, by: Self.segmentRows) {
                try Task.checkCancellation()
                let numbers = start..<min(start + Self.segmentRows, end)
                writing.add(try await replace(first[numbers], by: numbers, batch: step.batch, contender, queries))
            }
            done = end
            let spent = writing.searches.sorted()
            guard !spent.isEmpty, writing.inserting > 0, writing.removing > 0 else { continue }
            steps.append(
                ChurnFigures.Step(
                    replaced: step.replaced, batch: step.batch, insertsPerSecond: Double(writing.rows) / writing.inserting,
                    removalsPerSecond: Double(writing.rows) / writing.removing, p50: percentile(0.5, of: spent),
                    p99: percentile(0.99, of: spent), after: try await search(contender, queries).0))
        }
        return ChurnFigures(rows: base.rows, source: fresh.description, idle: idle, steps: steps)
    }

    /// What writing took, and the searches meanwhile.
    private struct Writing: Sendable {
        var rows = 0
        var inserting = 0.0
        var removing = 0.0
        /// Microseconds.
        var searches: [Double] = []

        mutating func add(_ other: Writing) {
            rows += other.rows
            inserting += other.inserting
            removing += other.removing
            searches += other.searches
        }
    }

    /// Puts fresh rows in the place of others, in batches, on one thread, and searches on another until it is done.
    private func replace(
        _ old: ArraySlice<Int>, by numbers: Range<Int>, batch: Int, _ contender: IndexContender, _ queries: QuerySet
    ) async throws -> Writing {
        let rows = zip(numbers, fresh.vectors(numbers)).map { IndexRow(id: UUID(row: base.rows + $0), vector: $1) }
        let gone = old.map { UUID(row: $0) }
        try touchMemory(bytes: numbers.count * (4 * base.dimensions + 512))
        let isOver = Mutex(false)
        let both = Gate(2)
        let available = availableCores()
        let results = try await onCores([[available[0]], [available[available.count - 1]]]) { number in
            both.pass()
            if number == 1 { return try Self.search(contender, queries) { isOver.withLock(\.self) } }
            defer { isOver.withLock { $0 = true } }
            return try Self.write(rows, gone, batch: batch, contender)
        }
        var writing = results[0]
        writing.add(results[1])
        return writing
    }

    /// Makes sure that memory for new rows is there. A virtual machine may have given what is free back to its host, which then takes 50 times
    /// as long to hand out a page as the system takes to clear it: 18 of 80 microseconds a row on the machine of the first report.
    private func touchMemory(bytes: Int) throws {
        // From the system and back to it, past the allocator, which would keep the pages.
        let (access, kind) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)
        guard let memory = mmap(nil, bytes, access, kind, -1, 0), memory != MAP_FAILED else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ENOMEM)
        }
        madvise(memory, bytes, MADV_HUGEPAGE)
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
        munmap(memory, bytes)
    }

    private static func write(_ rows: [IndexRow], _ gone: [UUID], batch: Int, _ contender: IndexContender) throws -> Writing {
        let clock = ContinuousClock()
        var writing = Writing(rows: rows.count)
        for start in stride(from: 0, to: rows.count, by: batch) {
            let range = start..<min(start + batch, rows.count)
            let some = Array(rows[range])
            let (index, partition) = (contender.index, contender.partition)
            writing.inserting += try clock.measure { try index.upsert(some, in: partition) } / .seconds(1)
            writing.removing += clock.measure { index.remove(gone[range], from: partition) } / .seconds(1)
        }
        writing.inserting += clock.measure { contender.index.maintain() } / .seconds(1)
        return writing
    }

    private static func search(_ contender: IndexContender, _ queries: QuerySet, until isOver: () -> Bool) throws -> Writing {
        var writing = Writing()
        var next = 0
        while !isOver() {
            let before = ContinuousClock.now
            _ = try contender.search(queries.measured[next % queries.measured.count], k: queries.k, effort)
            writing.searches.append((ContinuousClock.now - before) / .microseconds(1))
            next += 1
        }
        return writing
    }
}

/// Lets threads through when all have come.
private final class Gate: Sendable {
    private let arrivals = DispatchGroup()

    init(_ count: Int) {
        for _ in 0..<count { arrivals.enter() }
    }

    func pass() {
        arrivals.leave()
        arrivals.wait()
    }
}
