/// Consecutive bands that leave a strip free from top to bottom.
struct GutterRun {
    let bands: Range<Int>
    /// The strips, each with text on both sides in the first band.
    let gutters: [Span]

    /// The longest run from band `first` on; nil where that band alone has no gap, or shares none with its neighbour below.
    /// - Parameter minimum: how wide a strip must be, in points.
    init?(in bands: [TextBand], from first: Int, minimum: Double) {
        var gutters = bands[first].gaps(minimum: minimum)
        guard !gutters.isEmpty else { return nil }
        var end = first + 1
        while end < bands.count {
            let narrowed = Self.narrowed(gutters, by: bands[end].covered).filter { $0.length >= minimum }
            if narrowed.isEmpty { break }
            gutters = narrowed
            end += 1
        }
        self.bands = first..<end
        self.gutters = gutters
    }

    /// The widest free part of each strip where `covered` is not; both ascend. Linear.
    static func narrowed(_ gutters: [Span], by covered: [Span]) -> [Span] {
        var next = 0
        return gutters.compactMap { gutter in
            while next < covered.count, covered[next].upper <= gutter.lower { next += 1 }
            var widest = Span(lower: gutter.lower, upper: gutter.lower)
            var start = gutter.lower
            var index = next
            while index < covered.count, covered[index].lower < gutter.upper {
                if covered[index].lower - start > widest.length { widest = Span(lower: start, upper: covered[index].lower) }
                start = max(start, covered[index].upper)
                index += 1
            }
            if gutter.upper - start > widest.length { widest = Span(lower: start, upper: gutter.upper) }
            return widest.length > 0 ? widest : nil
        }
    }
}
