/// How much there is to read in each part of a page, inside links and outside them, for judging parts by their proportions.
struct HTMLMeasure {
    /// Up to each node, so that any part is a difference.
    private var prose: [Int32] = [0]
    private var unlinked: [Int32] = [0]
    private var linked: [Int32] = [0]
    private var links: [Int32] = [0]
    private let tree: HTMLTree

    /// - Parameter isGone: nodes that are left out with all they hold.
    init(_ tree: HTMLTree, isGone: [Bool]) {
        self.tree = tree
        var linkEnd = 0
        var goneEnd = 0
        for node in 0..<tree.count {
            if isGone[node] { goneEnd = max(goneEnd, tree.end(node)) }
            let isRead = node >= goneEnd
            let startsLink = isRead && tree.tag(node) == .a && tree.attributes(node)?.hasTarget == true
            if startsLink { linkEnd = max(linkEnd, tree.end(node)) }
            let weight = isRead && tree.tag(node) == .text ? Self.weight(of: tree.characters(node)) : 0
            prose.append(prose[node] + (node < linkEnd ? 0 : Self.proseWeight(weight)))
            unlinked.append(unlinked[node] + (node < linkEnd ? 0 : weight))
            linked.append(linked[node] + (node < linkEnd ? weight : 0))
            links.append(links[node] + (startsLink ? 1 : 0))
        }
    }

    /// Characters outside links; those of short pieces, which are labels more often than sentences, count a third.
    func prose(_ node: Int) -> Int { Int(prose[tree.end(node)] - prose[node]) }

    /// All characters outside links.
    func unlinked(_ node: Int) -> Int { Int(unlinked[tree.end(node)] - unlinked[node]) }

    /// Characters inside links.
    func linked(_ node: Int) -> Int { Int(linked[tree.end(node)] - linked[node]) }

    /// The number of links.
    func links(_ node: Int) -> Int { Int(links[tree.end(node)] - links[node]) }

    private static func proseWeight(_ weight: Int32) -> Int32 {
        weight >= 20 ? weight : weight / 3
    }

    /// Visible characters; those of East Asia, which say more each, count twice.
    private static func weight(of characters: ArraySlice<UInt8>) -> Int32 {
        characters.reduce(into: 0) { weight, byte in
            switch byte {
            case 0x21..<0x7F, 0xC0..<0xE3: weight += 1
            case 0xE3...: weight += 2
            default: break
            }
        }
    }
}
