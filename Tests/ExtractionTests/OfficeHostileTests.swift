import TestSupport
import Testing

@testable import Extraction

/// Files made to harm whoever opens them, and files that harm came to.
@Suite struct OfficeHostileTests {
    private static let samples = [
        OfficeSample.word(
            (1...20).map { OfficeSample.paragraph("Paragraph \($0)", properties: "<w:numPr><w:numId w:val=\"1\"/></w:numPr>") }.joined(),
            numbering: "<w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\"><w:lvlText w:val=\"%1.\"/></w:lvl></w:abstractNum>"
                + "<w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>"),
        OfficeSample.presentation([.init(shapes: OfficeSample.shape("title", "T") + OfficeSample.shape("", "a", "b"))]),
        OfficeSample.workbook([("S", "", (1...20).map { OfficeSample.row($0, "a\($0)", "b") }.joined())]),
    ]

    private func refusal(of bytes: [UInt8], limits: OfficeLimits = .init()) -> String? {
        do throws(ExtractionError) {
            _ = try OfficeReader(limits: limits).read(bytes)
            return nil
        } catch {
            return error.code
        }
    }

    /// Reads `bytes`, which may be refused; what comes out otherwise keeps the promises of a document.
    private func expectSound(_ bytes: [UInt8]) {
        guard let document = try? OfficeReader().read(bytes) else { return }
        let count = document.text.unicodeScalars.count
        var end = 0
        for block in document.blocks {
            #expect(block.range.lowerBound >= end && block.range.upperBound <= count)
            end = block.range.upperBound
        }
    }

    @Test(arguments: samples.indices)
    func filesThatWereCutOffAreDamaged(sample: Int) {
        let bytes = Self.samples[sample].bytes
        for part in 0..<20 { #expect(refusal(of: Array(bytes.prefix(bytes.count * part / 20))) == "damaged") }
        #expect(refusal(of: Array(bytes.dropLast())) == "damaged")
    }

    @Test(arguments: samples.indices)
    func flippedBytesOfTheArchive(sample: Int) {
        let bytes = Self.samples[sample].bytes
        var generator = SeededGenerator(seed: UInt64(sample))
        for _ in 0..<150 {
            var broken = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                broken[Int.random(in: broken.indices, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            }
            expectSound(broken)
        }
    }

    /// The archive is whole, so that readers see what checksums would have kept from them.
    @Test(arguments: samples.indices)
    func flippedBytesOfTheParts(sample: Int) {
        var generator = SeededGenerator(seed: UInt64(sample) + 100)
        for _ in 0..<150 {
            var archive = Self.samples[sample]
            let index = Int.random(in: archive.entries.indices, using: &generator)
            var content = archive.entries[index].data
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !content.isEmpty {
                content[Int.random(in: content.indices, using: &generator)] = UInt8.random(in: 0x20...0x7E, using: &generator)
            }
            archive.entries[index] = .init(archive.entries[index].name, content)
            expectSound(archive.bytes)
        }
    }

    @Test(arguments: samples.indices)
    func missingParts(sample: Int) {
        for index in Self.samples[sample].entries.indices {
            var archive = Self.samples[sample]
            archive.entries.remove(at: index)
            expectSound(archive.bytes)
        }
        #expect(refusal(of: OfficeArchive([("word/document.xml", "")]).bytes) == "damaged")
    }

    @Test func contentThatWasChangedIsNoticed() throws {
        var bytes = Self.samples[0].bytes
        let needle = Array("Paragraph 7".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: needle) })
        bytes[place + 10] = UInt8(ascii: "8")
        #expect(refusal(of: bytes) == "damaged")
    }

    private let prefix = "<w:document \(OfficeSample.names)><w:body>"

