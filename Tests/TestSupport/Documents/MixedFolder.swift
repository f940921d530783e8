import Foundation

/// A folder of documents of all formats as people keep them: most are small, some are long, some stand there twice, a few are broken.
/// Their texts are made up from a seed.
public struct MixedFolder: Sendable {
    public struct File: Sendable {
        /// Below the folder.
        public let path: String
        public let bytes: [UInt8]
        /// The code an import of it fails with; nil for what can be read.
        public let failure: String?
    }

    public let files: [File]

    public init(count: Int, seed: UInt64) {
        var maker = DocumentMaker(seed: seed)
        var files: [File] = []
        for index in 0..<count {
            let folder = Self.folders[maker.number(Self.folders.count)]
            if index % 25 == 24, let first = files.filter({ $0.failure == nil }).randomElement(using: &maker.random) {
                let name = (first.path as NSString).lastPathComponent
                files.append(File(path: "\(folder)copy \(index) of \(name)", bytes: first.bytes, failure: nil))
                continue
            }
            let (ending, bytes, failure) = index % 16 == 7 ? maker.broken(index / 16) : maker.whole(index)
            files.append(File(path: "\(folder)document \(index).\(ending)", bytes: bytes, failure: failure))
        }
        self.files = files
    }

    private static let folders = ["", "notes/", "reports/2024/", "reports/2025/first half/", "Übersicht/", "議事録/", "a/b/c/d/"]

    /// Writes all files below a folder.
    public func write(to folder: String) throws {
        for file in files {
            let path = URL(filePath: "\(folder)/\(file.path)")
            try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.bytes).write(to: path)
        }
    }
}

/// Makes one document after another.
private struct DocumentMaker {
    typealias Document = (ending: String, bytes: [UInt8], failure: String?)

    var random: SeededGenerator
    /// Counts sentences: no two are the same.
    private var count = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    // MARK: - Texts

    private static let subjects = [
        "The ferry", "A ledger", "The harbour office", "Our clerk", "The night train", "A surveyor", "The bell tower", "The mill",
    ]
    private static let deeds = [
        "was counted again near", "belongs to the register of", "had been moved before", "will be painted after", "stood empty during",
        "was lent to the people of", "is described on the back of", "came too late for",
    ]
    private static let objects = [
        "the second inventory", "a quiet market day", "the northern quay", "the winter timetable", "an unsigned receipt",
        "the council's letter", "the old bridge", "a case of lamps",
    ]

    private mutating func sentence() -> String {
        count += 1
        let (subject, deed, object) = (Self.subjects[number(8)], Self.deeds[number(8)], Self.objects[number(8)])
        return "\(subject) \(deed) \(object), as entry \(count) of volume \(number(90)) says."
    }

    private mutating func paragraph(_ sentences: Int = 6) -> String {
        (0..<sentences).map { _ in sentence() }.joined(separator: " ")
    }

    /// How many sections a document has: a few, or in one of twelve very many.
    private mutating func length() -> Int { number(12) == 0 ? 60 + number(90) : 1 + number(8) }

    // MARK: - Formats

    mutating func whole(_ index: Int) -> Document {
        switch index % 20 {
        case 0...6: ("md", Array(markdown().utf8), nil)
        case 7...9: ("txt", plain(index), nil)
        case 10, 11: ("csv", Array(table().utf8), nil)
        case 12: ("json", Array(json().utf8), nil)
        case 13, 14: ("html", Array(html().utf8), nil)
        case 15, 16: ("docx", word(), nil)
        case 17: ("pptx", slides(), nil)
        case 18: ("xlsx", workbook(), nil)
        default: ("pdf", pdf().bytes(), nil)
        }
    }

    mutating func broken(_ kind: Int) -> Document {
        switch kind % 8 {
        case 0: return ("md", [], "no_text")
        case 1: return ("docx", Array(word().dropLast(40)), "damaged")
        case 2:
            return ("pdf", pdf().bytes(encryption: PDFEncryption(userPassword: "secret", ownerPassword: "owner \(kind)")), "locked")
        case 3: return ("txt", Array(" \n\t\n \u{200B}\n".utf8) + [UInt8](repeating: 0x20, count: kind), "no_text")
        case 4: return ("html", Array("<html><body><script>var entry = \(kind)</script><p> </p></body></html>".utf8), "no_text")
        case 5: return ("pdf", Array(pdf().bytes().prefix(300)), "damaged")
        case 6:
            var maker = PDFMaker()
            maker.addPicture(width: 8, height: 8, points: (0..<64).map { UInt8(truncatingIfNeeded: $0 * (kind + 3)) })
            return ("pdf", maker.bytes(), "no_text")
        default:
            let bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + (0..<400).map { _ in UInt8(number(256)) }
            return ("txt", bytes, "binary_content")
        }
    }

