import Foundation

/// The bytes of a file, mapped: pages come in as they are touched. Whoever shortens the file meanwhile ends the process.
struct MappedFile: Sendable {
    let path: String
    let bytes: Data

    init(path: String) throws(DatasetError) {
        self.path = path
        guard access(path, R_OK) == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        do {
            bytes = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        } catch {
            throw .unreadable(path: path, reason: Self.reason(error))
        }
    }

    /// The little-endian word at an offset.
    func word(at offset: Int) throws(DatasetError) -> Int {
        guard offset >= 0, bytes.count - offset >= 4 else {
            throw .wrongLength(path: path, expected: offset + 4, found: bytes.count)
        }
        let word = bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        return Int(word)
    }

    /// Checks that `rows` records of `width` values of four bytes fill the file behind its header.
    func requireLength(header: Int, rows: Int, width: Int) throws(DatasetError) {
        let (values, overflow) = rows.multipliedReportingOverflow(by: width)
        guard !overflow, values < (Int.max - header) / 4 else {
            throw .badHeader(path: path, offset: 0, what: "\(rows) rows of \(width) values, which no memory holds")
        }
        guard bytes.count == header + 4 * values else { throw .wrongLength(path: path, expected: header + 4 * values, found: bytes.count) }
    }

    /// What the system said, without the path, which the error names already.
    static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        let cause = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError ?? cocoa
        return cause.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(cause.code))) : cocoa.localizedDescription
    }
}
