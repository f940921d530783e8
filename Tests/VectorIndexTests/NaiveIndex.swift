import Foundation
import RowFilters
import VectorIndex

/// A generator of numbers that every run repeats.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The id that stands for a number; ids sort as their numbers do.
func id(_ number: Int) -> UUID {
    let bytes = withUnsafeBytes(of: UInt64(number).bigEndian) { Array($0) }
    return UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]))
}

/// A vector of small whole numbers, so that equal scores are common; never zero.
func coarseVector(_ dimensions: Int, _ generator: inout SplitMix64) -> [Float] {
    var vector = (0..<dimensions).map { _ in Float(Int.random(in: -1...1, using: &generator)) }
    vector[Int.random(in: 0..<dimensions, using: &generator)] = 2
    return vector
}

func smoothVector(_ dimensions: Int, _ generator: inout SplitMix64) -> [Float] {
    (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
}

func cosine(_ a: [Float], _ b: [Float]) -> Double {
    var dot = 0.0, aa = 0.0, bb = 0.0
    for (x, y) in zip(a, b) {
        dot += Double(x) * Double(y)
        aa += Double(x) * Double(x)
        bb += Double(y) * Double(y)
    }
    return dot / (aa * bb).squareRoot()
}

/// What the index promises, in the plainest form: dictionaries and float64 cosines.
struct NaiveIndex {
    struct Key: Hashable {
        var partition: UUID
        var id: UUID
    }

    struct Row {
        var vector: [Float]
        var attributes = RowAttributes()
    }

    var rows: [UUID: [UUID: Row]] = [:]

    /// Inserts rows, or replaces those with their ids.
    mutating func upsert(_ new: [IndexRow], in partition: UUID) {
        for row in new { rows[partition, default: [:]][row.id] = Row(vector: row.vector, attributes: row.attributes) }
    }

    func matching(_ request: SearchRequest) -> [Key: Double] {
        var scores: [Key: Double] = [:]
        for partition in request.partitions {
            for (id, row) in rows[partition] ?? [:]
            where request.allowed?.contains(id) ?? true && request.filter.map({ holds($0, row.attributes) }) ?? true {
                scores[Key(partition: partition, id: id)] = cosine(row.vector, request.vector)
            }
        }
        return scores
    }

    /// What is wrong with a response to the request; nil when nothing is.
    func complaint(about response: SearchResponse, to request: SearchRequest, mayMiss: Bool = false) -> String? {
        let expected = matching(request)
        let keys = response.hits.map { Key(partition: $0.partition, id: $0.id) }
        if response.hits.count != min(request.k, expected.count) {
            return "\(response.hits.count) hits of \(expected.count), k \(request.k)"
        }
        if response.matched != expected.count { return "matched \(response.matched), not \(expected.count)" }
        if !response.exact, !mayMiss { return "not exact" }
        if Set(keys).count != keys.count { return "a row twice" }
        for (key, hit) in zip(keys, response.hits) {
            guard let score = expected[key] else { return "\(hit.id) is out of scope" }
            if abs(score - Double(hit.score)) > 1e-5 { return "\(hit.id) scored \(hit.score), not \(score)" }
        }
        for (a, b) in zip(response.hits, response.hits.dropFirst()) where a.score < b.score || (a.score == b.score && a.id > b.id) {
            return "\(a) before \(b)"
        }
        if mayMiss { return nil }
        let worst = Double(response.hits.last?.score ?? -1)
        let missed = expected.filter { !keys.contains($0.key) && $0.value > worst + 1e-5 }
        return missed.isEmpty ? nil : "missed \(missed.count) rows better than \(worst)"
    }
}
