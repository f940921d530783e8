/// Reads tables of delimited values (csv, tsv) in one pass. Rows may have different lengths.
struct DelimitedTextReader {
    private static let sampleRows = 20
    let mediaType: MediaType

    func read(_ text: String) -> ExtractedDocument {
        var text = text
        var builder = DocumentBuilder(expectedBytes: text.utf8.count)
        text.withUTF8 { bytes in
            let (delimiter, start) = delimiter(of: bytes)
            write(DelimitedText(bytes, delimiter: delimiter, from: start), to: &builder)
        }
        return builder.document(mediaType)
    }

    private func write(_ source: DelimitedText, to builder: inout DocumentBuilder) {
        var source = source
        var sample: [[String]] = []
        while sample.count < Self.sampleRows, let row = source.nextRow() {
            if row.contains(where: { !$0.allSatisfy(\.isWhitespace) }) { sample.append(row) }
        }
        guard !sample.isEmpty else { return }
        let head = ColumnTitles(sample)
        for line in head.preamble { builder.append(.paragraph, line) }
        var table = BoundedTable(head: head.titles)
        for row in head.rows { table.append(row, to: &builder) }
        while let row = source.nextRow() { table.append(row, to: &builder) }
        table.finish(&builder)
    }

    /// The delimiter and where the rows begin: a first line `sep=;`, as spreadsheets write it, is an order to them and no row.
    private func delimiter(of bytes: UnsafeBufferPointer<UInt8>) -> (delimiter: UInt8, start: Int) {
        let order = Array("sep=".utf8)
        let lineEnd = bytes.prefix(16).firstIndex(of: 0x0A)
        if let lineEnd, lineEnd == order.count + 1, bytes.starts(with: order) { return (bytes[order.count], lineEnd + 1) }
        let candidates = mediaType == .tsv ? "\t,;|" : ",;\t|"
        return (Delimiter.find(in: bytes, preferred: Array(candidates.utf8)), 0)
    }
}
