/// What of a page is its content.
///
/// Hidden elements are left out, then what surrounds the content (``HTMLBoilerplate``). Of the rest the page's own marks decide: `main`,
/// or an article with more than half of the prose. Without marks the content is the innermost element that leaves out nothing but
/// lists of links. A part with less than a third of the prose is never taken for the whole.
struct HTMLContent {
    let tree: HTMLTree
    let measure: HTMLMeasure
    private let isGone: [Bool]
    /// The nodes to read, in order.
    let parts: [Int]

    init(of tree: HTMLTree) {
        self.tree = tree
        let body = tree.first(.body) ?? tree.first(.frameset) ?? 0
        var gone = Self.hidden(in: tree)
        let boilerplate = HTMLBoilerplate(tree: tree, measure: HTMLMeasure(tree, isGone: gone))
        Self.remove(boilerplate, from: tree, body: body, &gone)
        let measure = HTMLMeasure(tree, isGone: gone)
        (self.measure, isGone) = (measure, gone)
        parts = tree.count == 0 ? [] : Self.parts(of: tree, body: body, gone, measure)
    }

    /// Whether `node` is left out with all it holds.
    func isGone(_ node: Int) -> Bool { isGone[node] }

    // MARK: - Leaving out

    private static func hidden(in tree: HTMLTree) -> [Bool] {
        (0..<tree.count).map { node in
            let tag = tree.tag(node)
            // Pages that hide their body show it by a script.
            guard tag != .body, tag != .html else { return false }
            if tree.attributes(node)?.isHidden == true { return true }
            switch tag {
            case .dialog: return tree.attributes(node)?.isOpen != true
            case .button: return !isInsideTitle(node, of: tree)
            case .sup: return tree.attributes(node)?.words.contains("reference") == true
            default: return false
            }
        }
    }

    /// What opens and closes a part of a page is a button with the part's heading.
    private static func isInsideTitle(_ node: Int, of tree: HTMLTree) -> Bool {
        guard let parent = tree.parent(node) else { return false }
        let tags = [tree.tag(parent)] + (tree.parent(parent).map { [tree.tag($0)] } ?? [])
        return tags.contains { $0.headingLevel != nil || $0 == .summary || $0 == .dt }
    }

    private static func remove(_ boilerplate: HTMLBoilerplate, from tree: HTMLTree, body: Int, _ gone: inout [Bool]) {
        var node = body
        while node < tree.count {
            if !gone[node], node != body, tree.tag(node) != .text, boilerplate.contains(node, of: body) { gone[node] = true }
            node = gone[node] ? tree.end(node) : node + 1
        }
    }

    // MARK: - Choosing

    private static func parts(of tree: HTMLTree, body: Int, _ gone: [Bool], _ measure: HTMLMeasure) -> [Int] {
        let read = readNodes(of: tree, from: body, gone)
        let chosen = marked(read, of: tree, measure, body) ?? innermost(of: tree, body: body, gone, measure)
        let titles = read.filter { tree.tag($0) == .h1 }
        // The title of a page often stands above its main part.
        if titles.count == 1, titles[0] < chosen || titles[0] >= tree.end(chosen) { return [titles[0], chosen] }
        return [chosen]
    }

    private static func readNodes(of tree: HTMLTree, from body: Int, _ gone: [Bool]) -> [Int] {
        var nodes: [Int] = []
        var node = body
        while node < tree.end(body) {
            if !gone[node] && tree.tag(node) != .text { nodes.append(node) }
            node = gone[node] ? tree.end(node) : node + 1
        }
        return nodes
    }

    private static func marked(_ read: [Int], of tree: HTMLTree, _ measure: HTMLMeasure, _ body: Int) -> Int? {
        let all = measure.prose(body)
        let mains = read.filter { tree.tag($0) == .main || tree.attributes($0)?.role == "main" }
        if let main = mains.max(by: { measure.prose($0) < measure.prose($1) }), measure.prose(main) * 3 >= all { return main }
        let articles = read.filter { tree.tag($0) == .article || tree.attributes($0)?.role == "article" }
        let article = articles.max { measure.prose($0) < measure.prose($1) }
        return article.flatMap { measure.prose($0) * 2 >= all ? $0 : nil }
    }

    /// Goes into an element as long as it holds nearly all prose and what stands beside it is mostly links.
    private static func innermost(of tree: HTMLTree, body: Int, _ gone: [Bool], _ measure: HTMLMeasure) -> Int {
        var chosen = body
        while let largest = children(of: chosen, in: tree).filter({ !gone[$0] }).max(by: { measure.prose($0) < measure.prose($1) }) {
            let unlinkedBeside = measure.unlinked(chosen) - measure.unlinked(largest)
            let linkedBeside = measure.linked(chosen) - measure.linked(largest)
            guard tree.tag(largest).isBlock, measure.prose(largest) > 0, unlinkedBeside * 2 <= linkedBeside else { break }
            chosen = largest
        }
        return chosen
    }

    private static func children(of node: Int, in tree: HTMLTree) -> [Int] {
        var children: [Int] = []
        var next = node + 1
        while next < tree.end(node) {
            children.append(next)
            next = tree.end(next)
        }
        return children
    }
}
