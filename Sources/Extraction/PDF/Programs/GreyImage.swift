/// A picture in shades of grey, one byte for each point.
struct GreyImage {
    let points: ArraySlice<UInt8>

    /// Whether a point is darker than what scanners and compression make of white.
    var hasInk: Bool { points.contains { $0 < 0xE0 } }

    /// The images in a stream of PGM files (P5), the last one perhaps cut short.
    static func images(in bytes: [UInt8]) -> [GreyImage] {
        var images: [GreyImage] = []
        var rest = bytes[...]
        while rest.starts(with: "P5".utf8) {
            var numbers: [Int] = []
            rest = rest.dropFirst(2)
            while numbers.count < 3, let number = number(&rest) { numbers.append(number) }
            guard numbers.count == 3 else { break }
            let size = min(numbers[0] * numbers[1], rest.count)
            images.append(GreyImage(points: rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return images
    }

    /// The next number of a header with the white space before it and the one byte after it.
    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        rest = rest.drop { $0 <= 0x20 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...5).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count + 1)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
