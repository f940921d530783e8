/// An upright rectangle on a page: points from the page's left upper corner, y downwards.
struct PageBox: Equatable, Sendable {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double

    var width: Double { right - left }
    var height: Double { bottom - top }
    var centerX: Double { (left + right) / 2 }
    var centerY: Double { (top + bottom) / 2 }

    /// The smallest rectangle that holds both.
    func union(_ other: PageBox) -> PageBox {
        PageBox(left: min(left, other.left), top: min(top, other.top), right: max(right, other.right), bottom: max(bottom, other.bottom))
    }

    /// The part of this rectangle that `other` covers, from 0 to 1; 0 for a rectangle without area.
    func covered(by other: PageBox) -> Double {
        let width = min(right, other.right) - max(left, other.left)
        let height = min(bottom, other.bottom) - max(top, other.top)
        guard width > 0, height > 0 else { return 0 }
        return width * height / (self.width * self.height)
    }
}

/// A stretch of the horizontal axis, in points.
struct Span: Equatable, Sendable {
    var lower: Double
    var upper: Double

    var length: Double { upper - lower }
    var middle: Double { (lower + upper) / 2 }

    /// How much the two have in common; negative is the distance between them.
    func overlap(_ other: Span) -> Double {
        min(upper, other.upper) - max(lower, other.lower)
    }

    /// Whether a stretch of one list shares more than `length` with one of the other; both ascend. Linear.
    static func overlap(_ first: [Span], _ second: [Span], moreThan length: Double) -> Bool {
        var (here, there) = (0, 0)
        while here < first.count, there < second.count {
            if first[here].overlap(second[there]) > length { return true }
            if first[here].upper < second[there].upper { here += 1 } else { there += 1 }
        }
        return false
    }
}
