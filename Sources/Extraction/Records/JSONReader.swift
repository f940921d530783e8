/// Reads JSON as records.
///
/// An element of an array, or an object, is a record: lines `path: value` in the order of the source. Its `title` or `name` is a
/// heading, long strings are paragraphs, arrays of scalars share a line, arrays of like objects are tables. Members that say nothing
/// (null, empty) are left out. Numbers stay as they are written. Takes 13 bytes for each value beside the text.
struct JSONReader {
    /// - Throws: ``ExtractionError/damaged(format:reason:)`` with line and column.
    func read(_ text: String) throws(ExtractionError) -> ExtractedDocument {
        let bytes = Array(text.utf8)
        do {
            let root = JSONValue(tree: try JSONParser.parse(bytes[...]), bytes: bytes, index: 0)
            var writer = RecordWriter(builder: DocumentBuilder(expectedBytes: bytes.count))
            writer.write(root)
            let title = root.kind == .object ? RecordWriter.title(of: root)?.text : nil
            return writer.builder.document(.json, title: title)
        } catch {
            throw .damaged(format: "JSON text", reason: Self.reason(error, in: bytes))
        }
    }

    private static func reason(_ error: JSONSyntaxError, in bytes: [UInt8]) -> String {
        let before = bytes[..<error.offset]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = bytes[lineStart..<error.offset].count { $0 & 0xC0 != 0x80 } + 1
        return "line \(line), column \(column): \(error.problem)"
    }
}