    @Test func bombsStopAtTheLimits() {
        let bomb = OfficeArchive([.init("word/document.xml", bomb: prefix, spaces: 8 << 20)]).bytes
        var total = OfficeLimits()
        total.unpackedBytes = 1 << 20
        var part = OfficeLimits()
        part.partBytes = 1 << 20
        var ratio = OfficeLimits()
        ratio.unpackedRatio = 50
        ratio.ratioFloorBytes = 1 << 20
        for limits in [total, part, ratio] { #expect(refusal(of: bomb, limits: limits) == "over_limit") }
        // Its text alone is longer than libxml2 takes, and its checksum is wrong.
        #expect(refusal(of: bomb) == "damaged")
    }

    @Test func manySmallBombsStopToo() {
        var limits = OfficeLimits()
        limits.unpackedBytes = 4 << 20
        let entries = (0..<100).map { OfficeArchive.Entry("word/\($0).xml", bomb: "", spaces: 200 << 10) }
        // Wrong checksums would end the pass before the limit does.
        #expect(refusal(of: OfficeArchive(entries).bytes, limits: limits) == "damaged")
        var honest = entries
        let checksum = Checksum.crc32([UInt8](repeating: 0x20, count: Deflate.runLength(200 << 10)))
        for index in honest.indices { honest[index].checksum = checksum }
        #expect(refusal(of: OfficeArchive(honest).bytes, limits: limits) == "over_limit")
    }

    @Test func textsThatAreNamedOftenStopAtTheLimit() {
        let long = String(repeating: "text ", count: 40_000)
        let rows = (1...40).map { row in "<row r=\"\(row)\">\(String(repeating: "<c t=\"s\"><v>0</v></c>", count: 100))</row>" }
        let archive = OfficeSample.workbook([("S", "", rows.joined())], shared: ["<t>\(long)</t>"])
        #expect(refusal(of: archive.bytes) == "over_limit")
    }

    @Test func partsThatAreNamedOftenStopAtTheLimit() {
        var limits = OfficeLimits()
        limits.unpackedBytes = 8 << 20
        var archive = OfficeSample.presentation([.init(shapes: "<p:cxnSp/>")])
        let list = (0..<20_000).map { "<p:sldId id=\"\($0)\" r:id=\"rId1\"/>" }.joined()
        let presentation = "<p:presentation \(OfficeSample.names)><p:sldIdLst>\(list)</p:sldIdLst></p:presentation>"
        archive.entries.removeAll { $0.name == "ppt/presentation.xml" }
        archive.entries.append(.init("ppt/presentation.xml", Array(presentation.utf8)))
        #expect(refusal(of: archive.bytes, limits: limits) == "over_limit")
    }

