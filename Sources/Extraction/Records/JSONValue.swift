/// One value of a JSON text.
struct JSONValue {
    let tree: JSONTree
    let bytes: [UInt8]
    let index: Int

    var kind: JSONTree.Kind { tree.kinds[index] }

    var isContainer: Bool { kind == .object || kind == .array }

    /// The bytes it takes in the source.
    var byteCount: Int { Int(tree.ends[index] - tree.starts[index]) }

    /// Whether it says nothing: null, "" or a container without anything inside.
    var isEmpty: Bool {
        switch kind {
        case .object, .array: tree.nexts[index] == index + 1
        case .literal: bytes[Int(tree.starts[index])] == UInt8(ascii: "n")
        case .key, .string: byteCount == 2
        case .number: false
        }
    }

    /// A scalar as text: strings decoded, numbers as they are written.
    var text: String {
        let range = Int(tree.starts[index])..<Int(tree.ends[index])
        let isQuoted = kind == .string || kind == .key
        return isQuoted ? JSONString.decoded(bytes[range].dropFirst().dropLast()) : String(decoding: bytes[range], as: UTF8.self)
    }

    /// The members of an object, in the order of the source.
    var members: Children { Children(container: self, isObject: true) }

    /// The elements of an array.
    var elements: Children { Children(container: self, isObject: false) }

    /// What an array or object holds; for an array the keys are empty.
    struct Children: Sequence, IteratorProtocol {
        private let container: JSONValue
        private let isObject: Bool
        private var position: Int

        fileprivate init(container: JSONValue, isObject: Bool) {
            self.container = container
            self.isObject = isObject
            position = container.index + 1
        }

        mutating func next() -> (key: String, value: JSONValue)? {
            guard position < Int(container.tree.nexts[container.index]) else { return nil }
            let key = isObject ? container.child(position).text : ""
            let value = container.child(isObject ? position + 1 : position)
            position = Int(container.tree.nexts[value.index])
            return (key, value)
        }
    }

    private func child(_ index: Int) -> JSONValue {
        JSONValue(tree: tree, bytes: bytes, index: index)
    }
}
