/// Reads JSON Lines: a record a line, blank lines aside. Each is written as ``JSONReader`` writes records.
struct JSONLinesReader {
    /// - Throws: ``ExtractionError/damaged(format:reason:)`` with the line.
    func read(_ text: String) throws(ExtractionError) -> ExtractedDocument {
        let bytes = Array(text.utf8)
        var writer = RecordWriter(builder: DocumentBuilder(expectedBytes: bytes.count))
        var (start, number) = (0, 0)
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            number += 1
            let line = bytes[start..<end]
            start = end + 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            do {
                writer.writeRecord(JSONValue(tree: try JSONParser.parse(line), bytes: bytes, index: 0))
            } catch {
                throw .damaged(format: "JSON Lines text", reason: "line \(number): \(error.problem)")
            }
        }
        return writer.builder.document(.jsonl)
    }
}
