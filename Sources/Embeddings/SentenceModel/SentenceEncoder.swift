import CBLAS
import CVectorKernels

/// A BERT encoder whose output is a sentence's vector: the mean of its pieces' last states, of length 1.
///
/// Sequences stand one behind the other without padding: what is done to each piece is one product of matrices for all of them, and only
/// attention is computed sequence by sequence. The formulae are those of Devlin et al., "BERT" (2019), and of Reimers and Gurevych,
/// "Sentence-BERT" (2019), for the mean. The encoder holds no state besides its weights: any number of threads may use one.
struct SentenceEncoder: Sendable {
    let weights: EncoderWeights

    private typealias Matrix = UnsafeMutablePointer<Float>

    /// The unit vectors of the sequences, each of 1 to `shape.positions` pieces whose ids lie below `shape.vocabulary`.
    ///
    /// Costs two floating-point operations for each weight of the layers and each piece (21 million for MiniLM), and 20 KB of memory for
    /// each piece of all sequences together.
    func encode(_ sequences: [[UInt32]]) -> [[Float]] {
        let shape = weights.shape
        let pieces = sequences.reduce(0) { $0 + $1.count }
        let longest = sequences.reduce(0) { max($0, $1.count) }
        precondition(sequences.allSatisfy { !$0.isEmpty } && longest <= shape.positions, "sequences have 1 to \(shape.positions) pieces")
        let work = WorkSpace(pieces: pieces, longest: longest, shape)
        defer { work.deallocate() }
        embed(sequences, into: work.states)
        for layer in weights.layers { apply(layer, to: sequences, pieces, work) }
        return means(of: sequences, work.states)
    }

    /// Memory of one call.
    private struct WorkSpace {
        /// The pieces' states.
        let states: Matrix
        /// What a step makes of them before it is added.
        let results: Matrix
        /// Queries, keys and values, or the expanded states.
        let wide: Matrix
        /// Of one head: how much each piece looks at each.
        let attention: Matrix

        init(pieces: Int, longest: Int, _ shape: EncoderShape) {
            states = .allocate(capacity: pieces * shape.hidden)
            results = .allocate(capacity: pieces * shape.hidden)
            wide = .allocate(capacity: pieces * max(shape.intermediate, 3 * shape.hidden))
            attention = .allocate(capacity: longest * longest)
        }

        func deallocate() {
            for matrix in [states, results, wide, attention] { matrix.deallocate() }
        }
    }

    private func embed(_ sequences: [[UInt32]], into states: Matrix) {
        let hidden = weights.shape.hidden
        var row = states
        weights.words.withUnsafeBufferPointer { words in
            weights.positions.withUnsafeBufferPointer { positions in
                for sequence in sequences {
                    for (position, piece) in sequence.enumerated() {
                        let word = UnsafeBufferPointer(rebasing: words[Int(piece) * hidden..<(Int(piece) + 1) * hidden])
                        let place = UnsafeBufferPointer(rebasing: positions[position * hidden..<(position + 1) * hidden])
                        for index in 0..<hidden { row[index] = word[index] + place[index] }
                        row += hidden
                    }
                }
            }
        }
        let norm = weights.embeddingNorm
        bunko_layer_norm(
            states, nil, nil, norm.scale, norm.shift, weights.shape.epsilon, (row - states) / hidden, hidden)
    }

    private func apply(_ layer: EncoderWeights.Layer, to sequences: [[UInt32]], _ pieces: Int, _ work: WorkSpace) {
        let shape = weights.shape
        let hidden = shape.hidden
        Self.multiply(work.states, pieces, layer.attention, inputs: hidden, outputs: 3 * hidden, into: work.wide)
        bunko_add_bias(work.wide, layer.attention.bias, pieces, 3 * hidden)
        attend(sequences, work)
        // What attention gave stands where the queries stood.
        Self.multiply(
            work.wide, pieces, layer.attentionOutput, inputs: hidden, stride: 3 * hidden, outputs: hidden, into: work.results)
        let first = layer.attentionNorm
        bunko_layer_norm(
            work.results, layer.attentionOutput.bias, work.states, first.scale, first.shift, shape.epsilon, pieces, hidden)
        Self.multiply(work.results, pieces, layer.expansion, inputs: hidden, outputs: shape.intermediate, into: work.wide)
        bunko_bias_gelu(work.wide, layer.expansion.bias, pieces, shape.intermediate)
        Self.multiply(work.wide, pieces, layer.contraction, inputs: shape.intermediate, outputs: hidden, into: work.states)
        let second = layer.outputNorm
        bunko_layer_norm(
            work.states, layer.contraction.bias, work.results, second.scale, second.shift, shape.epsilon, pieces, hidden)
    }

    /// Puts in the queries' place, head by head, the values of all pieces of the sequence, weighted by softmax(q · k / √size).
    private func attend(_ sequences: [[UInt32]], _ work: WorkSpace) {
        let shape = weights.shape
        let (size, stride) = (Int32(shape.headSize), Int32(3 * shape.hidden))
        let scale = 1 / Float(shape.headSize).squareRoot()
        var rows = work.wide
        for sequence in sequences {
            let count = Int32(sequence.count)
            for head in 0..<shape.heads {
                let query = rows + head * shape.headSize
                let (key, value) = (query + shape.hidden, query + 2 * shape.hidden)
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, count, count, size, scale, query, stride, key, stride, 0, work.attention, count
                )
                bunko_softmax(work.attention, sequence.count, sequence.count)
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasNoTrans, count, size, count, 1, work.attention, count, value, stride, 0, query, stride
                )
            }
            rows += sequence.count * 3 * shape.hidden
        }
    }

    /// `result = x · transpose(weights)`, without the bias; a row of `x` begins `stride` numbers behind the one before it.
    private static func multiply(
        _ x: Matrix, _ rows: Int, _ linear: EncoderWeights.Linear, inputs: Int, stride: Int? = nil, outputs: Int, into result: Matrix
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(outputs), Int32(inputs), 1, x, Int32(stride ?? inputs),
            linear.weights, Int32(inputs), 0, result, Int32(outputs))
    }

    private func means(of sequences: [[UInt32]], _ states: Matrix) -> [[Float]] {
        let hidden = weights.shape.hidden
        var rows = states
        return sequences.map { sequence in
            defer { rows += sequence.count * hidden }
            return [Float](unsafeUninitializedCapacity: hidden) { sums, count in
                guard let sums = sums.baseAddress else { return }
                bunko_sum_rows(rows, sequence.count, hidden, sums)
                // The mean has the direction of the sum. A sum of zero, which no trained model gives, stays zero.
                _ = bunko_normalize(sums, hidden)
                count = hidden
            }
        }
    }
}
