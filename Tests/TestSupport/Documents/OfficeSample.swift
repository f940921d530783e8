/// Small Office documents written for tests: only the parts and elements that readers look at.
public enum OfficeSample {
    public static let names = """
        xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" \
        xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" \
        xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" \
        xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" \
        xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" \
        xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" \
        xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" \
        xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" \
        xmlns:x="urn:test:unknown"
        """

    /// Relationships by id: the end of their type and their target.
    public static func relationships(_ list: [(id: String, type: String, target: String)]) -> String {
        let items = list.map { id, type, target in
            """
            <Relationship Id="\(id)" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/\(type)" Target="\(target)"/>
            """
        }
        return "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\(items.joined())</Relationships>"
    }

    public static func contentTypes(_ main: String, _ type: String) -> String {
        """
        <Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
        <Override PartName="/\(main)" ContentType="application/\(type).main+xml"/></Types>
        """
    }

    /// The two parts by which a document says what it is.
    public static func frame(_ main: String, _ type: String) -> [(String, String)] {
        [
            ("[Content_Types].xml", contentTypes(main, type)),
            ("_rels/.rels", relationships([("rId1", "officeDocument", main), ("rId2", "core-properties", "docProps/core.xml")])),
        ]
    }

    public static func coreProperties(title: String) -> (String, String) {
        (
            "docProps/core.xml",
            """
            <cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
            xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>\(title)</dc:title></cp:coreProperties>
            """
        )
    }
}

extension OfficeSample {
    /// A Word document.
    /// - Parameters:
    ///   - styles, numbering, footnotes, endnotes: what stands inside the outermost elements of these parts.
    ///   - links: more relationships of the body.
    public static func word(
        _ body: String, styles: String = "", numbering: String = "", footnotes: String = "", endnotes: String = "",
        links: [(id: String, type: String, target: String)] = [], parts: [(String, String)] = []
    ) -> OfficeArchive {
        let own = [
            ("rId1", "styles", "styles.xml"), ("rId2", "numbering", "numbering.xml"), ("rId3", "footnotes", "footnotes.xml"),
            ("rId4", "endnotes", "endnotes.xml"),
        ]
        return OfficeArchive(
            frame("word/document.xml", "vnd.openxmlformats-officedocument.wordprocessingml.document") + [
                ("word/_rels/document.xml.rels", relationships(own + links)),
                ("word/document.xml", "<w:document \(names)><w:body>\(body)</w:body></w:document>"),
                ("word/styles.xml", "<w:styles \(names)>\(styles)</w:styles>"),
                ("word/numbering.xml", "<w:numbering \(names)>\(numbering)</w:numbering>"),
                ("word/footnotes.xml", "<w:footnotes \(names)>\(footnotes)</w:footnotes>"),
                ("word/endnotes.xml", "<w:endnotes \(names)>\(endnotes)</w:endnotes>"),
            ] + parts)
    }

    /// A paragraph of one run.
    public static func paragraph(_ text: String, style: String? = nil, properties: String = "") -> String {
        let style = style.map { "<w:pStyle w:val=\"\($0)\"/>" } ?? ""
        return "<w:p><w:pPr>\(style)\(properties)</w:pPr><w:r><w:t xml:space=\"preserve\">\(text)</w:t></w:r></w:p>"
    }

    public static func style(_ id: String, name: String, basedOn: String? = nil, _ properties: String = "") -> String {
        let base = basedOn.map { "<w:basedOn w:val=\"\($0)\"/>" } ?? ""
        return "<w:style w:type=\"paragraph\" w:styleId=\"\(id)\"><w:name w:val=\"\(name)\"/>\(base)\(properties)</w:style>"
    }
}

extension OfficeSample {
    public struct Slide: Sendable {
        var shapes: String
        var notes: String?
        var attributes: String
        var links: [(id: String, type: String, target: String)]

        public init(
            shapes: String, notes: String? = nil, attributes: String = "", links: [(id: String, type: String, target: String)] = []
        ) {
            self.shapes = shapes
            self.notes = notes
            self.attributes = attributes
            self.links = links
        }
    }

