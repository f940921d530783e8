/// How text runs on a page as poppler measures it. Rotated pages and vertical Japanese come as text that runs down or up.
enum TextDirection: Int, CaseIterable {
    case right, down, left, up

    /// The direction of each line, and the directions in use, the one with most letters first.
    struct Directions {
        let ofLines: [TextDirection]
        let ranking: [TextDirection]
    }

    /// Lines of several words tell their direction; words alone follow the lines as far as their shape allows.
    static func directions(of lines: [ArraySlice<PageWord>]) -> Directions {
        let certain = lines.map(certain)
        let weights = weights(of: lines, certain)
        let horizontal: TextDirection = weights[.left, default: 0] > weights[.right, default: 0] ? .left : .right
        let vertical: TextDirection = weights[.up, default: 0] > weights[.down, default: 0] ? .up : .down
        let likely = zip(lines, certain).map { line, direction in
            direction ?? lonely(line.first, horizontal: horizontal, vertical: weights[vertical] == nil ? nil : vertical)
        }
        let ranking = ranked(weights.merging(self.weights(of: lines, likely)) { $1 })
        let main = ranking.first ?? horizontal
        let all = likely.map { $0 ?? main }
        return Directions(ofLines: all, ranking: ranked(self.weights(of: lines, all)))
    }

    private static func weights(of lines: [ArraySlice<PageWord>], _ directions: [TextDirection?]) -> [TextDirection: Int] {
        zip(lines, directions).reduce(into: [:]) { weights, pair in
            guard let direction = pair.1 else { return }
            weights[direction, default: 0] += pair.0.reduce(0) { $0 + $1.text.utf8.count }
        }
    }

    private static func ranked(_ weights: [TextDirection: Int]) -> [TextDirection] {
        weights.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
    }

    /// The direction in which the words of a line follow each other; nil for a word alone.
    private static func certain(_ line: ArraySlice<PageWord>) -> TextDirection? {
        guard line.count > 1, let first = line.first?.box, let last = line.last?.box else { return nil }
        let across = last.centerX - first.centerX
        let down = last.centerY - first.centerY
        if abs(across) >= abs(down) { return isBackwards(line) ? .left : .right }
        let box = line.reduce(first) { $0.union($1.box) }
        return box.height > box.width ? (down > 0 ? .down : .up) : .right
    }

    /// Lines of right-to-left scripts come in the order of places as well, so only what is upside down runs backwards.
    private static func isBackwards(_ line: ArraySlice<PageWord>) -> Bool {
        zip(line, line.dropFirst()).allSatisfy { $1.box.centerX < $0.box.left }
    }

    /// The direction of a word alone: a letter is seldom narrower than a quarter of its height, and ideographs are square.
    private static func lonely(_ word: PageWord?, horizontal: TextDirection, vertical: TextDirection?) -> TextDirection? {
        guard let word else { return nil }
        let isUnspaced = word.text.unicodeScalars.allSatisfy(WordText.isUnspaced)
        if word.box.width > word.box.height * 1.5 { return horizontal }
        let isLong = word.text.unicodeScalars.count >= (isUnspaced ? 2 : 4)
        guard isLong, word.box.height > word.box.width * (isUnspaced ? 1.5 : 1.8) else { return nil }
        return vertical ?? (isUnspaced ? .down : .up)
    }
}
