import Foundation
import Glibc
import Testing

extension BinaryTests {
    @Suite("Dry run", .serialized)
    struct DryRunTests {
        @Test("The plan's passages are those of the import, for every way of reading")
        func equalNumbers() async throws {
            let folder = try TemporaryFolder()
            try bundle(folder)
            let command = [
                "import", folder.path("docs"), "--assistant", "a", "--json", "--data", folder.path("data"), "--report",
                folder.path("report.json"),
            ]
            try await TestService.with(data: folder.path("data")) { service in
                let planned = try await BunkoProcess.run(command + ["--dry-run"])
                #expect(planned.code == 0, "\(planned.errors)")
                let plan = try ImportTold(planned.output)
                #expect(plan.states.values.allSatisfy { $0 == "add" } && plan.totals["not_counted"] == 0, "\(plan.states)")
                let model = try #require(try await service.get("/v1/limits").object()["embedding"] as? [String: Any])["model"] as? String
                #expect(plan.object["embedding_model"] as? String == model)
                #expect(plan.object["cost_per_million_tokens"] as? Double == 0 && plan.totals["cost"] == 0)
                let written = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: folder.path("report.json"))))
                #expect(written as? NSDictionary == plan.object as NSDictionary)
                #expect(try await service.get("/v1/assistants").list("data").isEmpty)

                let told = try ImportTold(try await BunkoProcess.run(command).output)
                #expect(told.files.count == plan.files.count)
                for (name, file) in told.files {
                    #expect(file["state"] as? String == "done", "\(file)")
                    #expect(file["chunks"] as? Int == plan.files[name]?["chunks"] as? Int, "\(name)")
                }
                #expect(told.totals["chunks"] == plan.totals["chunks"])
                try await eventually("the account to have the tokens of the plan") {
                    try await service.sql("SELECT sum(tokens_used) FROM api_usage WHERE api_name = 'embeddings'")
                        == ["\(plan.totals["tokens"] ?? 0)"]
                }
                let lines = try await BunkoProcess.run(command.filter { $0 != "--json" } + ["--dry-run"])
                #expect(lines.output.contains("0 passages of 0 tokens to embed at most; cost 0 with \(model ?? "?")"), "\(lines.output)")
            }
        }

        /// Files of each kind of reader, with more than one passage.
        private func bundle(_ folder: TemporaryFolder) throws {
            let paragraphs = (1...60).map { "Paragraph \($0): the ferry leaves at noon, and the archive of timber opens at nine." }
            try folder.write("docs/a.md", paragraphs.enumerated().map { "## Part \($0.offset)\n\n\($0.element)" }.joined(separator: "\n\n"))
            let rows = paragraphs.enumerated().map { "\($0.offset),\"\($0.element)\"\n" }
            try folder.write("docs/b.csv", "number,text\n" + rows.joined())
            try folder.write("docs/c.html", "<html><body>\(paragraphs.map { "<p>\($0)</p>" }.joined())</body></html>")
            try folder.write("docs/d.txt", String(repeating: paragraphs.joined(separator: "\n\n") + "\n\n", count: 250))
            try folder.write("docs/e.docx", StoredArchive.document(paragraphs))
            guard access("/usr/bin/pdftotext", X_OK) == 0 else { return }
            try folder.write("docs/f.pdf", Self.pdf(paragraphs))
        }

        /// A page for every 30 lines. Without a table of places, which readers rebuild.
        private static func pdf(_ lines: [String]) -> String {
            let pages = stride(from: 0, to: lines.count, by: 30).map { Array(lines[$0..<min($0 + 30, lines.count)]) }
            var text = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            text += "3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
            for (number, page) in pages.enumerated() {
                let shown = page.enumerated().map { "BT /F1 9 Tf 40 \(760 - $0.offset * 24) Td (\($0.element)) Tj ET" }
                let content = shown.joined(separator: "\n")
                text += "\(10 + number) 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents \(100 + number) 0 R"
                text += "/Resources<</Font<</F1 3 0 R>>>>>>endobj\n"
                text += "\(100 + number) 0 obj<</Length \(content.utf8.count)>>stream\n\(content)\nendstream endobj\n"
            }
            let kids = pages.indices.map { "\(10 + $0) 0 R" }.joined(separator: " ")
            return text + "2 0 obj<</Type/Pages/Count \(pages.count)/Kids[\(kids)]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
        }
    }
}

/// A ZIP archive without compression.
enum StoredArchive {
    static func document(_ paragraphs: [String]) -> [UInt8] {
        let types = "http://schemas.openxmlformats.org/package/2006/content-types"
        let relations = "http://schemas.openxmlformats.org/package/2006/relationships"
        let document = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
        let word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        let part = "word/document.xml"
        let body = paragraphs.map { "<w:p><w:r><w:t>\($0)</w:t></w:r></w:p>" }.joined()
        return archive([
            ("[Content_Types].xml", #"<Types xmlns="\#(types)"><Override PartName="/\#(part)" ContentType="\#(document)"/></Types>"#),
            (
                "_rels/.rels",
                #"<Relationships xmlns="\#(relations)"><Relationship Id="r1" Type="\#(office)" Target="\#(part)"/></Relationships>"#
            ),
            (part, #"<w:document xmlns:w="\#(word)"><w:body>\#(body)</w:body></w:document>"#),
        ])
    }

    static func archive(_ entries: [(name: String, text: String)]) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for entry in entries {
            let (name, content) = (Array(entry.name.utf8), Array(entry.text.utf8))
            let fields =
                little(20, 2) + little(0, 2) + little(0, 2) + little(0x5821_0000, 4) + little(Int(checksum(content)), 4)
                + little(content.count, 4) + little(content.count, 4) + little(name.count, 2) + little(0, 2)
            directory += little(0x0201_4B50, 4) + little(20, 2) + fields + [UInt8](repeating: 0, count: 10) + little(file.count, 4) + name
            file += little(0x0403_4B50, 4) + fields + name + content
        }
        let end = little(0x0605_4B50, 4) + little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
        return file + directory + end + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// CRC-32 as ZIP has it (APPNOTE 4.4.7).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
        }
    }
}