    /// A presentation; the slides' parts are numbered against their order.
    public static func presentation(_ slides: [Slide], parts: [(String, String)] = []) -> OfficeArchive {
        var all = frame("ppt/presentation.xml", "vnd.openxmlformats-officedocument.presentationml.presentation")
        var links: [(id: String, type: String, target: String)] = []
        var ids = ""
        for (index, slide) in slides.enumerated() {
            let number = slides.count - index
            links.append(("rId\(number)", "slide", "slides/slide\(number).xml"))
            ids += "<p:sldId id=\"\(256 + index)\" r:id=\"rId\(number)\"/>"
            all.append(("ppt/slides/slide\(number).xml", sheet("sld", slide.shapes, slide.attributes)))
            let notes = slide.notes.map { _ in [("rIdN", "notesSlide", "../notesSlides/notes\(number).xml")] } ?? []
            all.append(("ppt/slides/_rels/slide\(number).xml.rels", relationships(slide.links + notes)))
            if let notes = slide.notes { all.append(("ppt/notesSlides/notes\(number).xml", sheet("notes", notes))) }
        }
        all.append(("ppt/_rels/presentation.xml.rels", relationships(links)))
        all.append(("ppt/presentation.xml", "<p:presentation \(names)><p:sldIdLst>\(ids)</p:sldIdLst></p:presentation>"))
        return OfficeArchive(all + parts)
    }

    private static func sheet(_ element: String, _ shapes: String, _ attributes: String = "") -> String {
        "<p:\(element) \(names) \(attributes)><p:cSld><p:spTree>\(shapes)</p:spTree></p:cSld></p:\(element)>"
    }

    /// A shape with a paragraph for each text; a placeholder when `type` is given.
    public static func shape(_ type: String?, _ texts: String...) -> String {
        shape(type, body: texts.map { "<a:p><a:r><a:t>\($0)</a:t></a:r></a:p>" }.joined())
    }

    public static func shape(_ type: String?, body: String) -> String {
        let placeholder = type.map { $0.isEmpty ? "<p:ph idx=\"1\"/>" : "<p:ph type=\"\($0)\"/>" } ?? ""
        return "<p:sp><p:nvSpPr><p:nvPr>\(placeholder)</p:nvPr></p:nvSpPr><p:txBody>\(body)</p:txBody></p:sp>"
    }
}

extension OfficeSample {
    private static let spreadsheetName = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""

    /// A workbook.
    /// - Parameters:
    ///   - sheets: the name, further attributes, and what stands in `sheetData`.
    ///   - shared: what stands in each shared string.
    ///   - styles: what stands in the outermost element of the styles.
    ///   - properties: attributes of `workbookPr`.
    public static func workbook(
        _ sheets: [(name: String, attributes: String, rows: String)], shared: [String] = [], styles: String = "", properties: String = ""
    ) -> OfficeArchive {
        let list = sheets.enumerated().map { index, sheet in
            "<sheet name=\"\(sheet.name)\" sheetId=\"\(index + 1)\" r:id=\"rId\(index + 1)\" \(sheet.attributes)/>"
        }
        let links = sheets.indices.map { ("rId\($0 + 1)", "worksheet", "worksheets/sheet\($0 + 1).xml") }
        let parts = sheets.enumerated().map { index, sheet in
            ("xl/worksheets/sheet\(index + 1).xml", "<worksheet \(spreadsheetName)><sheetData>\(sheet.rows)</sheetData></worksheet>")
        }
        return OfficeArchive(
            frame("xl/workbook.xml", "vnd.openxmlformats-officedocument.spreadsheetml.sheet") + [
                (
                    "xl/workbook.xml",
                    "<workbook \(spreadsheetName) \(names)><workbookPr \(properties)/><sheets>\(list.joined())</sheets></workbook>"
                ),
                (
                    "xl/_rels/workbook.xml.rels",
                    relationships(links + [("rIdS", "sharedStrings", "/xl/sharedStrings.xml"), ("rIdT", "styles", "styles.xml")])
                ),
                ("xl/sharedStrings.xml", "<sst \(spreadsheetName)>\(shared.map { "<si>\($0)</si>" }.joined())</sst>"),
                ("xl/styles.xml", "<styleSheet \(spreadsheetName)>\(styles)</styleSheet>"),
            ] + parts)
    }

    /// A row of inline texts from column A; empty texts are no cells.
    public static func row(_ number: Int, _ texts: String...) -> String {
        let cells = texts.enumerated().filter { !$0.element.isEmpty }.map { column, text in
            "<c r=\"\(Character(Unicode.Scalar(UInt8(0x41 + column))))\(number)\" t=\"inlineStr\"><is><t>\(text)</t></is></c>"
        }
        return "<row r=\"\(number)\">\(cells.joined())</row>"
    }
}
