/// A web page as its elements and the characters between them, each before what it holds.
///
/// A flat array instead of linked nodes: a walk is a loop, whatever the depth, and a subtree is passed by one jump.
struct HTMLTree {
    struct Node {
        let tag: HTMLTag
        /// The element around it, -1 for none.
        let parent: Int32
        /// One past the last node inside it.
        fileprivate(set) var end: Int32
        /// The bytes of its characters.
        fileprivate var start: Int32
        fileprivate var stop: Int32
        /// Where its attributes are, -1 for none that matter.
        fileprivate let attributes: Int32
    }

    private(set) var nodes: [Node] = []
    private var characters: [UInt8] = []
    private var attributes: [HTMLAttributes] = []
    private var open: [Int32] = []

    var count: Int { nodes.count }

    func tag(_ node: Int) -> HTMLTag { nodes[node].tag }

    /// One past the last node inside `node`.
    func end(_ node: Int) -> Int { Int(nodes[node].end) }

    /// The element around `node`, nil for the outermost.
    func parent(_ node: Int) -> Int? {
        nodes[node].parent < 0 ? nil : Int(nodes[node].parent)
    }

    /// The characters of a text node.
    func characters(_ node: Int) -> ArraySlice<UInt8> {
        characters[Int(nodes[node].start)..<Int(nodes[node].stop)]
    }

    func attributes(_ node: Int) -> HTMLAttributes? {
        nodes[node].attributes < 0 ? nil : attributes[Int(nodes[node].attributes)]
    }

    /// The first node of `tag`.
    func first(_ tag: HTMLTag) -> Int? {
        nodes.firstIndex { $0.tag == tag }
    }

    // MARK: - Building

    mutating func begin(_ tag: HTMLTag, _ values: HTMLAttributes?) {
        if let values { attributes.append(values) }
        let place = values == nil ? -1 : Int32(attributes.count - 1)
        let number = Int32(nodes.count)
        nodes.append(Node(tag: tag, parent: open.last ?? -1, end: number + 1, start: 0, stop: 0, attributes: place))
        open.append(number)
    }

    mutating func finish() {
        guard let number = open.popLast() else { return }
        nodes[Int(number)].end = Int32(nodes.count)
    }

    mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        let start = Int32(characters.count)
        characters.append(contentsOf: bytes)
        let stop = Int32(characters.count)
        if let last = nodes.last, last.tag == .text, last.parent == open.last ?? -1, last.stop == start {
            nodes[nodes.count - 1].stop = stop
        } else {
            nodes.append(
                Node(tag: .text, parent: open.last ?? -1, end: Int32(nodes.count + 1), start: start, stop: stop, attributes: -1))
        }
    }

    mutating func finishAll() {
        while !open.isEmpty { finish() }
    }
}
