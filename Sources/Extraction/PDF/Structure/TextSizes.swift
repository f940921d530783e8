/// The sizes of text in a document.
struct TextSizes {
    /// The size of most running text, in points; 0 without text. Sizes are heights of words' boxes.
    let body: Double
    /// The buckets of sizes that whole paragraphs are set in.
    private let prose: Set<Int>

    // Text this much larger than running text stands out.
    private static let largeRatio = 1.1
    private static let bucketsPerPoint = 4.0

    /// Linear.
    init(_ pages: [PageBlocks]) {
        var letters: [Int: Int] = [:]
        var proseLetters: [Int: Int] = [:]
        for paragraph in pages.lazy.flatMap(\.paragraphs) {
            let bucket = Self.bucket(paragraph.size)
            let count = paragraph.lines.reduce(0) { $0 + $1.text.utf8.count }
            letters[bucket, default: 0] += count
            if paragraph.lines.count >= 3 { proseLetters[bucket, default: 0] += count }
        }
        let main = (proseLetters.isEmpty ? letters : proseLetters).max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
        body = Double(main) / Self.bucketsPerPoint
        prose = Set(proseLetters.filter { 3 * $0.value > (letters[$0.key] ?? 0) }.keys)
    }

    /// Whether text of a size can be a title: larger than running text, and not itself running text somewhere.
    func isLarge(_ size: Double) -> Bool {
        size >= Self.largeRatio * body && !prose.contains(Self.bucket(size))
    }

    /// Sizes of one bucket differ by a quarter of a point at most.
    static func bucket(_ size: Double) -> Int {
        Int((min(max(size, 0), 10_000) * bucketsPerPoint).rounded())
    }
}
