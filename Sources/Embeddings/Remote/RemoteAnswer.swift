import Foundation

/// What an endpoint answered with, in the form of OpenAI's API.
struct RemoteAnswer: Decodable {
    struct Item: Decodable {
        let index: Int?
        let embedding: Numbers
    }

    /// A vector as an array of numbers, or as little-endian float32 in base64.
    enum Numbers: Decodable {
        case values([Float])
        case base64(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .base64(text)
            } else {
                self = .values(try container.decode([Float].self))
            }
        }

        /// Nil when it is not base64 of whole numbers.
        var floats: [Float]? {
            switch self {
            case .values(let values): return values
            case .base64(let text):
                guard let data = Data(base64Encoded: text), data.count % 4 == 0 else { return nil }
                return (0..<data.count / 4).map { number in
                    let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[data.startIndex + number * 4 + $1]) << (8 * UInt32($1)) }
                    return Float(bitPattern: bits)
                }
            }
        }
    }

    struct Usage: Decodable {
        let prompt: Int?
        let total: Int?

        enum CodingKeys: String, CodingKey {
            case prompt = "prompt_tokens"
            case total = "total_tokens"
        }
    }

    let data: [Item]
    let usage: Usage?

    /// The tokens it was billed at; nil when it does not tell.
    var tokens: Int? {
        [usage?.total, usage?.prompt].compactMap { $0 }.first { $0 >= 0 }
    }

    /// What is wrong with an answer, as a clause.
    struct Invalid: Error {
        let reason: String
    }

    /// One unit vector of `dimensions` components for each of `count` texts, in their order. Shorter ones end in zeros, which leaves every
    /// cosine as it is.
    func vectors(count: Int, dimensions: Int) throws(Invalid) -> [[Float]] {
        guard data.count == count else { throw Invalid(reason: "\(data.count) vectors for \(count) texts") }
        var vectors = [[Float]](repeating: [], count: count)
        for (position, item) in data.enumerated() {
            let index = item.index ?? position
            guard vectors.indices.contains(index), vectors[index].isEmpty else {
                throw Invalid(reason: "a vector for text \(index), where each of \(count) texts has one")
            }
            guard var vector = item.embedding.floats else { throw Invalid(reason: "the vector of text \(index) is not base64 of float32") }
            guard vector.allSatisfy(\.isFinite) else {
                throw Invalid(reason: "the vector of text \(index) has components that are no numbers")
            }
            guard vector.count <= dimensions else {
                throw Invalid(
                    reason:
                        "vectors of \(vector.count) components, where \(dimensions) are stored; let the model shorten them, or take another"
                )
            }
            let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard length > 0 else { throw Invalid(reason: "the vector of text \(index) has no direction") }
            for component in vector.indices { vector[component] = Float(Double(vector[component]) / length) }
            vectors[index] = vector + [Float](repeating: 0, count: dimensions - vector.count)
        }
        return vectors
    }
}

/// What an endpoint says when it refuses.
struct RemoteRefusal: Decodable {
    struct Details: Decodable {
        let message: String?
        let code: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            message = try? container.decode(String.self, forKey: .message)
            // Some endpoints give a number.
            code = try? container.decode(String.self, forKey: .code)
        }

        enum CodingKeys: String, CodingKey {
            case message, code
        }
    }

    let error: Details?
}
