import FoundationEssentials

/// The best k candidates seen so far: a binary heap with the worst at its root.
struct BestHits {
    struct Candidate {
        var score: Float
        var id: UUID
        /// Position of the partition in the search.
        var partition: Int

        /// The order of results: higher score, then lower id, then earlier partition.
        func precedes(_ other: Candidate) -> Bool {
            if score != other.score { return score > other.score }
            if id != other.id { return id < other.id }
            return partition < other.partition
        }
    }

    let k: Int
    private var heap: [Candidate] = []

    init(k: Int) {
        self.k = k
    }

    /// A score under this cannot enter.
    private(set) var floor = -Float.infinity

    /// Keeps the candidate when it is among the best k. Logarithmic in k.
    mutating func offer(_ candidate: Candidate) {
        if heap.count < k {
            heap.append(candidate)
            siftUp(from: heap.count - 1)
        } else if candidate.precedes(heap[0]) {
            heap[0] = candidate
            siftDown()
        }
        if heap.count == k { floor = heap[0].score }
    }

    /// The candidates, best first.
    func sorted() -> [Candidate] {
        heap.sorted { $0.precedes($1) }
    }

    private mutating func siftUp(from start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[parent].precedes(heap[child]) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var worst = 2 * parent + 1
            guard worst < heap.count else { return }
            if worst + 1 < heap.count, heap[worst].precedes(heap[worst + 1]) { worst += 1 }
            guard heap[parent].precedes(heap[worst]) else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
