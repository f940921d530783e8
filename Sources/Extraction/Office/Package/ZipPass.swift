import CArchive

/// One entry of a ZIP archive, as its directory names it. The name is only a name: nothing is ever written anywhere.
struct ZipEntry {
    let name: String
    let isEncrypted: Bool
    /// What the directory says it unpacks to, in bytes; may be wrong.
    let declaredBytes: Int
}

/// One pass over the entries of a ZIP archive in memory. An entry's content can be read while it is the current one.
final class ZipPass {
    private let archive: OpaquePointer
    private let format: String

    /// - Parameters:
    ///   - file: must outlive the pass.
    ///   - format: what errors call the file.
    /// - Throws: ``ExtractionError/damaged(format:reason:)`` when the file has no directory of entries.
    init(_ file: UnsafeRawBufferPointer, format: String) throws(ExtractionError) {
        guard let archive = archive_read_new() else { throw .overLimit(resource: "the memory of this server") }
        self.archive = archive
        self.format = format
        // The seekable reader trusts the directory at the end alone: a file that was cut off is recognised by its lack.
        guard archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK,
            archive_read_open_memory(archive, file.baseAddress, file.count) == ARCHIVE_OK
        else { throw .damaged(format: format, reason: "its directory of parts is missing, as when a file was cut off") }
    }

    deinit {
        archive_read_free(archive)
    }

    /// The next entry; nil after the last. Entries without a readable name are passed over.
    func next() throws(ExtractionError) -> ZipEntry? {
        var entry: OpaquePointer?
        while true {
            let result = archive_read_next_header(archive, &entry)
            if result == ARCHIVE_EOF { return nil }
            guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let entry else { throw damaged("its directory of parts is broken") }
            guard let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else { continue }
            return ZipEntry(
                name: String(cString: name), isEncrypted: archive_entry_is_encrypted(entry) != 0,
                declaredBytes: Int(archive_entry_size(entry)))
        }
    }

    /// Reads on in the current entry; 0 at its end, where its checksum has been compared.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ExtractionError) -> Int {
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw damaged("a part of it cannot be unpacked") }
        return count
    }

    private func damaged(_ reason: String) -> ExtractionError {
        .damaged(format: format, reason: reason)
    }
}
