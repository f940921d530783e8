import TestSupport
import Testing

@testable import Extraction

@Suite struct OfficePackageTests {
    private static let document = "<w:document \(OfficeSample.names)><w:body>\(OfficeSample.paragraph("text"))</w:body></w:document>"

    @Test(arguments: [
        ("vnd.openxmlformats-officedocument.wordprocessingml.document", MediaType.docx),
        ("vnd.openxmlformats-officedocument.wordprocessingml.template", .docx), ("vnd.ms-word.document.macroEnabled", .docx),
        ("vnd.openxmlformats-officedocument.presentationml.slideshow", .pptx), ("vnd.ms-powerpoint.presentation.macroEnabled", .pptx),
        ("vnd.openxmlformats-officedocument.spreadsheetml.template", .xlsx), ("vnd.ms-excel.sheet.macroEnabled", .xlsx),
    ])
    func theKindIsThatOfTheMainPart(type: String, expected: MediaType) throws {
        let archive = OfficeArchive(OfficeSample.frame("somewhere/main.xml", type) + [("somewhere/main.xml", "<a/>")])
        #expect(try OfficeReader.mediaType(ofArchive: archive.bytes) == expected)
    }

    @Test(arguments: [("word/document.xml", MediaType.docx), ("PPT/Presentation.xml", .pptx), ("xl\\workbook.xml", .xlsx)])
    func theUsualPlacesServeWhereNothingIsDeclared(part: String, expected: MediaType) throws {
        #expect(try OfficeReader.mediaType(ofArchive: OfficeArchive([(part, "<a/>")]).bytes) == expected)
    }

    @Test func otherArchivesAreNoOfficeDocuments() throws {
        var binary = OfficeSample.frame("xl/workbook.bin", "vnd.ms-excel.sheet.binary.macroEnabled") + [("xl/workbook.bin", "x")]
        binary[0].1 = binary[0].1.replacing("main+xml", with: "main")
        for archive in [OfficeArchive([("a.txt", "x")]), OfficeArchive(binary)] {
            #expect(try OfficeReader.mediaType(ofArchive: archive.bytes) == nil)
            #expect(throws: ExtractionError.unsupported(type: "application/zip")) { try OfficeReader().read(archive.bytes) }
        }
    }

    @Test func strictDocumentsAreRead() throws {
        let strict = Self.document.replacing(
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main", with: "http://purl.oclc.org/ooxml/wordprocessingml/main")
        #expect(try OfficeReader().read(OfficeArchive([("word/document.xml", strict)]).bytes).text == "text")
    }

    @Test func otherEncodingsAreRead() throws {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + Self.document.replacing("text<", with: "文章<")
        let units = ([0xFEFF] + Array(text.utf16)).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        #expect(try OfficeReader().read(OfficeArchive([.init("word/document.xml", units)]).bytes).text == "文章")
    }

    @Test func relativeAndRootedTargetsAreFollowed() throws {
        #expect(PartName.resolve("../media/a.xml", from: "word/document.xml") == "media/a.xml")
        #expect(PartName.resolve("/word/x.xml", from: "ppt/a/b.xml") == "word/x.xml")
        #expect(PartName.resolve("../../../../etc/passwd", from: "word/document.xml") == "etc/passwd")
        #expect(PartName.relationships(of: "word/document.xml") == "word/_rels/document.xml.rels")
        #expect(PartName.relationships(of: "") == "_rels/.rels")
    }

    @Test func theFirstOfTwoEntriesCounts() throws {
        let second = Self.document.replacing(">text<", with: ">other<")
        let archive = OfficeArchive([("word/document.xml", Self.document), ("Word/Document.xml", second), ("word/document.xml", second)])
        #expect(try OfficeReader().read(archive.bytes).text == "text")
    }

    @Test func largePartsAreUnpackedWhileTheyAreRead() throws {
        let paragraphs = (0..<6000).map { OfficeSample.paragraph("paragraph \($0)") }
        let archive = OfficeSample.word(paragraphs.joined())
        let document = archive.entries.first { $0.name == "word/document.xml" }
        #expect(document.map { $0.unpackedBytes > 256 << 10 } == true)
        #expect(try OfficeReader().read(archive.bytes).outline == (0..<6000).map { "paragraph: paragraph \($0)" })
    }

    @Test func encryptedEntriesAreLocked() {
        var archive = OfficeSample.word(OfficeSample.paragraph("x"))
        for index in archive.entries.indices where archive.entries[index].name == "word/document.xml" {
            archive.entries[index].isEncrypted = true
        }
        #expect(throws: ExtractionError.locked(format: "Word document")) { try OfficeReader().read(archive.bytes) }
        for index in archive.entries.indices { archive.entries[index].isEncrypted = true }
        #expect(throws: ExtractionError.locked(format: "Office document")) { try OfficeReader.mediaType(ofArchive: archive.bytes) }
    }

    /// A container with one stream: a header, and a directory in the first sector.
    private func container(_ stream: String?) -> [UInt8] {
        var bytes: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + [UInt8](repeating: 0, count: 1016)
        guard let stream else { return bytes }
        let name = stream.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        bytes.replaceSubrange(640..<(640 + name.count), with: name)
        bytes[640 + 64] = UInt8(name.count + 2)
        bytes[640 + 66] = 2
        return bytes
    }

    @Test(arguments: [
        (String?("EncryptedPackage"), ExtractionError.locked(format: "Office document")),
        ("WordDocument", .unsupported(type: "application/msword")),
        ("Workbook", .unsupported(type: "application/vnd.ms-excel")), ("Book", .unsupported(type: "application/vnd.ms-excel")),
        ("PowerPoint Document", .unsupported(type: "application/vnd.ms-powerpoint")),
        ("encryptedpackage", .unsupported(type: "application/x-ole-storage")), (nil, .unsupported(type: "application/x-ole-storage")),
    ])
    func olderContainersAreRefused(stream: String?, expected: ExtractionError) {
        #expect(throws: expected) { try OfficeReader().read(container(stream)) }
    }

    @Test func onlyTheSignatureMakesAContainer() {
        #expect(OLEContainer([]) == nil)
        #expect(OLEContainer(Array(container("Workbook").dropFirst())) == nil)
        #expect(OLEContainer(Array(container("Workbook").prefix(8))) != nil)
    }

    @Test func documentsWithoutTextSaySo() {
        #expect(throws: ExtractionError.noText) { try OfficeReader().read(OfficeSample.word("<w:p/>").bytes) }
        #expect(throws: ExtractionError.noText) { try OfficeReader().read(OfficeSample.workbook([("S", "", "")]).bytes) }
        #expect(throws: ExtractionError.noText) { try OfficeReader().read(OfficeSample.presentation([.init(shapes: "")]).bytes) }
    }
}
