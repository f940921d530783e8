/// What a BERT encoder has learnt.
struct EncoderWeights: Sendable {
    /// A linear step: `outputs` rows of `inputs` weights, and a bias for each row.
    struct Linear: Sendable {
        let weights: [Float]
        let bias: [Float]
    }

    /// The scale and the shift of a normalisation.
    struct Norm: Sendable {
        let scale: [Float]
        let shift: [Float]
    }

    struct Layer: Sendable {
        /// Queries, keys and values in one.
        let attention: Linear
        let attentionOutput: Linear
        let attentionNorm: Norm
        let expansion: Linear
        let contraction: Linear
        let outputNorm: Norm
    }

    let shape: EncoderShape
    /// A row for each piece of the vocabulary.
    let words: [Float]
    /// A row for each position, the embedding of the first segment added.
    let positions: [Float]
    let embeddingNorm: Norm
    let layers: [Layer]

    /// Takes the tensors that BERT's reference implementation names so.
    init(_ file: SafetensorsFile, _ shape: EncoderShape) throws(ModelFileError) {
        func tensor(_ name: String, _ shape: Int...) throws(ModelFileError) -> ArraySlice<Float> {
            file.numbers[try file.range(of: name, shape: shape)]
        }
        func norm(_ name: String) throws(ModelFileError) -> Norm {
            Norm(
                scale: Array(try tensor("\(name).weight", shape.hidden)), shift: Array(try tensor("\(name).bias", shape.hidden)))
        }
        func linear(_ names: String..., inputs: Int, outputs: Int) throws(ModelFileError) -> Linear {
            var weights: [Float] = []
            var bias: [Float] = []
            for name in names {
                weights += try tensor("\(name).weight", outputs, inputs)
                bias += try tensor("\(name).bias", outputs)
            }
            return Linear(weights: weights, bias: bias)
        }
        let hidden = shape.hidden
        self.shape = shape
        words = Array(try tensor("embeddings.word_embeddings.weight", shape.vocabulary, hidden))
        var positions = Array(try tensor("embeddings.position_embeddings.weight", shape.positions, hidden))
        let segment = Array(try tensor("embeddings.token_type_embeddings.weight", 2, hidden).prefix(hidden))
        for index in positions.indices { positions[index] += segment[index % hidden] }
        self.positions = positions
        embeddingNorm = try norm("embeddings.LayerNorm")
        var layers: [Layer] = []
        for number in 0..<shape.layers {
            let layer = "encoder.layer.\(number)"
            let attention = "\(layer).attention.self"
            layers.append(
                Layer(
                    attention: try linear(
                        "\(attention).query", "\(attention).key", "\(attention).value", inputs: hidden, outputs: hidden),
                    attentionOutput: try linear("\(layer).attention.output.dense", inputs: hidden, outputs: hidden),
                    attentionNorm: try norm("\(layer).attention.output.LayerNorm"),
                    expansion: try linear("\(layer).intermediate.dense", inputs: hidden, outputs: shape.intermediate),
                    contraction: try linear("\(layer).output.dense", inputs: shape.intermediate, outputs: hidden),
                    outputNorm: try norm("\(layer).output.LayerNorm")))
        }
        self.layers = layers
    }
}