    private mutating func markdown() -> String {
        let sections = (0..<length()).map { _ in "## Section \(number(1_000))\n\n\(paragraph())\n" }
        return "# Volume \(number(1_000))\n\n\(sections.joined(separator: "\n"))"
    }

    private mutating func plain(_ index: Int) -> [UInt8] {
        let text = (0..<(length() * 2)).map { _ in paragraph() }.joined(separator: "\n\n")
        return switch index % 7 {
        case 0: [0xFF, 0xFE] + Array(text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        case 1: [0xFE, 0xFF] + Array(text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
        case 2: Self.encoded("Für die Übergabe müssen die Gerätelisten vollständig geprüft sein. \(text)", .isoLatin1)
        case 3: Self.encoded("明日の会議は三階で行います。資料は受付で配ります。\n\n\(text)", .shiftJIS)
        case 4: Self.encoded("Пожалуйста, закройте дверь и верните ключ дежурному.\n\n\(text)", .windowsCP1251)
        case 5: [0xEF, 0xBB, 0xBF] + Array(text.utf8)
        default: Array(text.utf8)
        }
    }

    private static func encoded(_ text: String, _ encoding: String.Encoding) -> [UInt8] {
        text.data(using: encoding, allowLossyConversion: true).map(Array.init) ?? []
    }

    private mutating func table() -> String {
        let rows = (0..<(length() * 12)).map { row in "\(row),\"\(sentence())\",\(number(10_000)),\(number(2) == 0 ? "open" : "closed")" }
        return "number,remark,amount,state\n" + rows.joined(separator: "\n") + "\n"
    }

    private mutating func json() -> String {
        let entries = (0..<(length() * 4)).map { _ in #"{"title": "Entry \#(number(1_000))", "text": "\#(paragraph(3))"}"# }
        return #"{"volume": \#(number(1_000)), "entries": [\#(entries.joined(separator: ",\n"))]}"#
    }

    private mutating func html() -> String {
        let sections = (0..<length()).map { _ in "<h2>Section \(number(1_000))</h2><p>\(paragraph())</p>" }
        return "<!DOCTYPE html><html><head><title>Volume \(number(1_000))</title></head><body>\(sections.joined())</body></html>"
    }

    private mutating func word() -> [UInt8] {
        let sections = (0..<length()).map { _ in
            OfficeSample.paragraph("Section \(number(1_000))", style: "H") + OfficeSample.paragraph(paragraph())
        }
        let styles = OfficeSample.style("H", name: "heading 1", "<w:pPr><w:outlineLvl w:val=\"0\"/></w:pPr>")
        return OfficeSample.word(sections.joined(), styles: styles).bytes
    }

    private mutating func slides() -> [UInt8] {
        let slides = (0..<(2 + number(10))).map { _ in
            OfficeSample.Slide(
                shapes: OfficeSample.shape("title", "Slide \(number(1_000))") + OfficeSample.shape(nil, paragraph(4)), notes: nil)
        }
        return OfficeSample.presentation(slides).bytes
    }

    private mutating func workbook() -> [UInt8] {
        let rows = (1...(length() * 6)).map { OfficeSample.row($0, "\($0)", sentence(), "\(number(10_000))") }
        return OfficeSample.workbook([("Register", "", rows.joined())]).bytes
    }

    private mutating func pdf() -> PDFMaker {
        var maker = PDFMaker()
        maker.setTitle("Volume \(number(1_000))")
        for _ in 0..<(1 + number(12)) {
            let lines = (0..<30).map { line in PDFMaker.Text(text: sentence(), x: 60, y: 740 - Double(line) * 20, size: 9) }
            maker.addPage(lines)
        }
        return maker
    }
}
