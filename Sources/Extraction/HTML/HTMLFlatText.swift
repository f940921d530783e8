/// The text of an element on one line: for headings and cells.
enum HTMLFlatText {
    /// Blocks are divided by spaces, items of lists by semicolons; pictures give their alternative texts.
    static func of(_ node: Int, in content: HTMLContent) -> String {
        let tree = content.tree
        var text = HTMLInlineText()
        var blockEnds: [Int] = []
        var next = node + 1
        while next < tree.end(node) {
            while let end = blockEnds.last, end <= next {
                blockEnds.removeLast()
                text.space()
            }
            if content.isGone(next) {
                next = tree.end(next)
                continue
            }
            add(next, of: tree, to: &text)
            if tree.tag(next).isBlock { blockEnds.append(tree.end(next)) }
            next += 1
        }
        return text.take()
    }

    private static func add(_ node: Int, of tree: HTMLTree, to text: inout HTMLInlineText) {
        switch tree.tag(node) {
        case .text: text.append(tree.characters(node))
        case .img: HTMLPicture.append(node, of: tree, to: &text)
        case .br: text.space()
        case .li, .tr:
            if !text.isEmpty { text.separate() }
        case let tag where tag.isBlock: text.space()
        default: break
        }
    }
}

/// What a picture says in words.
enum HTMLPicture {
    private static let longest = 150

    /// Adds the alternative text of the picture `node`, when it is one: short, and more than a file's name.
    static func append(_ node: Int, of tree: HTMLTree, to text: inout HTMLInlineText) {
        guard let alternative = tree.attributes(node)?.alternative, isMeaningful(alternative) else { return }
        text.space()
        text.append(Array(alternative.utf8)[...])
        text.space()
    }

    private static func isMeaningful(_ text: String) -> Bool {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty, text.count <= longest else { return false }
        let lower = text.lowercased()
        let isFileName = words.count == 1 && [".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp"].contains { lower.hasSuffix($0) }
        return !isFileName && !["image", "photo", "picture", "icon", "logo", "thumbnail", "spacer", "img"].contains(lower)
    }
}