    @Test func openFieldsAndRepeatedCellsTakeNoMoreThanTheirBytes() throws {
        let field = "<w:r><w:fldChar w:fldCharType=\"begin\"/><w:fldChar w:fldCharType=\"separate\"/><w:t>x</w:t></w:r>"
        let fields = OfficeSample.word("<w:p>\(String(repeating: field, count: 20_000))</w:p>")
        #expect(try OfficeReader().read(fields.bytes).text == String(repeating: "x", count: 20_000))
        let row = "<row r=\"1\">\(String(repeating: "<c r=\"A1\"><v>1</v></c>", count: 40_000))</row>"
        #expect(try sheetOutline(row) == ["table: | 1 |\n|---|"])
    }

    @Test func tooManyThingsStopAtTheLimit() {
        var limits = OfficeLimits()
        limits.records = 1000
        let archive = OfficeSample.workbook([("S", "", OfficeSample.row(1, "a"))], shared: Array(repeating: "", count: 2000))
        #expect(refusal(of: archive.bytes, limits: limits) == "over_limit")
        #expect(refusal(of: archive.bytes) == nil)
    }

    @Test(arguments: ["w:p", "w:tbl", "w:r", "w:sdt", "w:txbxContent", "mc:AlternateContent", "m:oMath"])
    func deepNestingEnds(element: String) {
        let deep = String(repeating: "<\(element)>", count: 100_000) + String(repeating: "</\(element)>", count: 100_000)
        #expect(refusal(of: OfficeSample.word(deep).bytes) == "damaged")
        let bearable = String(repeating: "<\(element)>", count: 200) + String(repeating: "</\(element)>", count: 200)
        #expect(refusal(of: OfficeSample.word(bearable + OfficeSample.paragraph("x")).bytes) == nil)
    }

    @Test func tablesNestAsDeepAsXMLAllows() throws {
        let open = String(repeating: "<w:tbl><w:tr><w:tc>", count: 80)
        let close = String(repeating: "</w:tc><w:tc>\(OfficeSample.paragraph("x"))</w:tc></w:tr></w:tbl>", count: 80)
        let document = try OfficeReader().read(OfficeSample.word(open + OfficeSample.paragraph("inner") + close).bytes)
        #expect(document.text.contains("inner"))
    }

    @Test func entitiesAreRefused() {
        let laughs = (1...9).map { "<!ENTITY l\($0) \"\(String(repeating: "&l\($0 - 1);", count: 10))\">" }.joined()
        let declarations = [
            "<!DOCTYPE x [<!ENTITY l0 \"ha\">\(laughs)]>", "<!DOCTYPE x [<!ENTITY l9 SYSTEM \"file:///etc/passwd\">]>",
            "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">", "<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]>",
        ]
        for declaration in declarations {
            let document = "\(declaration)\(prefix)<w:p><w:r><w:t a=\"&l9;\">&l9;</w:t></w:r></w:p></w:body></w:document>"
            #expect(refusal(of: OfficeArchive([("word/document.xml", document)]).bytes) == "damaged")
        }
        let undeclared = "\(prefix)<w:p><w:r><w:t>&nbsp;</w:t></w:r></w:p></w:body></w:document>"
        #expect(refusal(of: OfficeArchive([("word/document.xml", undeclared)]).bytes) == "damaged")
    }

    @Test func nothingOutsideTheDocumentIsRead() throws {
        let targets = ["file:///etc/passwd", "/etc/passwd", "../../../../../../etc/passwd", "http://127.0.0.1:9/x"]
        for target in targets {
            let links = [("rId9", "chart", target), ("rId8", "diagramData", target)]
            let body = "<w:p><w:r><w:t>x</w:t><c:chart r:id=\"rId9\"/><dgm:relIds r:dm=\"rId8\"/></w:r></w:p>"
            #expect(try OfficeReader().read(OfficeSample.word(body, links: links).bytes).text == "x")
        }
        let outside = OfficeSample.relationships([("rId1", "officeDocument", "../../etc/passwd")])
        #expect(refusal(of: OfficeArchive([("_rels/.rels", outside), ("../../etc/passwd", "x")]).bytes) == "unsupported_type")
    }

    @Test func namesOfEntriesAreOnlyNames() throws {
        let document = "\(prefix)\(OfficeSample.paragraph("x"))</w:body></w:document>"
        let names = ["../../../../tmp/office-escape.xml", "/tmp/office-escape.xml", "C:\\tmp\\office-escape.xml", "", "a/../b.xml"]
        let archive = OfficeArchive(names.map { ($0, "<a/>") } + [("/word/document.xml", document)])
        #expect(try OfficeReader().read(archive.bytes).text == "x")
    }

    @Test func brokenXMLIsDamage() {
        for content in ["<a", "<a></b>", "\u{1}", "<a>&#0;</a>", "no xml", "<a/><b/>"] {
            #expect(refusal(of: OfficeArchive([("word/document.xml", content)]).bytes) == "damaged")
        }
        let invalid = OfficeArchive([.init("word/document.xml", Array("<a>".utf8) + [0xFF, 0xFE] + Array("</a>".utf8))])
        #expect(refusal(of: invalid.bytes) == "damaged")
    }
}
