import RowFilters
import CVectorKernels

/// The format of a snapshot: a folder with a manifest and the data file of the generation the manifest names.
///
/// Numbers are in the byte order of the machine, which the manifest tells. The manifest is, without padding:
///
///     magic 8 bytes | version u32 | byte order u32 | bytes of the manifest u64 | generation u64 | dimensions u64 | seed u64 |
///     bytes of the data file u64 | bytes of the label u32 | label | partitions u32 | the partitions | CRC-32C of all before u32
///
/// A partition is
///
///     id 16 bytes | chunks u32 | rows given out in each chunk u32 | a bit for each of 1,024 slots of each chunk: is it live? |
///     CRC of the ids u32 | CRC of the vectors u32 | bytes of the attributes u64 | CRC of the attributes u32 | lists u32
///     with lists also:     rows of each list u32 | rows the centre is the mean of u64 | has centroids u8 |
///                          CRC of the structure u32 | CRC of the codes u32
///     with centroids also: rows when it was trained u64 | principal components u32 | rows when it was calibrated u64 |
///                          the codes' deviation f32 | points of the calibration u32 |
///                          each point: k u32, margin f32, most probes u32, mean probes f64, recall f64
///
/// The data file holds segments, each from the next multiple of 4,096 bytes on, for each partition: ids, vectors, attributes, structure,
/// codes. Where a segment starts and how long it is follow from the counts in the manifest, so no offset can point astray. The structure is
/// the centre and, with centroids, the mean, the principal components, the projected centroids, the unit centroids and their codes, each
/// from the next multiple of 64 bytes on. The codes are the lists' images. The attributes are empty where no row ever had any, and else,
/// without padding,
///
///     keys u32 | each key: bytes u32, UTF-8 | keywords u32 | each keyword: number of its key u32, bytes u32, UTF-8 |
///     rows with attributes u32 | each such row, by ascending slot: slot u32 | its keywords u32 | its numbers u32 |
///                                each keyword: its number u32 | each number, by ascending key: number of its key u32, value f64
enum SnapshotFormat {
    static let magic: UInt64 = 0x5845_444E_494E_4B42
    static let version: UInt32 = 2
    static let byteOrder: UInt32 = 0x0102_0304
    static let pageBytes = 4096
    static let manifestName = "manifest"
    static let unfinishedManifestName = "manifest.unfinished"
    /// Slots are 32-bit numbers.
    static let mostChunks = 1 << (Slot.bitWidth - RowChunk.shift)
    static let mostPoints = 1_000
    /// More rows than any partition can have: keeps hostile numbers from overflowing.
    static let mostRows = 1 << 32

    static func dataName(_ generation: UInt64) -> String { "generation-\(generation).data" }

    /// The generation of a data file's name; nil for other names.
    static func generation(of name: String) -> UInt64? {
        guard name.hasPrefix("generation-"), name.hasSuffix(".data") else { return nil }
        guard let number = UInt64(name.dropFirst(11).dropLast(5)), number < 1 << 62, dataName(number) == name else { return nil }
        return number
    }

    /// Offsets of parts that follow each other at multiples of 64 bytes, and the end; nil when that is too large for a number.
    static func offsets(of parts: [Int?]) -> [Int]? {
        var offsets = [0]
        for part in parts {
            guard let part, let last = offsets.last, part < 1 << 60 else { return nil }
            let (end, overflow) = last.addingReportingOverflow((part + 63) / 64 * 64)
            if overflow { return nil }
            offsets.append(end)
        }
        return offsets
    }

    /// The parts of a structure, in bytes; `lists` and `components` are 0 without centroids.
    static func structure(dimensions: Int, width: Int, components: Int, lists: Int) -> [Int]? {
        let row = product(dimensions, 4)
        guard lists > 0 else { return offsets(of: [row]) }
        guard let bytes = product(lists, width), bytes < 1 << 60, lists < mostRows else { return nil }
        return offsets(of: [
            row, row, row.flatMap { product($0, components) }, product(lists, components).flatMap { product($0, 2) },
            CoarseQuantizer.unitBytes(lists, width), CodeList.bytes(capacity: lists, width: width),
        ])
    }

    static func product(_ a: Int, _ b: Int) -> Int? {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? nil : product
    }
}

extension MappedBytes {
    func checksum(_ range: Range<Int>) -> UInt32 {
        bunko_crc32c(0, base + range.lowerBound, range.count)
    }
}
