/// How much one Office document may unpack to and how much text may be written from it.
struct OfficeLimits {
    /// All parts together, unpacked, in bytes; a part that is read again counts again.
    var unpackedBytes = 512 << 20
    /// One part, unpacked, in bytes.
    var partBytes = 256 << 20
    /// Unpacked bytes for each byte of the file. XML written by machines shrinks to a hundredth; only bombs go beyond 400.
    var unpackedRatio = 400
    /// The ratio is not looked at below this many unpacked bytes.
    var ratioFloorBytes = 32 << 20
    /// The text written or held, in UTF-8 bytes; more than 20,000 full pages.
    var textBytes = 64 << 20
    /// Things held in memory: entries, styles, shared strings, cells, paragraphs of boxes.
    var records = 4_000_000
}

/// Counts what reading one document has taken.
///
/// A few kilobytes can name the same long text a million times, and a small archive can unpack to a huge one, so that neither the
/// size of the file nor that of its parts bounds the work.
final class ReadingBudget {
    let limits: OfficeLimits
    private let fileBytes: Int
    private var unpackedBytes = 0
    private var textBytes = 0
    private var records = 0

    init(_ limits: OfficeLimits, fileBytes: Int) {
        self.limits = limits
        self.fileBytes = fileBytes
    }

    /// Takes `bytes` more that were unpacked, or the work of as many.
    /// - Parameter partBytes: what the part they belong to has come to with them.
    func unpack(_ bytes: Int, partBytes: Int = 0) throws(ExtractionError) {
        unpackedBytes += bytes
        guard unpackedBytes <= limits.unpackedBytes, partBytes <= limits.partBytes else {
            let limit = partBytes > limits.partBytes ? limits.partBytes : limits.unpackedBytes
            throw .overLimit(resource: "\(limit >> 20) MiB of unpacked content")
        }
        guard unpackedBytes <= limits.ratioFloorBytes || unpackedBytes / limits.unpackedRatio <= fileBytes else {
            throw .overLimit(resource: "\(limits.unpackedRatio) times its size when it is unpacked")
        }
    }

    /// Takes `bytes` more of text that are written or held.
    func write(_ bytes: Int) throws(ExtractionError) {
        textBytes += bytes
        guard textBytes <= limits.textBytes else { throw .overLimit(resource: "\(limits.textBytes >> 20) MiB of text") }
    }

    /// Takes one more thing held in memory.
    func keepRecord() throws(ExtractionError) {
        records += 1
        guard records <= limits.records else { throw .overLimit(resource: "\(limits.records) cells, styles and parts") }
    }
}
