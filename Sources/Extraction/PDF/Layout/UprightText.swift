/// The text of a page that runs in one direction, turned so that it reads from left to right and downwards.
struct UprightText {
    let direction: TextDirection
    /// The words of each line from left to right, with turned boxes.
    let lines: [[PageWord]]

    /// The texts of a page, the one with most letters first. O(n log n) in the words.
    static func texts(of page: PageWords) -> [UprightText] {
        let lines = page.lines
        let directions = TextDirection.directions(of: lines)
        let frame = extent(of: page)
        return directions.ranking.map { direction in
            let own = zip(lines, directions.ofLines).filter { $0.1 == direction }
            return UprightText(direction: direction, lines: own.map { turned($0.0, from: direction, in: frame) })
        }
    }

    /// Right and bottom edge of what is drawn: on a rotated page the page's own size is turned as well.
    private static func extent(of page: PageWords) -> (width: Double, height: Double) {
        page.words.reduce((page.width, page.height)) { (max($0.0, $1.box.right), max($0.1, $1.box.bottom)) }
    }

    private static func turned(
        _ line: ArraySlice<PageWord>, from direction: TextDirection, in frame: (width: Double, height: Double)
    ) -> [PageWord] {
        line.map { PageWord(text: $0.text, box: turned($0.box, from: direction, in: frame)) }.sorted { $0.box.left < $1.box.left }
    }

    private static func turned(_ box: PageBox, from direction: TextDirection, in frame: (width: Double, height: Double)) -> PageBox {
        switch direction {
        case .right: box
        case .down: PageBox(left: box.top, top: frame.width - box.right, right: box.bottom, bottom: frame.width - box.left)
        case .up: PageBox(left: frame.height - box.bottom, top: box.left, right: frame.height - box.top, bottom: box.right)
        case .left:
            PageBox(
                left: frame.width - box.right, top: frame.height - box.bottom, right: frame.width - box.left,
                bottom: frame.height - box.top)
        }
    }
}
