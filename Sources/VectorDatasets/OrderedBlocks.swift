/// Makes the blocks of a range on several threads and takes them in order; at most `threads` + 2 blocks are in memory.
///
/// The blocks are computed in tasks of the caller's executor, so `threads` above the number of cores gains nothing.
func inOrder<Block: Sendable>(
    _ range: Range<Int>, blockSize: Int, threads: Int, make: @escaping @Sendable (Range<Int>) -> Block,
    take: (Block) async throws -> Void
) async throws {
    let starts = Array(stride(from: range.lowerBound, to: range.upperBound, by: blockSize))
    try await withThrowingTaskGroup(of: (Int, Block).self) { tasks in
        var ready: [Int: Block] = [:]
        var begun = 0
        var taken = 0
        while taken < starts.count {
            while begun < starts.count, begun < taken + threads + 1 {
                let (number, start) = (begun, starts[begun])
                tasks.addTask { (number, make(start..<min(start + blockSize, range.upperBound))) }
                begun += 1
            }
            guard let (number, block) = try await tasks.next() else { return }
            ready[number] = block
            while let block = ready.removeValue(forKey: taken) {
                try Task.checkCancellation()
                try await take(block)
                taken += 1
            }
        }
    }
}
