/// Makes small PDF files: Helvetica at places, pages of any rotation, pictures, a table that maps letters to other characters.
public struct PDFMaker: Sendable {
    /// Objects in order of their numbers, from 1: the bytes between "obj" and "endobj".
    private var objects: [[UInt8]] = []
    private var pages: [Int] = []
    private var information = ""
    private let font: Int
    private let tree: Int

    /// - Parameter toUnicode: for codes of letters the UTF-16 they stand for, in hexadecimal.
    public init(toUnicode: [Character: String] = [:]) {
        objects = [[], []]
        tree = 2
        let map = toUnicode.map { "<\(String($0.key.asciiValue ?? 0, radix: 16))> <\($0.value)>" }.joined(separator: "\n")
        objects.append(
            Self.stream(
                """
                /CIDInit /ProcSet findresource begin begincmap /CMapName /X def 1 begincodespacerange <00> <ff> endcodespacerange
                \(toUnicode.count) beginbfchar
                \(map)
                endbfchar endcmap end
                """))
        objects.append(Array("<</Type/Font/Subtype/Type1/BaseFont/Helvetica\(toUnicode.isEmpty ? "" : "/ToUnicode 3 0 R")>>".utf8))
        font = 4
    }

    /// A text at a place: points from the left lower corner, as PDF counts.
    public struct Text: Sendable {
        let text: String
        let x: Double
        let y: Double
        let size: Double

        public init(text: String, x: Double, y: Double, size: Double = 11) {
            self.text = text
            self.x = x
            self.y = y
            self.size = size
        }
    }

    /// Adds a page of texts.
    public mutating func addPage(_ texts: [Text], rotate: Int = 0) {
        let content = texts.map { "BT /F1 \($0.size) Tf \($0.x) \($0.y) Td (\(Self.escaped($0.text))) Tj ET" }.joined(separator: "\n")
        addPage(content: content, resources: "/Font<</F1 \(font) 0 R>>", rotate: rotate)
    }

    /// Adds a page that shows a grey picture.
    public mutating func addPicture(width: Int, height: Int, points: [UInt8]) {
        objects.append(
            Self.stream(
                points,
                "/Type/XObject/Subtype/Image/Width \(width)/Height \(height)/ColorSpace/DeviceGray/BitsPerComponent 8"))
        addPage(content: "612 0 0 792 0 0 cm /I Do", resources: "/XObject<</I \(objects.count) 0 R>>", rotate: 0)
    }

    public mutating func addPage(content: String, resources: String = "", rotate: Int = 0) {
        objects.append(Self.stream(content))
        let page = "<</Type/Page/Parent \(tree) 0 R/MediaBox[0 0 612 792]/Rotate \(rotate)/Contents \(objects.count) 0 R"
        objects.append(Array("\(page)/Resources<<\(resources)>>>>".utf8))
        pages.append(objects.count)
    }

    public mutating func setTitle(_ title: String) {
        information = "/Title(\(Self.escaped(title)))"
    }

    /// The file.
    /// - Parameters:
    ///   - count: what the page tree claims to hold; as many pages as there are when nil.
    ///   - kids: the page tree's children; the pages when nil.
    ///   - encryption: encrypts all streams.
    public func bytes(count: Int? = nil, kids: [Int]? = nil, encryption: PDFEncryption? = nil) -> [UInt8] {
        var objects = objects
        objects[0] = Array("<</Type/Catalog/Pages \(tree) 0 R>>".utf8)
        let children = (kids ?? pages).map { "\($0) 0 R" }.joined(separator: " ")
        objects[1] = Array("<</Type/Pages/Kids[\(children)]/Count \(count ?? pages.count)>>".utf8)
        var file = Array("%PDF-1.4\n".utf8)
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(file.count)
            file +=
                Array("\(index + 1) 0 obj\n".utf8) + (encryption?.encrypted(object, number: index + 1) ?? object) + Array("\nendobj\n".utf8)
        }
        let table = offsets.map { offset in
            String(repeating: "0", count: 10 - String(offset).count) + "\(offset) 00000 n \n"
        }
        let start = file.count
        file += Array("xref\n0 \(objects.count + 1)\n0000000000 65535 f \n\(table.joined())".utf8)
        file += Array("trailer<</Size \(objects.count + 1)/Root 1 0 R/Info<<\(information)>>\(encryption?.entries ?? "")>>\n".utf8)
        return file + Array("startxref\n\(start)\n%%EOF".utf8)
    }

    private static func stream(_ text: String) -> [UInt8] {
        stream(Array(text.utf8), "")
    }

    private static func stream(_ bytes: [UInt8], _ entries: String) -> [UInt8] {
        Array("<<\(entries)/Length \(bytes.count)>>stream\n".utf8) + bytes + Array("\nendstream".utf8)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("(", with: "\\(").replacing(")", with: "\\)")
    }
}
